//! How objects of a policy are named, and where they stand.

use rolecall::{
    PolicySet,
    kubernetes::default_roles::{is_default_binding, is_default_rule},
    model::{Binding, BindingIndex, Namespace, Origin, Role, RoleIndex},
};
use rolecall_analysis::Holder;
use serde_json::{Map, Value, json};

/// A binding as kubectl names it: `RoleBinding payments/dev-edit`.
pub(crate) fn binding_name(binding: &Binding) -> String {
    named(binding.kind(), binding.namespace.as_ref(), binding.name.as_str())
}

/// A role as kubectl names it: `ClusterRole view`.
pub(crate) fn role_name(role: &Role) -> String {
    named(role.kind(), role.namespace.as_ref(), role.name.as_str())
}

/// The role that a binding refers to, whether it is there or not.
pub(crate) fn role_reference(binding: &Binding) -> String {
    let kind = binding.role.kind.as_str();
    let namespace = (kind == "Role").then_some(binding.namespace.as_ref()).flatten();
    named(kind, namespace, binding.role.name.as_str())
}

fn named(kind: &str, namespace: Option<&Namespace>, name: &str) -> String {
    match namespace {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}

/// `file:line`; what is built in stands in no file.
pub(crate) fn place(policies: &PolicySet, origin: Origin) -> String {
    match origin {
        Origin::BuiltIn => "Kubernetes v1.36".to_owned(),
        Origin::Code => String::new(),
        Origin::Text(span) => policies.sources().location(span),
    }
}

/// Whether a binding with a rule that it gives (`None`: all rules) is Kubernetes' own through and through, added or
/// as a live cluster has it.
pub(crate) fn is_default(
    policies: &PolicySet,
    binding: BindingIndex,
    role: RoleIndex,
    rule: Option<usize>,
) -> bool {
    let model = policies.model();
    let (Some(binding), Some(role)) = (model.binding(binding), model.role(role)) else { return false };
    let is_own = |rule: &rolecall::Rule| is_default_rule(role, rule);
    is_default_binding(binding)
        && match rule {
            Some(rule) => role.rules.get(rule).is_some_and(is_own),
            None => role.rules.iter().all(is_own),
        }
}

/// A subject as JSON.
pub(crate) fn holder_json(holder: &Holder<'_>) -> Value {
    let mut fields = Map::new();
    fields.insert("kind".to_owned(), holder.kind().into());
    match *holder {
        Holder::Everybody => {}
        Holder::Group(name) | Holder::User(name) => {
            fields.insert("name".to_owned(), name.into());
        }
        Holder::ServiceAccount { namespace, name } => {
            fields.insert("namespace".to_owned(), namespace.into());
            fields.insert("name".to_owned(), name.into());
        }
        Holder::UserInGroup { user, group } => {
            fields.insert("name".to_owned(), user.into());
            fields.insert("inGroup".to_owned(), group.into());
        }
    }
    if let Some(members) = holder.members() {
        fields.insert("members".to_owned(), members.into());
    }
    Value::Object(fields)
}

/// A subject as fields of a record: kind, namespace, name; a user in a group has both in the name.
pub(crate) fn holder_fields(holder: &Holder<'_>) -> [String; 3] {
    let (namespace, name) = match *holder {
        Holder::Everybody => ("", String::new()),
        Holder::Group(name) | Holder::User(name) => ("", name.to_owned()),
        Holder::ServiceAccount { namespace, name } => (namespace, name.to_owned()),
        Holder::UserInGroup { user, group } => ("", format!("{user} in Group {group}")),
    };
    [holder.kind().to_owned(), namespace.to_owned(), name]
}

/// An object as JSON: kind, namespace, name, and where it stands.
pub(crate) fn object_json(
    policies: &PolicySet,
    kind: &str,
    namespace: Option<&Namespace>,
    name: &str,
    origin: Origin,
) -> Value {
    let mut value = json!({"kind": kind, "name": name});
    if let Some(fields) = value.as_object_mut() {
        if let Some(namespace) = namespace {
            fields.insert("namespace".to_owned(), namespace.as_str().into());
        }
        let place = place(policies, origin);
        if !place.is_empty() {
            fields.insert("at".to_owned(), place.into());
        }
    }
    value
}
