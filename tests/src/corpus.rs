//! What a loader must find in a real file, and the same facts taken from decoded documents.
//!
//! Source: `corpus/count.py` and the `expected.json` that it makes.

use std::{collections::BTreeMap, fs, path::Path};

use rolecall_kubernetes::document::{Document, Documents, Limits, Node, Value, take_in};
use rolecall_source::SourceMap;
use serde::Deserialize;

use crate::shared;

/// The real files with what must be found in them; `None` where there is no shared material.
///
/// # Panics
///
/// When there are none.
pub fn expected_files() -> Option<BTreeMap<String, ExpectedFile>> {
    #[derive(Deserialize)]
    struct Index {
        files: BTreeMap<String, ExpectedFile>,
        errors: BTreeMap<String, String>,
    }
    let folder = shared::folder("corpus")?;
    let index: Index = serde_json::from_str(&shared::text(&folder.join("expected.json"))).unwrap();
    assert!(!index.files.is_empty(), "the corpus holds no file");
    assert!(index.errors.is_empty(), "the corpus could not be counted: {:?}", index.errors);
    Some(index.files)
}

/// What must be found in a file.
#[derive(Debug, Deserialize)]
pub struct ExpectedFile {
    /// The counts.
    #[serde(flatten)]
    pub counts: Counts,
    /// All that is in its objects, as a digest of their canonical text.
    pub digest: String,
    /// What an API server would refuse: `Kind namespace/name: field: reason`.
    pub refused: Vec<String>,
}

/// The counts of a file, by the names that `rolecall check -o json` uses too.
#[derive(Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// RBAC objects by kind.
    pub objects: BTreeMap<String, usize>,
    /// Entries of `rules` over all roles.
    pub rules: usize,
    /// Entries of `subjects` over all bindings.
    pub subjects: usize,
    /// ClusterRoles with an aggregation rule.
    pub aggregated: usize,
    /// Entries of `verbs` over all rules.
    pub verbs: usize,
    /// Entries of `apiGroups` over all rules.
    pub api_groups: usize,
    /// Entries of `resources` over all rules.
    pub resources: usize,
    /// Entries of `resourceNames` over all rules.
    pub resource_names: usize,
    /// Entries of `nonResourceURLs` over all rules.
    #[serde(rename = "nonResourceURLs")]
    pub non_resource_urls: usize,
    /// RBAC objects by apiVersion.
    #[serde(rename = "api_versions")]
    pub api_versions: BTreeMap<String, usize>,
    /// The objects in the order of the file.
    pub ids: Vec<String>,
    /// Documents that are not empty.
    pub documents: usize,
    /// Empty documents.
    #[serde(rename = "empty_docs")]
    pub empty_docs: usize,
    /// Objects of other kinds by apiVersion and kind.
    pub skipped: BTreeMap<String, usize>,
}

/// The documents of a file; ends before one that is none.
///
/// # Panics
///
/// When the file cannot be read or is no text.
pub fn documents(path: &Path) -> Vec<Document> {
    let mut sources = SourceMap::new();
    let limits = Limits::default();
    let name = path.to_string_lossy();
    let source = take_in(&mut sources, &name, fs::read(path).unwrap(), &limits).unwrap();
    Documents::new(&sources, source, &limits).map_while(Result::ok).collect()
}

/// One RBAC object of a document.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// Its kind; an item of a typed list has it from the list.
    pub kind: &'a str,
    /// Its apiVersion, likewise.
    pub api_version: &'a str,
    /// The object.
    pub node: &'a Node,
}

/// The RBAC objects of a document, lists unfolded.
pub fn objects(document: &Node) -> Vec<Object<'_>> {
    let mut found = Vec::new();
    gather(document, None, &mut found);
    found
}

fn gather<'a>(node: &'a Node, from_list: Option<(&'a str, &'a str)>, found: &mut Vec<Object<'a>>) {
    let (list_kind, list_version) = from_list.unwrap_or_default();
    let own = |key, inherited| Some(text(node, key)).filter(|text| !text.is_empty()).unwrap_or(inherited);
    let (kind, api_version) = (own("kind", list_kind), own("apiVersion", list_version));
    let rbac = api_version.starts_with("rbac.authorization.k8s.io/");
    match kind.strip_suffix("List") {
        None if rbac && KINDS.contains(&kind) => found.push(Object { kind, api_version, node }),
        Some("") if api_version == "v1" => gather_items(node, None, found),
        Some(kind) if rbac && KINDS.contains(&kind) => gather_items(node, Some((kind, api_version)), found),
        _ => {}
    }
}

fn gather_items<'a>(node: &'a Node, from_list: Option<(&'a str, &'a str)>, found: &mut Vec<Object<'a>>) {
    for item in list(node, "items") {
        gather(item, from_list, found);
    }
}

impl Object<'_> {
    /// All that is in the object, a line a fact, as it stands in the file.
    pub fn canonical(&self) -> Vec<String> {
        let mut lines = vec![format!("object {} {} {}", self.kind, self.namespace(), self.name())];
        lines.extend(list(self.node, "rules").iter().map(rule));
        for subject in list(self.node, "subjects") {
            let [kind, group, namespace, name] =
                ["kind", "apiGroup", "namespace", "name"].map(|key| text(subject, key));
            lines.push(format!("subject {kind} {group} {namespace} {name}"));
        }
        if let Some(role) = self.node.get("roleRef") {
            let [group, kind, name] = ["apiGroup", "kind", "name"].map(|key| text(&role.value, key));
            lines.push(format!("roleref {group} {kind} {name}"));
        }
        if let Some(aggregation) = self.node.get("aggregationRule") {
            lines.extend(list(&aggregation.value, "clusterRoleSelectors").iter().map(selector));
        }
        lines
    }

    /// Its namespace as it stands in the file.
    pub fn namespace(&self) -> &str {
        self.metadata("namespace")
    }

    /// Its name as it stands in the file.
    pub fn name(&self) -> &str {
        self.metadata("name")
    }

    /// What the name begins with that an API server would make up for it; `None` if it has one of its own.
    pub fn generated_name(&self) -> Option<&str> {
        let prefix = self.metadata("generateName");
        (self.name().is_empty() && !prefix.is_empty()).then_some(prefix)
    }

    /// The value of a label; empty without it.
    pub fn label(&self, label: &str) -> &str {
        let labels = self.node.get("metadata").and_then(|metadata| metadata.value.get("labels"));
        labels.map_or("", |labels| text(&labels.value, label))
    }

    fn metadata(&self, key: &str) -> &str {
        self.node.get("metadata").map_or("", |metadata| text(&metadata.value, key))
    }
}

fn rule(rule: &Node) -> String {
    let lists = RULE_LISTS.map(|key| {
        let entries: Vec<_> = list(rule, key).iter().map(scalar).collect();
        format!("{key}=[{}]", entries.join(","))
    });
    format!("rule {}", lists.join(" "))
}

fn selector(selector: &Node) -> String {
    let labels = selector.get("matchLabels").and_then(|labels| labels.value.as_map()).unwrap_or_default();
    let mut parts: Vec<_> =
        labels.iter().map(|label| format!("{}={}", label.key, scalar(&label.value))).collect();
    parts.sort();
    for requirement in list(selector, "matchExpressions") {
        let values: Vec<_> = list(requirement, "values").iter().map(scalar).collect();
        let [key, operator] = ["key", "operator"].map(|key| text(requirement, key));
        parts.push(format!("{key} {operator} ({})", values.join(",")));
    }
    format!("aggregate {}", parts.join(";"))
}

fn list<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    node.get(key).and_then(|entry| entry.value.as_list()).unwrap_or_default()
}

fn text<'a>(node: &'a Node, key: &str) -> &'a str {
    node.get(key).map_or("", |entry| scalar(&entry.value))
}

fn scalar(node: &Node) -> &str {
    match &node.value {
        Value::String(text) | Value::Number(text) => text,
        Value::Bool(_) | Value::List(_) | Value::Map(_) | Value::Null => "",
    }
}

const KINDS: [&str; 4] = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];

const RULE_LISTS: [&str; 5] = ["verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"];
