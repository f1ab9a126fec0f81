//! Roles and bindings as the manifests that `kubectl apply` takes.

use rolecall::{
    Binding, Role, Rule, Subject,
    model::{Namespace, RoleRefKind},
};
use serde_json::{Map, Value, json};

use crate::yaml;

const API_GROUP: &str = "rbac.authorization.k8s.io";

/// Documents one after the other.
pub(crate) fn to_yaml(objects: &[Value]) -> String {
    objects.iter().map(yaml::to_yaml).collect::<Vec<_>>().join("---\n")
}

/// A Role or ClusterRole. What it aggregates by is not in it.
pub(crate) fn role(role: &Role) -> Value {
    let mut metadata = metadata(role.namespace.as_ref(), role.name.as_str());
    if !role.labels.is_empty() {
        metadata.insert("labels".into(), json!(role.labels));
    }
    json!({
        "apiVersion": format!("{API_GROUP}/v1"),
        "kind": role.kind(),
        "metadata": metadata,
        "rules": role.rules.iter().map(rule).collect::<Vec<_>>(),
    })
}

/// A RoleBinding or ClusterRoleBinding.
pub(crate) fn binding(binding: &Binding) -> Value {
    let kind = match &binding.role.kind {
        RoleRefKind::ClusterRole => "ClusterRole",
        RoleRefKind::Role => "Role",
        RoleRefKind::Unsupported(kind) => kind,
    };
    json!({
        "apiVersion": format!("{API_GROUP}/v1"),
        "kind": binding.kind(),
        "metadata": metadata(binding.namespace.as_ref(), binding.name.as_str()),
        "roleRef": {"apiGroup": API_GROUP, "kind": kind, "name": binding.role.name.as_str()},
        "subjects": binding.subjects.iter().map(subject).collect::<Vec<_>>(),
    })
}

/// A subject as it stands in a binding.
pub(crate) fn subject(subject: &Subject) -> Value {
    match subject {
        Subject::Group(name) => json!({"apiGroup": API_GROUP, "kind": "Group", "name": name.as_str()}),
        Subject::ServiceAccount { namespace, name } => {
            json!({"kind": "ServiceAccount", "name": name.as_str(), "namespace": namespace.as_str()})
        }
        Subject::Unknown { kind, name } => json!({"kind": kind, "name": name}),
        Subject::User(name) => json!({"apiGroup": API_GROUP, "kind": "User", "name": name.as_str()}),
    }
}

/// A rule; lists that are empty are left out, as Kubernetes does.
pub(crate) fn rule(rule: &Rule) -> Value {
    let mut fields = Map::new();
    add(&mut fields, "apiGroups", &rule.api_groups);
    add(&mut fields, "nonResourceURLs", &rule.non_resource_urls);
    add(&mut fields, "resourceNames", &rule.resource_names);
    add(&mut fields, "resources", &rule.resources);
    let verbs: Vec<_> = rule.verbs.iter().map(AsRef::as_ref).collect();
    fields.insert("verbs".into(), json!(verbs));
    Value::Object(fields)
}

fn add<T: AsRef<str>>(fields: &mut Map<String, Value>, key: &str, entries: &[T]) {
    if !entries.is_empty() {
        let entries: Vec<_> = entries.iter().map(AsRef::as_ref).collect();
        fields.insert(key.into(), json!(entries));
    }
}

fn metadata(namespace: Option<&Namespace>, name: &str) -> Map<String, Value> {
    let mut metadata = Map::new();
    metadata.insert("name".into(), json!(name));
    if let Some(namespace) = namespace {
        metadata.insert("namespace".into(), json!(namespace.as_str()));
    }
    metadata
}
