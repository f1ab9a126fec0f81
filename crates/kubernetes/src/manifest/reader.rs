//! Documents taken apart into objects.

use rolecall_diagnostics::{Finding, Severity};
use rolecall_source::{SourceMap, Span};

use super::{
    classify::{Class, Complaint, classify},
    decode::{Decoder, ObjectName, head},
    field_path::FieldPath,
    forwards::{self, Found, Listing},
    object::{Kind, RbacObject, Version},
    unknown_field,
};
use crate::{
    document::{
        Documents, Entry, Names, Node, Value,
        cursor::{self, Cursor, ReadForwards},
    },
    load::Validate,
};

/// Something that a document holds.
#[derive(Debug)]
pub enum Item<'n> {
    /// An object of another kind.
    Other {
        /// Its `apiVersion`.
        api_version: &'n str,
        /// Its `kind`.
        kind: &'n str,
        /// The whole object.
        node: &'n Node,
    },
    /// An RBAC object.
    Rbac(Box<RbacObject>),
}

/// Takes documents apart and gathers what is wrong with them.
#[derive(Debug)]
pub struct Reader<'a> {
    sources: &'a SourceMap,
    validate: Validate,
    findings: Vec<Finding>,
}

/// What a typed list says of its items.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListType {
    pub(super) kind: Kind,
    pub(super) version: Version,
    pub(super) span: Span,
}

impl<'a> Reader<'a> {
    /// A reader of trees whose spans point into these texts.
    ///
    /// [`Validate::Ignore`] has it report only what Kubernetes' decoder fails at; else unknown and repeated
    /// fields are findings as well, errors in [`Validate::Strict`] and warnings in [`Validate::Warn`].
    pub fn new(sources: &'a SourceMap, validate: Validate) -> Self {
        Self { sources, validate, findings: Vec::new() }
    }

    /// Takes one document apart; `take` gets its objects in order, lists unfolded. An object that cannot be
    /// decoded is left out, and an error is among the findings. An empty document holds nothing.
    pub fn read<'n>(&mut self, document: &'n Node, take: &mut dyn FnMut(Item<'n>)) {
        if !document.is_null() {
            self.object(document, None, &FieldPath::Object, take);
        }
    }

    /// Reads the next document and takes it apart, as [`read`](Self::read) does; says whether there is anything in it.
    /// Ordinary documents are read without a tree, so that a list of any length takes no memory of its own.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub(crate) fn read_next(
        &mut self,
        documents: &mut Documents<'_>,
        take: &mut dyn FnMut(Item<'_>),
    ) -> Option<Result<bool, Finding>> {
        if documents.read_forwards(&mut Forwards { reader: self, take }).is_some() {
            return Some(Ok(true));
        }
        Some(documents.next()?.map(|document| {
            self.read(&document.root, &mut |item| take(item));
            !document.root.is_null()
        }))
    }

    /// What was found since the last call.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    /// Recursion ends with the depth of the tree, which the document reader limits.
    fn object<'n>(
        &mut self,
        node: &'n Node,
        list: Option<ListType>,
        path: &FieldPath<'_>,
        take: &mut dyn FnMut(Item<'n>),
    ) {
        let entries = match &node.value {
            Value::Map(entries) => entries.as_slice(),
            // A null item of a typed list is the zero object to Go.
            Value::Null if list.is_some() => &[],
            _ => return self.not_an_object(node, path),
        };
        let Ok(api_version) = self.type_field(node, entries, "apiVersion", path) else { return };
        let Ok(kind) = self.type_field(node, entries, "kind", path) else { return };
        let class = match list {
            Some(list) => self.list_item(node, list, api_version, kind, path),
            None => classify(api_version, kind),
        };
        match class {
            Class::Rbac(kind, version) => {
                if let Some(object) = self.decode(node, entries, kind, version, list) {
                    take(Item::Rbac(Box::new(object)));
                }
            }
            Class::List => self.items(node, None, path, take),
            Class::RbacList(kind, version) => {
                let span = node.get("kind").map_or(node.span, |entry| entry.value.span);
                self.items(node, Some(ListType { kind, version, span }), path, take);
            }
            Class::Other => {
                self.repeated_type(entries);
                take(Item::Other { api_version: api_version.unwrap_or(""), kind: kind.unwrap_or(""), node });
            }
            Class::Refuse(complaint) => self.complain(node, entries, complaint, Severity::Error, path),
            Class::Suspect(complaint) => {
                if let Some(severity) = self.dropped() {
                    self.complain(node, entries, complaint, severity, path);
                }
                take(Item::Other {
                    api_version: api_version.unwrap_or("None"),
                    kind: kind.unwrap_or("None"),
                    node,
                });
            }
        }
    }

    fn decode(
        &mut self,
        node: &Node,
        entries: &[Entry],
        kind: Kind,
        version: Version,
        list: Option<ListType>,
    ) -> Option<RbacObject> {
        let peek =
            |key: &str| node.get("metadata").and_then(|metadata| metadata.value.get(key)?.value.as_str());
        let mut decoder = Decoder {
            sources: self.sources,
            dropped: self.dropped(),
            object: ObjectName {
                kind: kind.as_str(),
                namespace: peek("namespace").unwrap_or(""),
                name: peek("name").unwrap_or(""),
            },
            findings: Vec::new(),
        };
        let (known, names) = match kind {
            Kind::Role => (unknown_field::ROLE, ["rules", ""]),
            Kind::ClusterRole => (unknown_field::CLUSTER_ROLE, ["rules", "aggregationRule"]),
            Kind::ClusterRoleBinding | Kind::RoleBinding => (unknown_field::BINDING, ["subjects", "roleRef"]),
        };
        let [first_name, second_name] = names;
        // An empty document of a typed list has no fields at all.
        let [_, _, metadata, first, second] = if entries.is_empty() {
            [None; 5]
        } else {
            decoder.fields(
                node,
                &FieldPath::Object,
                known,
                &["apiVersion", "kind", "metadata", first_name, second_name],
            )
        };
        let mut object = RbacObject {
            kind,
            version,
            kind_span: node
                .get("kind")
                .map_or_else(|| list.map_or(node.span, |list| list.span), |entry| entry.value.span),
            metadata: decoder.metadata(metadata, node.span),
            body: decoder.body(kind, version, first, second, node.span),
            span: node.span,
            is_faulty: false,
        };
        object.is_faulty = decoder.findings.iter().any(|finding| finding.severity == Severity::Error);
        // What is dropped is never worse than a refusal; only an undecodable object is lost here.
        let failed = decoder.findings.iter().any(|finding| finding.name == "wrong-type");
        self.findings.append(&mut decoder.findings);
        (!failed).then_some(object)
    }

    fn items<'n>(
        &mut self,
        node: &'n Node,
        list: Option<ListType>,
        path: &FieldPath<'_>,
        take: &mut dyn FnMut(Item<'n>),
    ) {
        let mut decoder = self.decoder("List");
        let [_, _, metadata, items] =
            decoder.fields(node, path, unknown_field::LIST, &["apiVersion", "kind", "metadata", "items"]);
        if let Some(metadata) = metadata
            && !matches!(metadata.value.value, Value::Map(_) | Value::Null)
        {
            decoder.wrong_type(&metadata.value, &path.field("metadata"), "map");
        }
        let items_path = path.field("items");
        let nodes = match items.map(|items| &items.value) {
            None | Some(Node { value: Value::Null, .. }) => &[],
            Some(Node { value: Value::List(nodes), .. }) => nodes.as_slice(),
            Some(other) => {
                decoder.wrong_type(other, &items_path, "list of objects");
                &[]
            }
        };
        self.findings.append(&mut decoder.findings);
        for (index, item) in nodes.iter().enumerate() {
            self.object(item, list, &items_path.index(index), take);
        }
    }

    /// An item of a typed list: it may leave out kind and apiVersion, but not name others.
    fn list_item(
        &mut self,
        node: &Node,
        list: ListType,
        api_version: Option<&str>,
        kind: Option<&str>,
        path: &FieldPath<'_>,
    ) -> Class {
        let ListType { kind: expected, version, span } = list;
        let listed = format!("{}/{version}", super::object::RBAC_GROUP);
        let right = kind.is_none_or(|kind| kind == expected.as_str())
            && api_version.is_none_or(|api_version| api_version == listed);
        if !right {
            let item = [api_version, kind].into_iter().flatten().collect::<Vec<_>>().join(" ");
            self.findings.push(
                Finding::error(
                    "wrong-list-item",
                    format!(
                        "`{path}` is a `{item}`, but a {expected}List of {listed} holds only {expected}s"
                    ),
                )
                .at(head(self.sources, node.get("kind").map_or(node.span, |entry| entry.value.span)), "")
                .at(span, "the kind of the list")
                .field(path.to_string())
                .help("make it a `kind: List` of `apiVersion: v1`, which holds objects of every kind"),
            );
            return Class::Refuse(Complaint {
                name: "wrong-list-item",
                field: "",
                message: String::new(),
                help: None,
                kubernetes: None,
            });
        }
        Class::Rbac(expected, version)
    }

    /// `apiVersion` or `kind`, of which the last counts; an error if it is no string.
    fn type_field<'n>(
        &mut self,
        node: &'n Node,
        entries: &'n [Entry],
        name: &str,
        path: &FieldPath<'_>,
    ) -> Result<Option<&'n str>, ()> {
        let Some(entry) = entries.iter().rev().find(|entry| &*entry.key == name) else { return Ok(None) };
        match &entry.value.value {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text)),
            _ => {
                let kind = node.get("kind").and_then(|kind| kind.value.as_str()).unwrap_or("object");
                let mut decoder = self.decoder(kind);
                decoder.wrong_type(&entry.value, &path.field(name), "string");
                self.findings.append(&mut decoder.findings);
                Err(())
            }
        }
    }

    /// A `kind` that is given twice hides an object when one of the two is of RBAC.
    fn repeated_type(&mut self, entries: &[Entry]) {
        let Some(severity) = self.dropped() else { return };
        for name in ["apiVersion", "kind"] {
            let mut given = entries.iter().filter(|entry| &*entry.key == name);
            let (Some(first), Some(second)) = (given.next(), given.next()) else { continue };
            self.findings.push(
                Finding::new(
                    "duplicate-field",
                    severity,
                    format!("`{name}` is given twice; Kubernetes takes the last and ignores the other"),
                )
                .at(second.key_span, "given again")
                .at(first.key_span, "given here")
                .field(name)
                .help("keep one of them"),
            );
        }
    }

    fn not_an_object(&mut self, node: &Node, path: &FieldPath<'_>) {
        let kind = node.kind_name();
        let text = self.sources.text_of(node.span);
        let message = match path {
            FieldPath::Object => format!("this document is a {kind}, not a map with `apiVersion` and `kind`"),
            _ => format!("`{path}` must be an object, not a {kind}"),
        };
        let mut finding = Finding::error("not-an-object", message)
            .at(head(self.sources, node.span), "expected a Kubernetes object");
        if !matches!(path, FieldPath::Object) {
            finding = finding.field(path.to_string());
        }
        if text.contains("{{") || text.contains("{%") {
            finding = finding.help("this looks like a template: render it first");
        }
        self.findings.push(finding);
    }

    fn complain(
        &mut self,
        node: &Node,
        entries: &[Entry],
        complaint: Complaint,
        severity: Severity,
        path: &FieldPath<'_>,
    ) {
        if complaint.message.is_empty() {
            return;
        }
        let given = entries.iter().rev().find(|entry| &*entry.key == complaint.field);
        let span = match given {
            Some(entry) if !entry.value.is_null() => entry.value.span,
            Some(entry) => entry.key_span,
            None => entries.first().map_or(node.span, |entry| entry.key_span),
        };
        let mut finding = Finding::new(complaint.name, severity, complaint.message)
            .at(head(self.sources, span), "")
            .field(path.field(complaint.field).to_string());
        finding.help = complaint.help;
        finding.kubernetes = complaint.kubernetes;
        self.findings.push(finding);
    }

    fn decoder<'n>(&self, kind: &'n str) -> Decoder<'n>
    where
        'a: 'n,
    {
        Decoder {
            sources: self.sources,
            dropped: self.dropped(),
            object: ObjectName::of_kind(kind),
            findings: Vec::new(),
        }
    }

    /// How bad it is that something is dropped in silence.
    fn dropped(&self) -> Option<Severity> {
        match self.validate {
            Validate::Ignore => None,
            Validate::Strict => Some(Severity::Error),
            Validate::Warn => Some(Severity::Warning),
        }
    }
}

/// Reads documents without their trees.
struct Forwards<'r, 'a> {
    reader: &'r mut Reader<'a>,
    take: &'r mut dyn FnMut(Item<'_>),
}

impl ReadForwards for Forwards<'_, '_> {
    type Read = ();

    fn read<'a, C: Cursor<'a>>(&mut self, cursor: &mut C, names: &mut Names) -> Option<()> {
        let start = cursor.clone();
        match forwards::object(cursor, names, None)? {
            Found::List => {
                *cursor = start;
                let listing = forwards::listing(cursor)?;
                let list = match classify(Some(&listing.api_version), Some(&listing.kind)) {
                    Class::List => None,
                    Class::RbacList(kind, version) => {
                        Some(ListType { kind, version, span: listing.kind_span })
                    }
                    _ => return None,
                };
                if !cursor.is_at_end() {
                    return None;
                }
                // From here on items are handed out: there is no way back.
                let Listing { kind_span, items, .. } = listing;
                if self.items(items, list, names).is_none() {
                    self.reader.findings.push(
                        Finding::error("not-an-object", "an item of this list cannot be read")
                            .at(kind_span, "this list"),
                    );
                }
            }
            Found::Rbac(object) => {
                if !cursor.is_at_end() {
                    return None;
                }
                (self.take)(Item::Rbac(object));
            }
        }
        Some(())
    }
}

impl Forwards<'_, '_> {
    /// Takes the items of a list. Each was gone past already, so it can be read at least as a tree.
    fn items<'a, C: Cursor<'a>>(
        &mut self,
        mut cursor: C,
        list: Option<ListType>,
        names: &mut Names,
    ) -> Option<()> {
        let path = FieldPath::Object.field("items");
        let mut open = cursor.open()?;
        let mut index = 0;
        while cursor.next_item(&mut open)? {
            let start = cursor.clone();
            if let Some(Found::Rbac(object)) = forwards::object(&mut cursor, names, list) {
                (self.take)(Item::Rbac(object));
            } else {
                cursor = start;
                let node = cursor::node(&mut cursor, names)?;
                self.reader.object(&node, list, &path.index(index), &mut |item| (self.take)(item));
            }
            index += 1;
        }
        Some(())
    }
}
