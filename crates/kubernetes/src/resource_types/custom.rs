//! Resource types that CustomResourceDefinitions define.

use std::cmp::Reverse;

use super::ResourceType;
use crate::document::{Entry, Node, Value};

/// The resource type that a CustomResourceDefinition (`apiextensions.k8s.io`, v1 or v1beta1) defines. `None` for
/// any other object, and for a definition that an API server would refuse or serve in no version.
pub fn custom_resource_type(object: &Node) -> Option<ResourceType> {
    let version = text(object, "apiVersion")?.strip_prefix("apiextensions.k8s.io/")?;
    if !matches!(version, "v1" | "v1beta1") || text(object, "kind")? != "CustomResourceDefinition" {
        return None;
    }
    let spec = value(object, "spec")?;
    let names = value(spec, "names")?;
    let kind = text(names, "kind")?;
    let namespaced = match (text(spec, "scope"), version) {
        (Some("Namespaced"), _) | (None, "v1beta1") => true,
        (Some("Cluster"), _) => false,
        _ => return None,
    };
    let versions = served_versions(spec);
    if versions.is_empty() {
        return None;
    }
    Some(ResourceType {
        group: text(spec, "group")?.to_owned(),
        versions,
        kind: kind.to_owned(),
        plural: text(names, "plural")?.to_owned(),
        singular: text(names, "singular").map_or_else(|| kind.to_lowercase(), str::to_owned),
        short_names: list(names, "shortNames").iter().filter_map(Node::as_str).map(str::to_owned).collect(),
        namespaced,
    })
}

/// The served versions, the preferred one first. v1beta1 may name a single one outside of the list.
fn served_versions(spec: &Node) -> Vec<String> {
    let served = |version: &&Node| {
        matches!(value(version, "served").map(|served| &served.value), Some(Value::Bool(true)))
    };
    let listed = list(spec, "versions");
    let mut versions: Vec<String> =
        listed.iter().filter(served).filter_map(|version| text(version, "name")).map(str::to_owned).collect();
    if listed.is_empty() {
        versions.extend(text(spec, "version").map(str::to_owned));
    }
    versions.sort_by(|one, other| priority(one).cmp(&priority(other)).then_with(|| one.cmp(other)));
    versions
}

/// How Kubernetes ranks versions, the best first: `v10`, `v2`, `v1`, `v2beta1`, `v1beta2`, `v1alpha1`, all others.
fn priority(version: &str) -> impl Ord + use<> {
    let parse = || {
        let numbers = version.strip_prefix('v')?;
        for (stability, word) in ["beta", "alpha"].into_iter().enumerate() {
            if let Some((major, minor)) = numbers.split_once(word) {
                return Some((stability + 1, Reverse(number(major)?), Reverse(number(minor)?)));
            }
        }
        Some((0, Reverse(number(numbers)?), Reverse(0)))
    };
    parse().unwrap_or((usize::MAX, Reverse(0), Reverse(0)))
}

fn number(digits: &str) -> Option<u32> {
    (!digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())?
}

fn value<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    let Entry { value, .. } = node.get(key)?;
    Some(value)
}

/// The text of a field, if there is one in it.
fn text<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    value(node, key)?.as_str().filter(|text| !text.is_empty())
}

fn list<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    value(node, key).and_then(Node::as_list).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rolecall_source::{SourceMap, Span};

    use super::*;

    /// A tree of JSON without places.
    fn node(json: &serde_json::Value, span: Span) -> Node {
        let value = match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(*value),
            serde_json::Value::Number(number) => Value::Number(number.to_string().into()),
            serde_json::Value::String(text) => Value::String(text.as_str().into()),
            serde_json::Value::Array(list) => Value::List(list.iter().map(|json| node(json, span)).collect()),
            serde_json::Value::Object(map) => Value::Map(
                map.iter()
                    .map(|(key, json)| Entry {
                        key: key.as_str().into(),
                        key_span: span,
                        value: node(json, span),
                    })
                    .collect(),
            ),
        };
        Node { span, value }
    }

    fn read(json: &serde_json::Value) -> Option<ResourceType> {
        let mut sources = SourceMap::new();
        let source = sources.add("crd", "");
        custom_resource_type(&node(json, sources.span(source, 0, 0)))
    }

    fn definition() -> serde_json::Value {
        serde_json::json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "widgets.example.com"},
            "spec": {
                "group": "example.com",
                "scope": "Cluster",
                "names": {"kind": "Widget", "plural": "widgets", "shortNames": ["wd", 7]},
                "versions": [
                    {"name": "v1alpha1", "served": true},
                    {"name": "v1", "served": true},
                    {"name": "v2", "served": false},
                    {"name": "old", "served": true},
                    {"name": "v1beta1", "served": true},
                    {"name": "v10", "served": true}
                ]
            }
        })
    }

    #[test]
    fn a_definition_gives_its_names_and_its_served_versions_the_best_first() {
        let found = read(&definition()).unwrap();
        assert_eq!(
            (found.group.as_str(), found.plural.as_str(), found.kind.as_str()),
            ("example.com", "widgets", "Widget")
        );
        assert_eq!(found.singular, "widget");
        assert_eq!(found.short_names, ["wd"]);
        assert_eq!(found.versions, ["v10", "v1", "v1beta1", "v1alpha1", "old"]);
        assert!(!found.namespaced);
    }

    #[test]
    fn an_old_definition_may_name_one_version_and_no_scope() {
        let mut old = definition();
        old["apiVersion"] = "apiextensions.k8s.io/v1beta1".into();
        old["spec"]["versions"] = serde_json::Value::Null;
        old["spec"]["version"] = "v1beta1".into();
        old["spec"]["scope"] = serde_json::Value::Null;
        old["spec"]["names"]["singular"] = "gadget".into();
        let found = read(&old).unwrap();
        assert_eq!(found.versions, ["v1beta1"]);
        assert_eq!(found.singular, "gadget");
        assert!(found.namespaced);
    }

    #[test]
    fn other_objects_and_broken_definitions_define_nothing() {
        for (pointer, broken) in [
            ("/apiVersion", serde_json::json!("apiextensions.k8s.io/v2")),
            ("/apiVersion", serde_json::json!("example.com/v1")),
            ("/kind", serde_json::json!("CustomResource")),
            ("/kind", serde_json::json!(7)),
            ("/spec", serde_json::json!([])),
            ("/spec/group", serde_json::json!("")),
            ("/spec/scope", serde_json::json!("Namespace")),
            ("/spec/scope", serde_json::json!(null)),
            ("/spec/names", serde_json::json!(null)),
            ("/spec/names/plural", serde_json::json!(true)),
            ("/spec/names/kind", serde_json::json!({})),
            ("/spec/versions", serde_json::json!([])),
            ("/spec/versions", serde_json::json!([{"name": "v1", "served": "true"}, "v1", null])),
        ] {
            let mut definition = definition();
            *definition.pointer_mut(pointer).unwrap() = broken;
            assert_eq!(read(&definition), None, "{definition}");
        }
        assert_eq!(read(&serde_json::json!("CustomResourceDefinition")), None);
    }
}
