//! What an API server would refuse, and in which words.
//!
//! Each rule of `spec/authorization/rbac.md` section 2 is checked in the order in which an API server checks it, so
//! that what it would say ([`Finding::kubernetes`]) can be compared word for word; our own words quote the
//! text instead.

mod aggregation;
mod bindings;
mod metadata;
pub(crate) mod names;
mod rules;
#[cfg(test)]
mod tests;

use std::{collections::HashSet, fmt::Write};

use rolecall_diagnostics::{Finding, Severity};
use rolecall_source::{SourceMap, Span};

use crate::{
    manifest::{Body, Kind, RbacObject, Texts, head},
    quote::quote,
};

/// Everything for which an API server would refuse to create the object, as errors, in its order; what it would
/// only refuse for its weight, as a warning.
///
/// The object has its defaults filled in ([`RbacObject::fill_defaults`]) and its namespace settled
/// ([`RbacObject::settle_namespace`]).
///
/// Source: `spec/authorization/rbac.md` section 2; `conformance/rbac/*/validation.jsonl`.
pub fn validate(object: &RbacObject, sources: &SourceMap) -> Vec<Finding> {
    let mut checker = Checker { sources, object, label: None, findings: Vec::new(), seen: HashSet::new() };
    checker.metadata(&object.metadata);
    match &object.body {
        Body::Binding { subjects, role_ref } => {
            checker.role_ref(role_ref.as_ref());
            checker.subjects(&subjects.value);
        }
        Body::Role { rules, aggregation } => {
            checker.rules(&rules.value);
            if let Some(aggregation) = aggregation
                && object.kind == Kind::ClusterRole
            {
                checker.aggregation(aggregation);
            }
        }
    }
    checker.findings
}

/// Gathers what is wrong with one object.
#[derive(Debug)]
struct Checker<'a> {
    sources: &'a SourceMap,
    object: &'a RbacObject,
    /// The object's name in findings, once there is one.
    label: Option<String>,
    findings: Vec<Finding>,
    /// What was said already: an API server says nothing twice.
    seen: HashSet<String>,
}

/// What is wrong with a field, in our words.
#[derive(Debug)]
struct Words {
    message: String,
    /// What is written under the place.
    label: String,
    help: Option<String>,
}

impl Words {
    fn new(message: impl Into<String>, label: impl Into<String>) -> Self {
        Self { message: message.into(), label: label.into(), help: None }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl Checker<'_> {
    /// A field without which nothing goes. `detail` is Kubernetes'; it may be empty.
    fn required(&mut self, field: &str, span: Span, detail: &str, words: Words) {
        let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
        self.push("missing-field", field, span, format!("{field}: Required value{detail}"), words);
    }

    /// A value that does not do; `value` as Kubernetes prints it.
    fn invalid(&mut self, field: &str, span: Span, value: &str, detail: &str, words: Words) {
        let text = format!("{field}: Invalid value: {value}: {detail}");
        self.push("invalid-value", field, span, text, words);
    }

    /// A value that is none of the few that there are.
    fn unsupported(&mut self, field: &str, span: Span, value: &str, supported: &[&str], words: Words) {
        let supported: Vec<String> = supported.iter().map(|value| quote(value)).collect();
        let text = format!(
            "{field}: Unsupported value: {}: supported values: {}",
            quote(value),
            supported.join(", ")
        );
        self.push("unsupported-value", field, span, text, words);
    }

    /// A field that must not be there.
    fn forbidden(&mut self, field: &str, span: Span, detail: &str, words: Words) {
        self.push("forbidden-field", field, span, format!("{field}: Forbidden: {detail}"), words);
    }

    fn push(&mut self, name: &'static str, field: &str, span: Span, kubernetes: String, words: Words) {
        self.push_with(Severity::Error, name, field, span, kubernetes, words);
    }

    fn push_with(
        &mut self,
        severity: Severity,
        name: &'static str,
        field: &str,
        span: Span,
        kubernetes: String,
        words: Words,
    ) {
        if !self.seen.insert(kubernetes.clone()) {
            return;
        }
        let label = self.label.get_or_insert_with(|| self.object.label()).clone();
        let mut finding = Finding::new(name, severity, words.message)
            .at(head(self.sources, span), words.label)
            .field(field)
            .object(label)
            .kubernetes(kubernetes);
        finding.help = words.help;
        self.findings.push(finding);
    }
}

/// A text as Go's JSON encoder writes it.
fn json(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                // Writing to a `String` cannot fail.
                let _ = write!(json, "\\u{:04x}", u32::from(letter));
            }
            _ => json.push(letter),
        }
    }
    json.push('"');
    json
}

/// A list of texts as Go's JSON encoder writes it.
fn json_texts(texts: &Texts) -> String {
    let texts: Vec<String> = texts.value.iter().map(|text| json(text.as_str())).collect();
    format!("[{}]", texts.join(","))
}
