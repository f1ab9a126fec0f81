//! `metadata`.

use rolecall_diagnostics::Severity;

use crate::{
    manifest::{Metadata, OwnerReference, Text},
    quote::quote,
};

use super::{Checker, Words, names};

/// What the annotations of an object may weigh.
const ANNOTATIONS: usize = 256 * 1024;

impl Checker<'_> {
    pub(super) fn metadata(&mut self, metadata: &Metadata) {
        self.names(metadata);
        self.namespace(metadata);
        if let Some(generation) = &metadata.generation
            && generation.value < 0
        {
            let value = generation.value;
            self.invalid(
                "metadata.generation",
                generation.span,
                &value.to_string(),
                "must be greater than or equal to 0",
                Words::new(format!("a generation is no negative number like {value}"), ""),
            );
        }
        self.labels("metadata.labels", &metadata.labels);
        self.annotations(metadata);
        self.owner_references(metadata);
        self.finalizers(metadata);
    }

    fn names(&mut self, metadata: &Metadata) {
        let Metadata { name, generate_name, .. } = metadata;
        if !generate_name.value.is_empty() {
            self.path_segment("metadata.generateName", generate_name);
        }
        if name.value.is_empty() {
            let kind = self.object.kind;
            self.required(
                "metadata.name",
                name.span,
                "name or generateName is required",
                Words::new(format!("this {kind} has no name"), "`metadata.name` is missing")
                    .help("write `metadata: {name: …}`"),
            );
        } else {
            self.path_segment("metadata.name", name);
        }
    }

    /// A name that has to fit into a URL.
    pub(super) fn path_segment(&mut self, field: &str, name: &Text) {
        for detail in names::path_segment(name.as_str()) {
            let words = Words::new(
                format!("the name `{}` cannot stand in the path of a URL: it {detail}", name.value),
                detail.clone(),
            );
            self.invalid(field, name.span, &quote(name.as_str()), &detail, words);
        }
    }

    fn namespace(&mut self, metadata: &Metadata) {
        let (kind, namespace) = (self.object.kind, &metadata.namespace);
        let field = "metadata.namespace";
        if !kind.is_namespaced() {
            if !namespace.value.is_empty() {
                let words = Words::new(format!("a {kind} belongs to no namespace"), "take it out");
                self.forbidden(field, namespace.span, "not allowed on this type", words);
            }
            return;
        }
        if namespace.value.is_empty() {
            let words =
                Words::new(format!("this {kind} has no namespace"), "`metadata.namespace` is missing");
            self.required(field, namespace.span, "", words);
            return;
        }
        for detail in names::dns_label(namespace.as_str()) {
            let words = Words::new(
                format!("no namespace can be called `{}`", namespace.value),
                "lower case letters, digits and `-` only, 63 at most",
            );
            self.invalid(field, namespace.span, &quote(namespace.as_str()), &detail, words);
        }
    }

    /// Labels, also those of a selector.
    pub(super) fn labels(&mut self, field: &str, labels: &[(Text, Text)]) {
        for (key, value) in labels {
            self.label_key(field, key, "label");
            self.label_value(field, value);
        }
    }

    pub(super) fn label_key(&mut self, field: &str, key: &Text, what: &str) {
        for detail in names::label_key(key.as_str()) {
            let words = Words::new(
                format!("`{}` is no key that a {what} can have", key.value),
                "`name`, or `domain/name`; letters, digits, `-`, `_` and `.`",
            );
            self.invalid(field, key.span, &quote(key.as_str()), &detail, words);
        }
    }

    pub(super) fn label_value(&mut self, field: &str, value: &Text) {
        for detail in names::label_value(value.as_str()) {
            let words = Words::new(
                format!("`{}` is no value that a label can have", value.value),
                "letters, digits, `-`, `_` and `.` only, 63 at most, a letter or digit at both ends",
            );
            self.invalid(field, value.span, &quote(value.as_str()), &detail, words);
        }
    }

    fn annotations(&mut self, metadata: &Metadata) {
        let field = "metadata.annotations";
        for (key, _) in &metadata.annotations {
            // Capitals do not matter in the keys of annotations.
            for detail in names::label_key(&key.value.to_lowercase()) {
                let words = Words::new(
                    format!("`{}` is no key that an annotation can have", key.value),
                    "`name`, or `domain/name`; letters, digits, `-`, `_` and `.`",
                );
                self.invalid(field, key.span, &quote(key.as_str()), &detail, words);
            }
        }
        let size: usize =
            metadata.annotations.iter().map(|(key, value)| key.value.len() + value.value.len()).sum();
        if size > ANNOTATIONS
            && let Some((first, _)) = metadata.annotations.first()
        {
            let words = Words::new(
                format!("the annotations weigh {size} bytes, and {ANNOTATIONS} are allowed"),
                "the first of them",
            );
            let text = format!("{field}: Too long: may not be more than {ANNOTATIONS} bytes");
            // What weighs too much to be stored says nothing about what is granted: a warning, and the object
            // is looked at like any other.
            self.push_with(Severity::Warning, "heavy-annotations", field, first.span, text, words);
        }
    }

    fn owner_references(&mut self, metadata: &Metadata) {
        let field = "metadata.ownerReferences";
        let mut controller: Option<String> = None;
        for owner in &metadata.owner_references.value {
            self.owner_reference(field, owner);
            if owner.controller != Some(true) {
                continue;
            }
            let name = format!("{}/{}", owner.kind.value, owner.name.value);
            match &controller {
                None => controller = Some(name),
                Some(first) => {
                    let detail = format!(
                        "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {name}"
                    );
                    let all: Vec<String> = metadata.owner_references.value.iter().map(owner_text).collect();
                    let words = Words::new(
                        format!("`{first}` and `{name}` cannot both be the controller of an object"),
                        "the second controller",
                    );
                    self.invalid(field, owner.span, &format!("[{}]", all.join(",")), &detail, words);
                }
            }
        }
    }

    fn owner_reference(&mut self, field: &str, owner: &OwnerReference) {
        let version = owner.api_version.as_str();
        // Go's ParseGroupVersion makes nothing of `/` and of more than one slash.
        let has_version = match version.matches('/').count() {
            0 => !version.is_empty(),
            1 => !version.ends_with('/'),
            _ => false,
        };
        if !has_version {
            let words = Words::new("this owner has no API version", "`apiVersion` is missing or empty");
            let field = format!("{field}.apiVersion");
            self.invalid(&field, owner.api_version.span, &quote(version), "version must not be empty", words);
        }
        for (name, value) in [("kind", &owner.kind), ("name", &owner.name), ("uid", &owner.uid)] {
            if value.value.is_empty() {
                let words =
                    Words::new(format!("this owner has no {name}"), format!("`{name}` is missing or empty"));
                self.invalid(&format!("{field}.{name}"), value.span, "\"\"", "must not be empty", words);
            }
        }
        if version == "v1" && owner.kind.as_str() == "Event" {
            let words = Words::new("an Event cannot own anything", "");
            self.invalid(
                field,
                owner.span,
                &owner_text(owner),
                "/v1, Kind=Event is disallowed from being an owner",
                words,
            );
        }
    }

    fn finalizers(&mut self, metadata: &Metadata) {
        let field = "metadata.finalizers";
        let finalizers = &metadata.finalizers;
        for finalizer in &finalizers.value {
            for detail in names::label_key(finalizer.as_str()) {
                let words = Words::new(
                    format!("`{}` is no name that a finalizer can have", finalizer.value),
                    "`name`, or `domain/name`; letters, digits, `-`, `_` and `.`",
                );
                self.invalid(field, finalizer.span, &quote(finalizer.as_str()), &detail, words);
            }
        }
        let has = |name: &str| finalizers.value.iter().any(|finalizer| finalizer.as_str() == name);
        if has("orphan") && has("foregroundDeletion") {
            let words = Words::new("the finalizers `orphan` and `foregroundDeletion` exclude each other", "");
            self.invalid(
                field,
                finalizers.span,
                &super::json_texts(finalizers),
                "finalizer orphan and foregroundDeletion cannot be both set",
                words,
            );
        }
    }
}

/// An owner reference as Go marshals it.
fn owner_text(owner: &OwnerReference) -> String {
    let mut fields = vec![
        format!("\"apiVersion\":{}", super::json(owner.api_version.as_str())),
        format!("\"kind\":{}", super::json(owner.kind.as_str())),
        format!("\"name\":{}", super::json(owner.name.as_str())),
        format!("\"uid\":{}", super::json(owner.uid.as_str())),
    ];
    if let Some(controller) = owner.controller {
        fields.push(format!("\"controller\":{controller}"));
    }
    if let Some(block) = owner.block_owner_deletion {
        fields.push(format!("\"blockOwnerDeletion\":{block}"));
    }
    format!("{{{}}}", fields.join(","))
}
