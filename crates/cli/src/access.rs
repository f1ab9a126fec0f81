//! Access matrices in words, for `what-can` and `matrix`.

use rolecall::{PolicySet, diagnostics::print::printable, model::Origin};
use rolecall_analysis::{
    GrantScope,
    access_matrix::{AccessMatrix, ApiGroups, Given, Resources, Row, RowTarget, Source},
};
use serde_json::{Map, Value, json};

use crate::{objects, policy::listed};

/// The heads of the columns that [`row_cells`] fills.
pub(crate) const ROW_HEAD: [&str; 4] = ["RESOURCE", "NAMES", "VERBS", "NAMESPACES"];

/// The heads of the fields that [`row_fields`] fills.
pub(crate) const RECORD_HEAD: [&str; 7] =
    ["api_group", "resource", "path", "names", "verbs", "namespaces", "through"];

/// A row for people: of long lists the first entries.
pub(crate) fn row_cells(row: &Row<'_>) -> [String; 4] {
    let names = match &row.target {
        RowTarget::Resource { names, .. } => listed(&quoted(names)),
        RowTarget::Path(_) => String::new(),
    };
    let scopes = match &row.target {
        RowTarget::Resource { .. } => listed(&scopes(row)),
        // Paths are in no namespace.
        RowTarget::Path(_) => String::new(),
    };
    let cells = [row.target.to_string(), names, row.verbs.join(","), scopes];
    cells.map(|cell| printable(&cell).into_owned())
}

/// An empty name would be read as none.
fn quoted(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| if name.is_empty() { "\"\"".to_owned() } else { (*name).to_owned() }).collect()
}

fn scopes(row: &Row<'_>) -> Vec<String> {
    let told = row.scopes.iter().map(|scope| match scope {
        GrantScope::Everywhere => "*".to_owned(),
        GrantScope::Cluster => "(cluster scope)".to_owned(),
        GrantScope::Namespace(namespace) => (*namespace).to_owned(),
    });
    told.collect()
}

/// A row as fields of a record; what is a list has spaces between its entries.
pub(crate) fn row_fields(policies: &PolicySet, row: &Row<'_>) -> [String; 7] {
    let (api_group, resource, path, names) = match &row.target {
        RowTarget::Path(pattern) => (String::new(), String::new(), (*pattern).to_owned(), String::new()),
        RowTarget::Resource { api_group, resource, names } => {
            let group = match api_group {
                ApiGroups::Every => "*",
                ApiGroups::Is(group) => group,
            };
            let resource = match resource {
                Resources::Every => "*".to_owned(),
                Resources::Entry(entry) => (*entry).to_owned(),
                Resources::WithSubresources(resource) => format!("{resource}[/*]"),
            };
            (group.to_owned(), resource, String::new(), quoted(names).join(" "))
        }
    };
    let namespaces = if path.is_empty() { scopes(row).join(" ") } else { String::new() };
    let through: Vec<_> = row.sources.iter().map(|source| source_name(policies, *source)).collect();
    [api_group, resource, path, names, row.verbs.join(" "), namespaces, through.join("; ")]
}

/// A matrix as JSON: its rows.
pub(crate) fn rows_json(policies: &PolicySet, matrix: &AccessMatrix<'_>) -> Value {
    matrix.rows.iter().map(|row| row_json(policies, row)).collect()
}

fn row_json(policies: &PolicySet, row: &Row<'_>) -> Value {
    let mut fields = Map::new();
    match &row.target {
        RowTarget::Path(pattern) => {
            fields.insert("path".to_owned(), (*pattern).into());
        }
        RowTarget::Resource { api_group, resource, names } => {
            let group = match api_group {
                ApiGroups::Every => "*",
                ApiGroups::Is(group) => group,
            };
            fields.insert("apiGroup".to_owned(), group.into());
            let resource = match resource {
                Resources::Every => "*",
                Resources::Entry(entry) => entry,
                Resources::WithSubresources(resource) => {
                    fields.insert("withSubresources".to_owned(), true.into());
                    resource
                }
            };
            fields.insert("resource".to_owned(), resource.into());
            fields.insert("names".to_owned(), names.iter().copied().collect());
            fields.insert("namespaces".to_owned(), scopes(row).into());
        }
    }
    fields.insert("verbs".to_owned(), row.verbs.iter().copied().collect());
    let through = row.sources.iter().map(|source| source_json(policies, *source));
    fields.insert("through".to_owned(), through.collect());
    Value::Object(fields)
}

/// What gives something, as kubectl names it.
pub(crate) fn source_name(policies: &PolicySet, source: Source) -> String {
    let model = policies.model();
    match source {
        Source::Superuser => "above all authorizers".to_owned(),
        Source::AlwaysAllow => "mode AlwaysAllow".to_owned(),
        Source::AttributePolicy(index) => {
            let origin = model.attribute_policy(index).map_or(Origin::Code, |policy| policy.origin);
            format!("ABAC policy {}", objects::place(policies, origin))
        }
        Source::Role { binding, role: _ } => {
            model.binding(binding).map(objects::binding_name).unwrap_or_default()
        }
    }
}

/// What gives something, as JSON.
pub(crate) fn source_json(policies: &PolicySet, source: Source) -> Value {
    let model = policies.model();
    match source {
        Source::Superuser => json!({"kind": "AboveAllAuthorizers"}),
        Source::AlwaysAllow => json!({"kind": "AlwaysAllow"}),
        Source::AttributePolicy(index) => {
            let origin = model.attribute_policy(index).map_or(Origin::Code, |policy| policy.origin);
            json!({"kind": "ABACPolicy", "at": objects::place(policies, origin)})
        }
        Source::Role { binding, role } => {
            let (Some(binding), Some(role)) = (model.binding(binding), model.role(role)) else {
                return Value::Null;
            };
            let (namespace, name) = (binding.namespace.as_ref(), binding.name.as_str());
            let mut value = objects::object_json(policies, binding.kind(), namespace, name, binding.origin);
            if let Some(fields) = value.as_object_mut() {
                let (namespace, name) = (role.namespace.as_ref(), role.name.as_str());
                let role = objects::object_json(policies, role.kind(), namespace, name, role.origin);
                fields.insert("role".to_owned(), role);
            }
            value
        }
    }
}

/// Whether something is Kubernetes' own gift to its own.
pub(crate) fn is_default(policies: &PolicySet, given: &Given<'_>) -> bool {
    match given.source {
        Source::Role { binding, role } => objects::is_default(policies, binding, role, None),
        Source::AlwaysAllow | Source::AttributePolicy(_) | Source::Superuser => false,
    }
}
