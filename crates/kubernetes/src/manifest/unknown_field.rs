//! Fields that Kubernetes does not know and drops in silence.

use rolecall_diagnostics::{Finding, Severity, did_you_mean};

use crate::document::Entry;

/// A struct of the API: what it is called and which fields it has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Struct {
    /// As messages name it.
    pub(super) name: &'static str,
    /// Its fields.
    pub(super) fields: &'static [&'static str],
}

pub(super) const ROLE: Struct =
    Struct { name: "a Role", fields: &["apiVersion", "kind", "metadata", "rules"] };
pub(super) const CLUSTER_ROLE: Struct =
    Struct { name: "a ClusterRole", fields: &["apiVersion", "kind", "metadata", "rules", "aggregationRule"] };
pub(super) const BINDING: Struct =
    Struct { name: "a binding", fields: &["apiVersion", "kind", "metadata", "subjects", "roleRef"] };
pub(super) const LIST: Struct =
    Struct { name: "a list of objects", fields: &["apiVersion", "kind", "metadata", "items"] };
pub(super) const RULE: Struct = Struct {
    name: "a rule",
    fields: &["verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"],
};
pub(super) const SUBJECT: Struct =
    Struct { name: "a subject", fields: &["kind", "apiGroup", "name", "namespace"] };
pub(super) const OLD_SUBJECT: Struct =
    Struct { name: "a subject of v1alpha1", fields: &["kind", "apiVersion", "name", "namespace"] };
pub(super) const ROLE_REF: Struct = Struct { name: "a roleRef", fields: &["apiGroup", "kind", "name"] };
pub(super) const AGGREGATION_RULE: Struct =
    Struct { name: "an aggregationRule", fields: &["clusterRoleSelectors"] };
pub(super) const SELECTOR: Struct =
    Struct { name: "a label selector", fields: &["matchLabels", "matchExpressions"] };
pub(super) const REQUIREMENT: Struct =
    Struct { name: "a requirement of a label selector", fields: &["key", "operator", "values"] };
pub(super) const OWNER_REFERENCE: Struct = Struct {
    name: "an owner reference",
    fields: &["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"],
};
pub(super) const MANAGED_FIELDS: Struct = Struct {
    name: "an entry of managedFields",
    fields: &["manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1", "subresource"],
};
pub(super) const METADATA: Struct = Struct {
    name: "metadata",
    fields: &[
        "name",
        "generateName",
        "namespace",
        "selfLink",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "labels",
        "annotations",
        "ownerReferences",
        "finalizers",
        "managedFields",
    ],
};

/// What to say of a field that a struct does not have, beside those that were found: what Kubernetes does, what
/// follows, what was probably meant.
pub(super) fn finding(entry: &Entry, found: &[Option<&Entry>], known: Struct, severity: Severity) -> Finding {
    let key = &*entry.key;
    let meant = did_you_mean(key, known.fields.iter().copied())
        .filter(|meant| !found.iter().flatten().any(|other| *other.key == **meant));
    let consequence = consequence(key, meant, found, known);
    let message = format!("Kubernetes ignores the unknown field `{key}`{consequence}");
    let label = meant.map_or_else(
        || format!("{} has no such field", known.name),
        |meant| format!("did you mean `{meant}`?"),
    );
    let finding = Finding::new("unknown-field", severity, message).at(entry.key_span, label);
    match meant {
        // The label has said it.
        Some(_) => finding,
        None => finding.help(format!("the fields of {} are {}", known.name, known.fields.join(", "))),
    }
}

/// What it does to the object that the field is dropped.
fn consequence(key: &str, meant: Option<&str>, found: &[Option<&Entry>], known: Struct) -> String {
    let only_resource = || {
        let resources = found.iter().flatten().find(|other| &*other.key == "resources")?.value.as_list()?;
        match resources {
            [resource] => resource.as_str().filter(|text| *text != "*").map(str::to_owned),
            _ => None,
        }
    };
    match (known.name, meant) {
        ("a rule", Some("resourceNames")) => match only_resource() {
            Some(resource) => format!(", so this rule covers all `{resource}`, whatever their names"),
            None => ", so this rule covers objects of every name".to_owned(),
        },
        ("a rule", Some("verbs")) => ", so this rule has no verbs".to_owned(),
        ("a rule", Some("resources")) => ", so this rule has no resources".to_owned(),
        ("a rule", Some("apiGroups")) => ", so this rule has no API groups".to_owned(),
        ("a rule", Some("nonResourceURLs")) => ", so this rule covers no paths".to_owned(),
        ("a subject", Some("namespace")) => ", so this subject has no namespace".to_owned(),
        ("a Role" | "a ClusterRole", Some("rules")) => ", so this role grants nothing".to_owned(),
        ("a binding", Some("subjects")) => ", so this binding has no subjects".to_owned(),
        ("a binding", Some("roleRef")) => ", so this binding gives no role".to_owned(),
        ("a list of objects", Some("items")) => ", so this list is empty".to_owned(),
        ("a Role", _) if key == "aggregationRule" => {
            ": a Role does not aggregate, only a ClusterRole does".to_owned()
        }
        ("a subject", _) if key == "apiVersion" => ": only v1alpha1 had it".to_owned(),
        _ => String::new(),
    }
}
