//! Bindings: who is given which role, and where.

use crate::{BindingName, GroupName, Namespace, Origin, RoleName, UserName};

/// A RoleBinding or a ClusterRoleBinding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Binding {
    /// The namespace of a RoleBinding, in which alone it counts; `None` for a ClusterRoleBinding, which
    /// counts everywhere.
    pub namespace: Option<Namespace>,
    /// Its name.
    pub name: BindingName,
    /// The role it gives.
    pub role: RoleRef,
    /// To whom, in the order of the file: the first that applies is the one a reason names.
    pub subjects: Vec<Subject>,
    /// Where it stands.
    pub origin: Origin,
}

impl Binding {
    /// A ClusterRoleBinding.
    pub fn cluster(
        name: impl Into<BindingName>,
        role: RoleRef,
        subjects: impl IntoIterator<Item = Subject>,
    ) -> Self {
        Self {
            namespace: None,
            name: name.into(),
            role,
            subjects: subjects.into_iter().collect(),
            origin: Origin::default(),
        }
    }

    /// A RoleBinding.
    pub fn namespaced(
        namespace: impl Into<Namespace>,
        name: impl Into<BindingName>,
        role: RoleRef,
        subjects: impl IntoIterator<Item = Subject>,
    ) -> Self {
        Self { namespace: Some(namespace.into()), ..Self::cluster(name, role, subjects) }
    }

    /// `RoleBinding` or `ClusterRoleBinding`.
    pub fn kind(&self) -> &'static str {
        if self.namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" }
    }
}

/// The role that a binding gives.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct RoleRef {
    /// Which kind of role.
    pub kind: RoleRefKind,
    /// Its name; for a Role, in the binding's namespace.
    pub name: RoleName,
}

impl RoleRef {
    /// A reference to a ClusterRole.
    pub fn cluster_role(name: impl Into<RoleName>) -> Self {
        Self { kind: RoleRefKind::ClusterRole, name: name.into() }
    }

    /// A reference to a Role of the binding's namespace.
    pub fn role(name: impl Into<RoleName>) -> Self {
        Self { kind: RoleRefKind::Role, name: name.into() }
    }
}

/// The kind that a role reference names. Compared exactly: `clusterrole` is [`RoleRefKind::Unsupported`].
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum RoleRefKind {
    /// A ClusterRole.
    ClusterRole,
    /// A Role of the binding's namespace.
    Role,
    /// Any other word: the binding grants nothing.
    Unsupported(String),
}

impl RoleRefKind {
    /// The word as it stands in the policy.
    pub fn as_str(&self) -> &str {
        match self {
            Self::ClusterRole => "ClusterRole",
            Self::Role => "Role",
            Self::Unsupported(word) => word,
        }
    }
}

/// One subject of a binding.
///
/// Source: `spec/authorization/rbac.md` section 4.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Subject {
    /// Everybody in a group.
    Group(GroupName),
    /// A service account. Without a namespace (empty or absent) it is one of the RoleBinding's; in a
    /// ClusterRoleBinding it is then nobody.
    ServiceAccount {
        /// Its namespace; empty when the policy names none.
        namespace: Namespace,
        /// Its name.
        name: UserName,
    },
    /// A kind that Kubernetes does not know: nobody.
    Unknown {
        /// The word as it stands in the policy.
        kind: String,
        /// The name beside it.
        name: String,
    },
    /// The user of this very name.
    User(UserName),
}

impl Subject {
    /// The user of this name.
    pub fn user(name: impl Into<UserName>) -> Self {
        Self::User(name.into())
    }

    /// Everybody in this group.
    pub fn group(name: impl Into<GroupName>) -> Self {
        Self::Group(name.into())
    }

    /// A service account.
    pub fn service_account(namespace: impl Into<Namespace>, name: impl Into<UserName>) -> Self {
        Self::ServiceAccount { namespace: namespace.into(), name: name.into() }
    }
}
