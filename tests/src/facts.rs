//! What counts for a decision, by object and as text, taken from documents and from policy sets: to see that
//! a policy set holds what its files say.

use std::collections::BTreeMap;

use rolecall_kubernetes::document::Document;
use rolecall_model::{Binding, LabelOperator, LabelSelector, Namespace, PolicySet, Role, Rule, Subject};

use crate::corpus::{self, Object};

/// Facts by the object (`Role ns/name`) that they are about.
pub type Facts = BTreeMap<String, Vec<String>>;

/// Stands in an object's name for the part that an API server would make up.
pub const GENERATED: &str = "<generated>";

/// What a policy set must hold of a file. The same object again takes the place of the earlier one.
pub fn of_documents(documents: &[Document]) -> Facts {
    let objects = documents.iter().flat_map(|document| corpus::objects(&document.root));
    objects.map(|object| of_object(&object)).collect()
}

/// What a policy set must hold of an object.
pub fn of_object(object: &Object<'_>) -> (String, Vec<String>) {
    let lines = object.canonical().into_iter().skip(1);
    // An aggregated role has no rules but those that it gathers.
    let aggregated = lines.clone().any(|line| line.starts_with("aggregate"));
    let lines = lines.filter(|line| !(aggregated && line.starts_with("rule ")));
    let namespace = match (object.kind.starts_with("Cluster"), object.namespace()) {
        (true, _) => "",
        (false, "") => "default",
        (false, namespace) => namespace,
    };
    let name =
        object.generated_name().map_or(object.name().to_owned(), |prefix| format!("{prefix}{GENERATED}"));
    let id = format!("{} {namespace}/{name}", object.kind);
    let mut lines: Vec<_> = lines.map(|line| deciding(&line, object.api_version)).collect();
    if object.kind.ends_with("Binding") && !lines.iter().any(|line| line.starts_with("roleref")) {
        lines.push("roleref  ".to_owned());
    }
    (id, lines)
}

/// What a policy set holds of roles and bindings.
pub fn of_policies(policies: &PolicySet) -> Facts {
    let roles = policies.roles().iter().map(of_role);
    roles.chain(policies.bindings().iter().map(of_binding)).collect()
}

/// What a policy set holds of a role.
pub fn of_role(role: &Role) -> (String, Vec<String>) {
    let lines = match &role.aggregation {
        Some(aggregation) => aggregation.selectors.iter().map(selector).collect(),
        None => role.rules.iter().map(rule).collect(),
    };
    (id(role.kind(), role.namespace.as_ref(), role.name.as_str()), lines)
}

/// What a policy set holds of a binding.
pub fn of_binding(binding: &Binding) -> (String, Vec<String>) {
    let mut lines: Vec<_> = binding.subjects.iter().map(subject).collect();
    lines.push(format!("roleref {} {}", binding.role.kind.as_str(), binding.role.name));
    (id(binding.kind(), binding.namespace.as_ref(), binding.name.as_str()), lines)
}

/// A canonical line with what a decision rests on: API groups are not looked at, and of subjects only service
/// accounts have namespaces. The oldest version means all authenticated users by a user named `*`.
fn deciding(line: &str, api_version: &str) -> String {
    let words: Vec<_> = line.splitn(5, ' ').collect();
    match words[..] {
        ["subject", "User", _, _, "*"] if api_version.ends_with("/v1alpha1") => {
            "subject Group system:authenticated".to_owned()
        }
        ["subject", "ServiceAccount", _, namespace, name] => {
            format!("subject ServiceAccount {namespace} {name}")
        }
        ["subject", kind, _, _, name] => format!("subject {kind} {name}"),
        ["roleref", _, kind, name] => format!("roleref {kind} {name}"),
        _ => line.to_owned(),
    }
}

fn id(kind: &str, namespace: Option<&Namespace>, name: &str) -> String {
    format!("{kind} {}/{name}", namespace.map_or("", |namespace| namespace.as_str()))
}

fn selector(selector: &LabelSelector) -> String {
    let mut parts: Vec<_> =
        selector.match_labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    parts.sort();
    for requirement in &selector.match_expressions {
        let (key, values) = (&requirement.key, requirement.values.join(","));
        parts.push(format!("{key} {} ({values})", operator(&requirement.operator)));
    }
    format!("aggregate {}", parts.join(";"))
}

fn operator(operator: &LabelOperator) -> &str {
    match operator {
        LabelOperator::DoesNotExist => "DoesNotExist",
        LabelOperator::Exists => "Exists",
        LabelOperator::In => "In",
        LabelOperator::NotIn => "NotIn",
        LabelOperator::Unknown(word) => word,
    }
}

fn rule(rule: &Rule) -> String {
    fn list<T: AsRef<str>>(entries: &[T]) -> String {
        entries.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(",")
    }
    format!(
        "rule verbs=[{}] apiGroups=[{}] resources=[{}] resourceNames=[{}] nonResourceURLs=[{}]",
        list(&rule.verbs),
        list(&rule.api_groups),
        list(&rule.resources),
        list(&rule.resource_names),
        list(&rule.non_resource_urls)
    )
}

fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Group(name) => format!("subject Group {name}"),
        Subject::ServiceAccount { namespace, name } => format!("subject ServiceAccount {namespace} {name}"),
        Subject::Unknown { kind, name } => format!("subject {kind} {name}"),
        Subject::User(name) => format!("subject User {name}"),
    }
}
