//! `metadata`, by Kubernetes' types.

use rolecall_source::Span;

use super::{
    decode::Decoder,
    field_path::FieldPath,
    object::{Metadata, OwnerReference, Spanned, Text},
    unknown_field,
};
use crate::document::{Entry, Node, Value};

impl Decoder<'_> {
    /// The metadata of an object.
    pub(super) fn metadata(&mut self, entry: Option<&Entry>, object: Span) -> Metadata {
        let path = FieldPath::Object.field("metadata");
        let [
            name,
            generate_name,
            namespace,
            uid,
            labels,
            annotations,
            finalizers,
            owner_references,
            generation,
            grace_period,
            created,
            deleted,
            self_link,
            resource_version,
            managed_fields,
        ] = match entry {
            Some(entry) => self.fields(
                &entry.value,
                &path,
                unknown_field::METADATA,
                &[
                    "name",
                    "generateName",
                    "namespace",
                    "uid",
                    "labels",
                    "annotations",
                    "finalizers",
                    "ownerReferences",
                    "generation",
                    "deletionGracePeriodSeconds",
                    "creationTimestamp",
                    "deletionTimestamp",
                    "selfLink",
                    "resourceVersion",
                    "managedFields",
                ],
            ),
            None => [None; 15],
        };
        let span = match entry {
            Some(entry) if entry.value.is_null() => entry.key_span,
            Some(entry) => entry.value.span,
            None => object,
        };
        self.text(self_link, &path.field("selfLink"), span);
        self.text(resource_version, &path.field("resourceVersion"), span);
        self.time(created, &path.field("creationTimestamp"));
        self.time(deleted, &path.field("deletionTimestamp"));
        self.integer(grace_period, &path.field("deletionGracePeriodSeconds"));
        self.list(managed_fields, &path.field("managedFields"), span, "maps", Self::managed_fields_entry);
        Metadata {
            span,
            name: self.text(name, &path.field("name"), span),
            generate_name: self.text(generate_name, &path.field("generateName"), span),
            namespace: self.text(namespace, &path.field("namespace"), span),
            uid: self.text(uid, &path.field("uid"), span),
            generation: self.integer(generation, &path.field("generation")),
            labels: self.text_map(labels, &path.field("labels")),
            annotations: self.text_map(annotations, &path.field("annotations")),
            finalizers: self.texts(finalizers, &path.field("finalizers"), span),
            owner_references: self.list(
                owner_references,
                &path.field("ownerReferences"),
                span,
                "maps",
                Self::owner_reference,
            ),
        }
    }

    fn owner_reference(&mut self, node: &Node, path: &FieldPath<'_>) -> OwnerReference {
        let [api_version, kind, name, uid, controller, block_owner_deletion] = self.fields(
            node,
            path,
            unknown_field::OWNER_REFERENCE,
            &["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"],
        );
        OwnerReference {
            api_version: self.text(api_version, &path.field("apiVersion"), node.span),
            kind: self.text(kind, &path.field("kind"), node.span),
            name: self.text(name, &path.field("name"), node.span),
            uid: self.text(uid, &path.field("uid"), node.span),
            controller: self.boolean(controller, &path.field("controller")),
            block_owner_deletion: self.boolean(block_owner_deletion, &path.field("blockOwnerDeletion")),
            span: node.span,
        }
    }

    fn managed_fields_entry(&mut self, node: &Node, path: &FieldPath<'_>) -> Text {
        // `fieldsV1` is whatever it is: Go keeps its bytes.
        let [manager, operation, api_version, time, fields_type, _, subresource] = self.fields(
            node,
            path,
            unknown_field::MANAGED_FIELDS,
            &["manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1", "subresource"],
        );
        self.text(operation, &path.field("operation"), node.span);
        self.text(api_version, &path.field("apiVersion"), node.span);
        self.time(time, &path.field("time"));
        self.text(fields_type, &path.field("fieldsType"), node.span);
        self.text(subresource, &path.field("subresource"), node.span);
        self.text(manager, &path.field("manager"), node.span)
    }

    fn boolean(&mut self, entry: Option<&Entry>, path: &FieldPath<'_>) -> Option<bool> {
        match entry.map(|entry| &entry.value) {
            None | Some(Node { value: Value::Null, .. }) => None,
            Some(Node { value: Value::Bool(value), .. }) => Some(*value),
            Some(node) => {
                self.wrong_type(node, path, "boolean");
                None
            }
        }
    }

    /// A whole number; `None` also for one that is written in a way only YAML knows.
    fn integer(&mut self, entry: Option<&Entry>, path: &FieldPath<'_>) -> Option<Spanned<i64>> {
        match entry.map(|entry| &entry.value) {
            None | Some(Node { value: Value::Null, .. }) => None,
            Some(Node { value: Value::Number(text), span }) if is_whole(text) => {
                text.parse().ok().map(|number| Spanned::given(number, *span))
            }
            Some(node) => {
                self.wrong_type(node, path, "integer");
                None
            }
        }
    }

    fn time(&mut self, entry: Option<&Entry>, path: &FieldPath<'_>) {
        match entry.map(|entry| &entry.value) {
            None | Some(Node { value: Value::Null, .. }) => {}
            Some(Node { value: Value::String(text), .. }) if is_rfc3339(text) => {}
            Some(node) => self.wrong_type(node, path, "time such as 2006-01-02T15:04:05Z"),
        }
    }
}

/// A whole number that is written in a way that JSON knows.
pub(super) fn whole(text: &str) -> Option<i64> {
    is_whole(text).then(|| text.parse().ok()).flatten()
}

fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let radix = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0o")).is_some();
    radix || (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_'))
}

/// Whether Go reads it as a time of RFC 3339; days of a month are not counted.
pub(super) fn is_rfc3339(text: &str) -> bool {
    // The shape of date and time: `0` stands for a digit.
    let shape = "0000-00-00T00:00:00";
    let (Some(head), Some(tail)) = (text.get(..shape.len()), text.get(shape.len()..)) else { return false };
    let fits = head.bytes().zip(shape.bytes()).all(|(byte, expected)| match expected {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    });
    let zone = tail
        .strip_prefix('.')
        .map_or(tail, |fraction| fraction.trim_start_matches(|letter: char| letter.is_ascii_digit()));
    let number = |range: std::ops::Range<usize>| head.get(range).and_then(|digits| digits.parse::<u8>().ok());
    let within = |range, most| number(range).is_some_and(|value| value <= most);
    fits && within(5..7, 12)
        && within(8..10, 31)
        && within(11..13, 23)
        && within(14..16, 59)
        && within(17..19, 59)
        && (zone == "Z"
            || (zone.len() == 6
                && zone.starts_with(['+', '-'])
                && zone.bytes().enumerate().all(|(place, byte)| match place {
                    0 => true,
                    3 => byte == b':',
                    _ => byte.is_ascii_digit(),
                })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_rfc_3339() {
        for good in ["2024-01-31T10:00:00Z", "2024-01-31T10:00:00.123456Z", "2024-01-31T10:00:00+02:00"] {
            assert!(is_rfc3339(good), "{good}");
        }
        for bad in [
            "",
            "yesterday",
            "2024-01-31",
            "2024-01-31 10:00:00Z",
            "2024-13-31T10:00:00Z",
            "2024-01-31T10:00:00",
        ] {
            assert!(!is_rfc3339(bad), "{bad}");
        }
    }
}
