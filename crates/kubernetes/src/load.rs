//! From texts to a policy set: all files, all findings, one run.

use rolecall_diagnostics::Finding;
use rolecall_model::{Modes, PolicySet};
use rolecall_source::SourceMap;
use std::collections::BTreeMap;

use crate::{document::Limits, resource_types::ResourceTypes};

/// What happens to objects that an API server would refuse, and to what it would silently drop.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Validate {
    /// Objects are taken as Kubernetes' decoder reads them; nothing but decoding is looked at.
    Ignore,
    /// Every refused object, unknown or duplicate field and dangerous ABAC line is an error, and nothing
    /// is loaded.
    Strict,
    /// A refused object is left out, since it cannot exist in a cluster; everything is warned about.
    #[default]
    Warn,
}

/// Whether Kubernetes' own roles and bindings are added.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum DefaultRoles {
    /// All that the files do not bring.
    All,
    /// All that the files do not bring, unless the files come from a live API server.
    Auto,
    /// None.
    #[default]
    None,
}

/// How to load.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// What happens to objects that an API server would refuse.
    pub validate: Validate,
    /// Whether Kubernetes' own roles are added.
    pub default_roles: DefaultRoles,
    /// The namespace of namespaced objects that name none; `default` if not given.
    pub manifest_namespace: Option<String>,
    /// The authorizers to ask, if not whatever was loaded.
    pub modes: Option<Modes>,
    /// What a text may cost.
    pub limits: Limits,
}

/// Takes texts in and makes one policy set of them.
///
/// Each text is a manifest file (YAML or JSON) or an ABAC policy file; which, follows from its content.
#[derive(Debug)]
pub struct Loader {
    load: Load,
    _options: LoadOptions,
}

impl Loader {
    /// A loader without texts.
    pub fn new(options: LoadOptions) -> Self {
        Self { load: Load::default(), _options: options }
    }

    /// Reads one file's bytes. Cost: linear in the bytes.
    pub fn add(&mut self, name: &str, bytes: Vec<u8>) {
        let _ = (name, bytes);
    }

    /// Takes a finding in that somebody else made (a file that cannot be read).
    pub fn add_finding(&mut self, finding: Finding) {
        self.load.findings.push(finding);
    }

    /// Resolves what needs all files: default roles, aggregation, references.
    pub fn finish(self) -> Load {
        self.load
    }
}

/// What came of loading.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Load {
    /// The texts.
    pub sources: SourceMap,
    /// Everything that was found, in the order of the files and of the lines in them.
    pub findings: Vec<Finding>,
    /// The policy; `None` when a finding is an error: never half a policy.
    pub policies: Option<PolicySet>,
    /// Kubernetes' resource types with the loaded custom ones.
    pub resource_types: ResourceTypes,
    /// What was in each file.
    pub files: Vec<FileSummary>,
    /// Objects that were left out since an API server would refuse them: `Role ci/deployer`.
    pub left_out: Vec<String>,
    /// How many default roles and bindings were added.
    pub added_defaults: usize,
}

/// What a loader found in one file: the counts of `corpus/count.py`, by the same names.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Serialize)]
pub struct FileSummary {
    /// The file, as it was named.
    pub file: String,
    /// RBAC objects by kind.
    pub objects: BTreeMap<String, usize>,
    /// Entries of `rules` over all roles.
    pub rules: usize,
    /// Entries of `subjects` over all bindings.
    pub subjects: usize,
    /// Entries of `verbs` over all rules.
    pub verbs: usize,
    /// Entries of `apiGroups` over all rules.
    #[serde(rename = "apiGroups")]
    pub api_groups: usize,
    /// Entries of `resources` over all rules.
    pub resources: usize,
    /// Entries of `resourceNames` over all rules.
    #[serde(rename = "resourceNames")]
    pub resource_names: usize,
    /// Entries of `nonResourceURLs` over all rules.
    #[serde(rename = "nonResourceURLs")]
    pub non_resource_urls: usize,
    /// ClusterRoles with an aggregation rule.
    pub aggregated: usize,
    /// RBAC objects by apiVersion.
    pub api_versions: BTreeMap<String, usize>,
    /// `Kind namespace/name rules subjects` in file order, fields as they stand in the file.
    pub ids: Vec<String>,
    /// Documents that are not empty.
    pub documents: usize,
    /// Empty documents.
    pub empty_docs: usize,
    /// Objects of other kinds by `apiVersion kind`.
    pub skipped: BTreeMap<String, usize>,
    /// ABAC policies.
    pub policies: usize,
}
