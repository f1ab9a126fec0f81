//! A finding for programs.

use rolecall_source::{SourceMap, Span};
use serde::Serialize;

use crate::{Finding, Severity};

/// A finding with its places as lines and columns, in the form that `-o json` prints. Fields that a finding
/// does not have are left out; names and meanings stay the same within a major version.
///
/// Serialised, it holds the user's texts as they are: pass the JSON through
/// [`printable_json`](super::printable_json) before a terminal may see it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct FindingRecord {
    /// The stable name: `unknown-field`.
    pub name: &'static str,
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    /// What was found.
    pub message: String,
    /// The file, as it was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column in characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The line of the place's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_line: Option<usize>,
    /// The column behind the place's last character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_column: Option<usize>,
    /// The field's path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The object, as kubectl names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What an API server says of the same fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<String>,
    /// All places with their remarks; the first is the one that `line` and `column` mean.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<LabelRecord>,
}

/// A place with a remark.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct LabelRecord {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line of the place's end.
    pub end_line: usize,
    /// The column behind the place's last character.
    pub end_column: usize,
    /// The remark; may be empty.
    pub text: String,
}

impl FindingRecord {
    /// The record of a finding whose spans point into `sources`.
    pub fn new(finding: &Finding, sources: &SourceMap) -> Self {
        let labels: Vec<_> =
            finding.labels.iter().map(|label| LabelRecord::new(label.span, &label.text, sources)).collect();
        let first = labels.first();
        Self {
            name: finding.name,
            severity: Severity::as_str(finding.severity),
            message: finding.message.clone(),
            file: first.map(|label| label.file.clone()).or_else(|| finding.file.clone()),
            line: first.map(|label| label.line).or(finding.line),
            column: first.map(|label| label.column),
            end_line: first.map(|label| label.end_line),
            end_column: first.map(|label| label.end_column),
            field: finding.field.clone(),
            object: finding.object.clone(),
            help: finding.help.clone(),
            kubernetes: finding.kubernetes.clone(),
            labels,
        }
    }
}

impl LabelRecord {
    fn new(span: Span, text: &str, sources: &SourceMap) -> Self {
        let start = sources.position(span);
        let end = sources.position(sources.span(span.source(), span.end(), span.end()));
        Self {
            file: sources.name_of(span).to_owned(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            text: text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_record_has_the_facts_of_the_finding_and_nothing_that_is_not_there() {
        let mut sources = SourceMap::new();
        let id = sources.add("a.yaml", "kind: Role\nrulez: []\n");
        let finding = Finding::error("unknown-field", "there is no field `rulez`")
            .at(sources.span(id, 11, 16), "did you mean `rules`?")
            .object("Role a/b")
            .field("rulez");
        let record = serde_json::to_value(FindingRecord::new(&finding, &sources)).unwrap();
        assert_eq!(
            record,
            json!({
                "name": "unknown-field",
                "severity": "error",
                "message": "there is no field `rulez`",
                "file": "a.yaml",
                "line": 2,
                "column": 1,
                "end_line": 2,
                "end_column": 6,
                "field": "rulez",
                "object": "Role a/b",
                "labels": [{
                    "file": "a.yaml", "line": 2, "column": 1, "end_line": 2, "end_column": 6,
                    "text": "did you mean `rules`?",
                }],
            })
        );
    }

    #[test]
    fn a_finding_without_a_text_names_its_file_and_line() {
        let finding = Finding::error("invalid-encoding", "no UTF-8").in_file("b.yaml", Some(7));
        let record = FindingRecord::new(&finding, &SourceMap::new());
        assert_eq!((record.file.as_deref(), record.line, record.column), (Some("b.yaml"), Some(7), None));
    }
}
