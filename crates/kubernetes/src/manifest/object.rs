//! What an RBAC object is made of.

use std::{fmt, sync::Arc};

use rolecall_source::Span;

/// The API group of Role, ClusterRole, RoleBinding and ClusterRoleBinding.
pub(crate) const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

/// A value and where it stands; for a field that the text lacks, its zero value and where it is missing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands; what it is missing in, if it was not given.
    pub span: Span,
    /// Whether the text has the field.
    pub given: bool,
}

/// A string field; empty when it is missing or null, as in Go.
pub type Text = Spanned<Arc<str>>;

/// A list of strings; empty when it is missing or null, as in Go. A null entry is the empty string.
pub type Texts = Spanned<Vec<Text>>;

/// A Role, ClusterRole, RoleBinding or ClusterRoleBinding as it stands in a text.
#[derive(Clone, Debug)]
pub struct RbacObject {
    /// Which of the four.
    pub kind: Kind,
    /// The version of the RBAC API it is written for.
    pub version: Version,
    /// Where the kind is named, in the object or in the list that it is an item of.
    pub kind_span: Span,
    /// Who it is.
    pub metadata: Metadata,
    /// What it says.
    pub body: Body,
    /// The whole object.
    pub span: Span,
    /// Whether it says something that is an error and did not keep it from being read: a field that nobody knows, in
    /// strict validation.
    pub is_faulty: bool,
}

/// The kinds of the RBAC API.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// Rules for everywhere.
    ClusterRole,
    /// A role for everywhere.
    ClusterRoleBinding,
    /// Rules for one namespace.
    Role,
    /// A role for one namespace.
    RoleBinding,
}

/// The versions of the RBAC API that there were.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Version {
    /// `v1`, the one that servers have.
    V1,
    /// `v1alpha1`, gone since Kubernetes 1.22.
    V1alpha1,
    /// `v1beta1`, gone since Kubernetes 1.22.
    V1beta1,
}

/// The parts of `metadata` that are looked at.
#[derive(Clone, Debug)]
pub struct Metadata {
    /// The whole of it; of the object, if it has none.
    pub span: Span,
    /// `name`.
    pub name: Text,
    /// `generateName`.
    pub generate_name: Text,
    /// `namespace`.
    pub namespace: Text,
    /// `uid`, which only an API server sets.
    pub uid: Text,
    /// `generation`, if it is a number that fits.
    pub generation: Option<Spanned<i64>>,
    /// `labels`, in the order of the text.
    pub labels: Vec<(Text, Text)>,
    /// `annotations`, in the order of the text.
    pub annotations: Vec<(Text, Text)>,
    /// `finalizers`.
    pub finalizers: Texts,
    /// `ownerReferences`.
    pub owner_references: Spanned<Vec<OwnerReference>>,
}

/// An entry of `metadata.ownerReferences`.
#[derive(Clone, Debug)]
pub struct OwnerReference {
    /// `apiVersion`.
    pub api_version: Text,
    /// `kind`.
    pub kind: Text,
    /// `name`.
    pub name: Text,
    /// `uid`.
    pub uid: Text,
    /// `controller`.
    pub controller: Option<bool>,
    /// `blockOwnerDeletion`.
    pub block_owner_deletion: Option<bool>,
    /// The whole entry.
    pub span: Span,
}

/// What an object says.
#[derive(Clone, Debug)]
pub enum Body {
    /// A RoleBinding's or ClusterRoleBinding's.
    Binding {
        /// `subjects`.
        subjects: Spanned<Vec<Subject>>,
        /// `roleRef`, if there is one, if only null.
        role_ref: Option<RoleRef>,
    },
    /// A Role's or ClusterRole's.
    Role {
        /// `rules`.
        rules: Spanned<Vec<PolicyRule>>,
        /// A ClusterRole's `aggregationRule`.
        aggregation: Option<AggregationRule>,
    },
}

/// An entry of `rules`.
#[derive(Clone, Debug)]
pub struct PolicyRule {
    /// `verbs`.
    pub verbs: Texts,
    /// `apiGroups`.
    pub api_groups: Texts,
    /// `resources`.
    pub resources: Texts,
    /// `resourceNames`.
    pub resource_names: Texts,
    /// `nonResourceURLs`.
    pub non_resource_urls: Texts,
    /// The whole rule.
    pub span: Span,
}

/// An entry of `subjects`.
#[derive(Clone, Debug)]
pub struct Subject {
    /// `kind`.
    pub kind: Text,
    /// `apiGroup`.
    pub api_group: Text,
    /// `apiVersion`, which v1alpha1 has in place of `apiGroup`.
    pub api_version: Text,
    /// `namespace`.
    pub namespace: Text,
    /// `name`.
    pub name: Text,
    /// The whole subject.
    pub span: Span,
}

/// The `roleRef` of a binding.
#[derive(Clone, Debug)]
pub struct RoleRef {
    /// `apiGroup`.
    pub api_group: Text,
    /// `kind`.
    pub kind: Text,
    /// `name`.
    pub name: Text,
    /// The whole reference.
    pub span: Span,
}

/// The `aggregationRule` of a ClusterRole.
#[derive(Clone, Debug)]
pub struct AggregationRule {
    /// `clusterRoleSelectors`.
    pub selectors: Spanned<Vec<LabelSelector>>,
    /// The whole rule.
    pub span: Span,
}

/// An entry of `clusterRoleSelectors`.
#[derive(Clone, Debug)]
pub struct LabelSelector {
    /// `matchLabels`, in the order of the text.
    pub match_labels: Vec<(Text, Text)>,
    /// `matchExpressions`.
    pub match_expressions: Vec<SelectorRequirement>,
    /// The whole selector.
    pub span: Span,
}

/// An entry of `matchExpressions`.
#[derive(Clone, Debug)]
pub struct SelectorRequirement {
    /// `key`.
    pub key: Text,
    /// `operator`.
    pub operator: Text,
    /// `values`.
    pub values: Texts,
    /// The whole requirement.
    pub span: Span,
}

impl RbacObject {
    /// The object as kubectl names it: `Role ci/deployer`.
    pub fn label(&self) -> String {
        let Metadata { namespace, name, generate_name, .. } = &self.metadata;
        let name = if name.value.is_empty() { generate_name } else { name };
        object_label(self.kind.as_str(), &namespace.value, &name.value)
    }

    /// The `apiVersion`: `rbac.authorization.k8s.io/v1`.
    pub fn api_version(&self) -> &'static str {
        match self.version {
            Version::V1 => "rbac.authorization.k8s.io/v1",
            Version::V1alpha1 => "rbac.authorization.k8s.io/v1alpha1",
            Version::V1beta1 => "rbac.authorization.k8s.io/v1beta1",
        }
    }
}

impl Kind {
    pub(crate) const ALL: [Self; 4] =
        [Self::ClusterRole, Self::ClusterRoleBinding, Self::Role, Self::RoleBinding];

    /// The kind of this very name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClusterRole => "ClusterRole",
            Self::ClusterRoleBinding => "ClusterRoleBinding",
            Self::Role => "Role",
            Self::RoleBinding => "RoleBinding",
        }
    }

    /// Whether its objects live in namespaces.
    pub fn is_namespaced(self) -> bool {
        matches!(self, Self::Role | Self::RoleBinding)
    }

    /// Whether it is one of the two kinds of roles.
    pub fn is_role(self) -> bool {
        matches!(self, Self::ClusterRole | Self::Role)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Version {
    /// The version of this very name.
    pub fn of(name: &str) -> Option<Self> {
        [Self::V1, Self::V1alpha1, Self::V1beta1].into_iter().find(|version| version.as_str() == name)
    }

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V1alpha1 => "v1alpha1",
            Self::V1beta1 => "v1beta1",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<T> Spanned<T> {
    /// A value that the text has.
    pub(crate) fn given(value: T, span: Span) -> Self {
        Self { value, span, given: true }
    }

    /// The zero value of a field that is missing from what stands at the span.
    pub(crate) fn missing(value: T, span: Span) -> Self {
        Self { value, span, given: false }
    }
}

impl Spanned<Arc<str>> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.value
    }
}

/// An object as kubectl names it; one without a name by its kind alone.
pub(crate) fn object_label(kind: &str, namespace: &str, name: &str) -> String {
    if name.is_empty() {
        return kind.to_owned();
    }
    if namespace.is_empty() { format!("{kind} {name}") } else { format!("{kind} {namespace}/{name}") }
}
