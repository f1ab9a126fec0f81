//! What was in a file, in numbers.

use std::{collections::BTreeMap, fmt::Write};

use crate::manifest::{Body, PolicyRule, RbacObject};

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

impl FileSummary {
    /// Counts an RBAC object, as it stands in the file.
    pub(super) fn count(&mut self, object: &RbacObject) {
        add_one(&mut self.objects, object.kind.as_str());
        add_one(&mut self.api_versions, object.api_version());
        let (rules, subjects) = match &object.body {
            Body::Binding { subjects, .. } => {
                self.subjects += subjects.value.len();
                (None, Some(subjects.value.len()))
            }
            Body::Role { rules, aggregation } => {
                self.rules += rules.value.len();
                self.aggregated += usize::from(aggregation.is_some());
                for rule in &rules.value {
                    self.count_entries(rule);
                }
                (Some(rules.value.len()), None)
            }
        };
        let (namespace, name) = (&object.metadata.namespace.value, &object.metadata.name.value);
        let kind = object.kind.as_str();
        let mut id = String::with_capacity(kind.len() + namespace.len() + name.len() + 8);
        for part in [kind, " ", namespace, "/", name] {
            id.push_str(part);
        }
        for count in [rules, subjects] {
            // Writing to a `String` cannot fail.
            let _ = match count {
                Some(count) => write!(id, " {count}"),
                None => id.write_str(" -"),
            };
        }
        self.ids.push(id);
    }

    /// Counts an object of another kind.
    pub(super) fn skip(&mut self, api_version: &str, kind: &str) {
        add_one(&mut self.skipped, &format!("{api_version} {kind}"));
    }

    fn count_entries(&mut self, rule: &PolicyRule) {
        self.verbs += rule.verbs.value.len();
        self.api_groups += rule.api_groups.value.len();
        self.resources += rule.resources.value.len();
        self.resource_names += rule.resource_names.value.len();
        self.non_resource_urls += rule.non_resource_urls.value.len();
    }
}

fn add_one(counts: &mut BTreeMap<String, usize>, key: &str) {
    match counts.get_mut(key) {
        Some(count) => *count += 1,
        None => {
            counts.insert(key.to_owned(), 1);
        }
    }
}
