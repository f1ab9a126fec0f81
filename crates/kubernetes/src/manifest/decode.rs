//! Typed reading of trees, as Go's JSON decoder does it for Kubernetes: names mind capitals, null is the
//! zero value, a value of another type is an error.
//!
//! Verified against: `conformance/rbac/malformed-*`, `corpus/nasty` (its `kubectl_typed` outcomes).

use std::{collections::HashMap, sync::Arc};

use rolecall_diagnostics::{Finding, Severity};
use rolecall_source::{SourceMap, Span};

use super::{
    field_path::FieldPath,
    object::{
        AggregationRule, Body, Kind, LabelSelector, PolicyRule, RoleRef, SelectorRequirement, Spanned,
        Subject, Text, Texts, Version, object_label,
    },
    unknown_field,
};
use crate::document::{Entry, Node, Value};

/// Decodes one object, and gathers what is wrong with it.
#[derive(Debug)]
pub(super) struct Decoder<'a> {
    pub(super) sources: &'a SourceMap,
    /// How bad it is that something is dropped or replaced in silence; `None`: nobody wants to know.
    pub(super) dropped: Option<Severity>,
    pub(super) object: ObjectName<'a>,
    pub(super) findings: Vec<Finding>,
}

/// The parts of an object's name, which is put together only for a finding.
#[derive(Clone, Copy, Debug)]
pub(super) struct ObjectName<'a> {
    pub(super) kind: &'a str,
    /// Empty for none.
    pub(super) namespace: &'a str,
    /// Empty for none.
    pub(super) name: &'a str,
}

impl<'a> ObjectName<'a> {
    /// An object that has no name, or whose name is not known.
    pub(super) fn of_kind(kind: &'a str) -> Self {
        Self { kind, namespace: "", name: "" }
    }

    /// The object, as kubectl names it.
    fn label(self) -> String {
        object_label(self.kind, self.namespace, self.name)
    }
}

impl Decoder<'_> {
    /// The body of an RBAC object.
    pub(super) fn body(
        &mut self,
        kind: Kind,
        version: Version,
        first: Option<&Entry>,
        second: Option<&Entry>,
        span: Span,
    ) -> Body {
        let object = FieldPath::Object;
        if kind.is_role() {
            let rules = self.list(first, &object.field("rules"), span, "rules", Self::rule);
            let aggregation = second
                .filter(|entry| !entry.value.is_null())
                .map(|entry| self.aggregation_rule(&entry.value, &object.field("aggregationRule")));
            return Body::Role { rules, aggregation };
        }
        let subjects =
            self.list(first, &object.field("subjects"), span, "subjects", |decoder, node, path| {
                decoder.subject(node, path, version)
            });
        let role_ref = second.map(|entry| self.role_ref(entry, &object.field("roleRef")));
        Body::Binding { subjects, role_ref }
    }

    fn rule(&mut self, node: &Node, path: &FieldPath<'_>) -> PolicyRule {
        let [verbs, api_groups, resources, resource_names, non_resource_urls] = self.fields(
            node,
            path,
            unknown_field::RULE,
            &["verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"],
        );
        let span = node.span;
        PolicyRule {
            verbs: self.texts(verbs, &path.field("verbs"), span),
            api_groups: self.texts(api_groups, &path.field("apiGroups"), span),
            resources: self.texts(resources, &path.field("resources"), span),
            resource_names: self.texts(resource_names, &path.field("resourceNames"), span),
            non_resource_urls: self.texts(non_resource_urls, &path.field("nonResourceURLs"), span),
            span,
        }
    }

    fn subject(&mut self, node: &Node, path: &FieldPath<'_>, version: Version) -> Subject {
        let [kind, name, namespace, api_group, api_version] = self.fields(
            node,
            path,
            if version == Version::V1alpha1 { unknown_field::OLD_SUBJECT } else { unknown_field::SUBJECT },
            &["kind", "name", "namespace", "apiGroup", "apiVersion"],
        );
        let span = node.span;
        Subject {
            kind: self.text(kind, &path.field("kind"), span),
            name: self.text(name, &path.field("name"), span),
            namespace: self.text(namespace, &path.field("namespace"), span),
            api_group: self.text(api_group, &path.field("apiGroup"), span),
            api_version: self.text(api_version, &path.field("apiVersion"), span),
            span,
        }
    }

    fn role_ref(&mut self, entry: &Entry, path: &FieldPath<'_>) -> RoleRef {
        let node = &entry.value;
        let [api_group, kind, name] =
            self.fields(node, path, unknown_field::ROLE_REF, &["apiGroup", "kind", "name"]);
        let span = if node.is_null() { entry.key_span } else { node.span };
        RoleRef {
            api_group: self.text(api_group, &path.field("apiGroup"), span),
            kind: self.text(kind, &path.field("kind"), span),
            name: self.text(name, &path.field("name"), span),
            span,
        }
    }

    fn aggregation_rule(&mut self, node: &Node, path: &FieldPath<'_>) -> AggregationRule {
        let [selectors] = self.fields(node, path, unknown_field::AGGREGATION_RULE, &["clusterRoleSelectors"]);
        let path = path.field("clusterRoleSelectors");
        AggregationRule {
            selectors: self.list(selectors, &path, node.span, "label selectors", Self::selector),
            span: node.span,
        }
    }

    fn selector(&mut self, node: &Node, path: &FieldPath<'_>) -> LabelSelector {
        let [labels, expressions] =
            self.fields(node, path, unknown_field::SELECTOR, &["matchLabels", "matchExpressions"]);
        let expressions = self.list(
            expressions,
            &path.field("matchExpressions"),
            node.span,
            "requirements",
            Self::requirement,
        );
        LabelSelector {
            match_labels: self.text_map(labels, &path.field("matchLabels")),
            match_expressions: expressions.value,
            span: node.span,
        }
    }

    fn requirement(&mut self, node: &Node, path: &FieldPath<'_>) -> SelectorRequirement {
        let [key, operator, values] =
            self.fields(node, path, unknown_field::REQUIREMENT, &["key", "operator", "values"]);
        SelectorRequirement {
            key: self.text(key, &path.field("key"), node.span),
            operator: self.text(operator, &path.field("operator"), node.span),
            values: self.texts(values, &path.field("values"), node.span),
            span: node.span,
        }
    }

    /// The entries of a struct's known fields. Unknown and repeated fields are findings; the last of a
    /// repeated field counts. Null is a struct without fields.
    pub(super) fn fields<'n, const N: usize>(
        &mut self,
        node: &'n Node,
        path: &FieldPath<'_>,
        known: unknown_field::Struct,
        names: &[&'static str; N],
    ) -> [Option<&'n Entry>; N] {
        let mut found = [None; N];
        let entries = match &node.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Null => return found,
            _ => {
                self.wrong_type(node, path, "map");
                return found;
            }
        };
        let mut unknown = Vec::new();
        for entry in entries {
            let place = names.iter().position(|&name| name == &*entry.key);
            if let Some(slot) = place.and_then(|place| found.get_mut(place)) {
                let slot: &mut Option<&'n Entry> = slot;
                if let Some(earlier) = slot.replace(entry) {
                    self.duplicate_key(entry, earlier.key_span, path);
                }
                // A field of another version is read, since files have it, but a server drops it.
                if known.fields.contains(&&*entry.key) {
                    continue;
                }
            }
            unknown.push(entry);
        }
        // Only now is it known what else there is, without looking through all of it for each.
        for entry in unknown {
            self.unknown_field(entry, &found, path, known);
        }
        found
    }

    /// A string; the empty one for null and for nothing.
    pub(super) fn text(&mut self, entry: Option<&Entry>, path: &FieldPath<'_>, parent: Span) -> Text {
        match entry {
            None => Text::missing(Arc::from(""), parent),
            Some(Entry { value: Node { value: Value::Null, span }, key_span, .. }) => {
                Text::missing(Arc::from(""), if span.start() == span.end() { *key_span } else { *span })
            }
            Some(entry) => self.text_of(&entry.value, path),
        }
    }

    fn text_of(&mut self, node: &Node, path: &FieldPath<'_>) -> Text {
        if let Value::String(text) = &node.value {
            return Text::given(Arc::clone(text), node.span);
        }
        self.wrong_type(node, path, "string");
        Text::given(Arc::from(""), node.span)
    }

    /// A list of strings.
    pub(super) fn texts(&mut self, entry: Option<&Entry>, path: &FieldPath<'_>, parent: Span) -> Texts {
        self.list(entry, path, parent, "strings", |decoder, node, path| {
            if node.is_null() {
                decoder.null_entry(node, path);
                return Text::given(Arc::from(""), node.span);
            }
            decoder.text_of(node, path)
        })
    }

    /// A list; the empty one for null and for nothing.
    pub(super) fn list<T>(
        &mut self,
        entry: Option<&Entry>,
        path: &FieldPath<'_>,
        parent: Span,
        of: &str,
        mut item: impl FnMut(&mut Self, &Node, &FieldPath<'_>) -> T,
    ) -> Spanned<Vec<T>> {
        let Some(entry) = entry else { return Spanned::missing(Vec::new(), parent) };
        match &entry.value.value {
            Value::List(nodes) => {
                let items = nodes
                    .iter()
                    .enumerate()
                    .map(|(index, node)| item(self, node, &path.index(index)))
                    .collect();
                Spanned::given(items, entry.value.span)
            }
            Value::Null => Spanned::given(Vec::new(), entry.key_span),
            _ => {
                self.wrong_type(&entry.value, path, &format!("list of {of}"));
                Spanned::given(Vec::new(), entry.value.span)
            }
        }
    }

    /// A map of strings to strings, in the order of the text.
    pub(super) fn text_map(&mut self, entry: Option<&Entry>, path: &FieldPath<'_>) -> Vec<(Text, Text)> {
        let Some(entry) = entry else { return Vec::new() };
        let entries = match &entry.value.value {
            Value::Map(entries) => entries,
            Value::Null => return Vec::new(),
            _ => {
                self.wrong_type(&entry.value, path, "map of strings");
                return Vec::new();
            }
        };
        let mut texts: Vec<(Text, Text)> = Vec::with_capacity(entries.len());
        let mut places: HashMap<&str, usize> = HashMap::with_capacity(entries.len());
        for entry in entries {
            let value = self.text(Some(entry), &path.field(&entry.key), entry.key_span);
            let key = Text::given(Arc::clone(&entry.key), entry.key_span);
            match places.get(&*entry.key).and_then(|&place| texts.get_mut(place)) {
                Some(known) => {
                    self.duplicate_key(entry, known.0.span, path);
                    *known = (key, value);
                }
                None => {
                    places.insert(&entry.key, texts.len());
                    texts.push((key, value));
                }
            }
        }
        texts
    }

    /// An error that no way of loading tolerates: Kubernetes' decoder fails at it.
    pub(super) fn wrong_type(&mut self, node: &Node, path: &FieldPath<'_>, expected: &str) {
        let kind = node.kind_name();
        let written = self.excerpt(node.span);
        let article = if expected.starts_with("integer") { "an" } else { "a" };
        let message = match node.value {
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                format!("`{path}` must be {article} {expected}, but `{written}` is a {kind}")
            }
            _ => format!("`{path}` must be {article} {expected}, not a {kind}"),
        };
        let mut finding = Finding::error("wrong-type", message)
            .at(self.head(node.span), format!("expected {article} {expected}"))
            .field(path.to_string())
            .object(self.object.label());
        finding.help = match (&node.value, expected) {
            (Value::Bool(_), "string") if !matches!(written.as_str(), "true" | "false") => Some(format!(
                "Kubernetes reads YAML 1.1, in which an unquoted `{written}` is a boolean: write \"{written}\""
            )),
            (Value::Bool(_) | Value::Number(_), "string") => {
                Some(format!("write it in quotes: \"{written}\""))
            }
            (Value::String(_), "list of strings") => Some(format!("write a list: [{written}]")),
            (Value::Map(_), expected) if expected.starts_with("list") => {
                Some("begin each entry of a list with `- `".to_owned())
            }
            _ => None,
        };
        self.findings.push(finding);
    }

    fn duplicate_key(&mut self, entry: &Entry, earlier: Span, path: &FieldPath<'_>) {
        let Some(severity) = self.dropped else { return };
        let field = path.field(&entry.key).to_string();
        self.findings.push(
            Finding::new(
                "duplicate-field",
                severity,
                format!("`{}` is given twice; Kubernetes takes the last and ignores the other", entry.key),
            )
            .at(entry.key_span, "this one counts")
            .at(earlier, "this one is ignored")
            .field(field)
            .object(self.object.label())
            .help("keep one of them"),
        );
    }

    fn unknown_field(
        &mut self,
        entry: &Entry,
        found: &[Option<&Entry>],
        path: &FieldPath<'_>,
        known: unknown_field::Struct,
    ) {
        let Some(severity) = self.dropped else { return };
        let finding = unknown_field::finding(entry, found, known, severity)
            .field(path.field(&entry.key).to_string())
            .object(self.object.label());
        self.findings.push(finding);
    }

    fn null_entry(&mut self, node: &Node, path: &FieldPath<'_>) {
        let Some(severity) = self.dropped else { return };
        let core = if matches!(path, FieldPath::Index(FieldPath::Field(_, "apiGroups"), _)) {
            ", which stands for the core group"
        } else {
            ""
        };
        self.findings.push(
            Finding::new(
                "null-entry",
                severity,
                format!("`{path}` is null; Kubernetes takes it for the empty text{core}"),
            )
            .at(node.span, "null")
            .field(path.to_string())
            .object(self.object.label())
            .help("write \"\" if the empty text is meant, or take the entry out"),
        );
    }

    /// The first line of what stands at a span: enough to point at.
    pub(super) fn head(&self, span: Span) -> Span {
        head(self.sources, span)
    }

    fn excerpt(&self, span: Span) -> String {
        let text = self.sources.text_of(span);
        let line = text.lines().next().unwrap_or("");
        if line.chars().count() <= 60 {
            return line.to_owned();
        }
        line.chars().take(57).chain("...".chars()).collect()
    }
}

/// The first line of what stands at a span.
pub(crate) fn head(sources: &SourceMap, span: Span) -> Span {
    let line = sources.text_of(span).lines().next().map_or(0, |line| line.trim_end().len());
    sources.span(span.source(), span.start(), span.start() + line)
}
