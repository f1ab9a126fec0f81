//! Findings in the Static Analysis Results Interchange Format, 2.1.0, which code hosts and editors read.

use std::{collections::BTreeMap, fmt::Write};

use rolecall_source::SourceMap;
use serde::Serialize;

use super::record::{FindingRecord, LabelRecord};
use crate::Finding;

/// What a name of findings means, for those who see it in another program.
#[derive(Clone, Copy, Debug)]
pub struct NameDescription<'a> {
    /// The stable name.
    pub name: &'a str,
    /// What it is about, in one line.
    pub summary: &'a str,
    /// All about it, in Markdown.
    pub page: &'a str,
}

/// The log of one run; serialise it to JSON.
///
/// Columns count characters, as the log says. Serialised, it holds the user's texts as they are: pass the JSON
/// through [`printable_json`](super::printable_json) before a terminal may see it.
///
/// Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
pub fn sarif<'a>(
    findings: &[Finding],
    sources: &SourceMap,
    names: &[NameDescription<'a>],
    version: &'a str,
) -> SarifLog<'a> {
    let mut used: BTreeMap<&'static str, usize> = findings.iter().map(|finding| (finding.name, 0)).collect();
    for (index, number) in used.values_mut().enumerate() {
        *number = index;
    }
    let rules = used
        .keys()
        .map(|&name| {
            let known = names.iter().find(|known| known.name == name);
            ReportingDescriptor {
                id: name,
                short_description: known.map(|known| Message { text: known.summary.to_owned() }),
                help: known.map(|known| Help { text: known.page, markdown: known.page }),
            }
        })
        .collect();
    let results = findings
        .iter()
        .map(|finding| {
            let rule_index = used.get(finding.name).copied().unwrap_or_default();
            result(&FindingRecord::new(finding, sources), rule_index)
        })
        .collect();
    SarifLog {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "rolecall",
                    version,
                    information_uri: env!("CARGO_PKG_REPOSITORY"),
                    rules,
                },
            },
            column_kind: "unicodeCodePoints",
            results,
        }],
    }
}

fn result(record: &FindingRecord, rule_index: usize) -> Outcome {
    let mut text = record.message.clone();
    if let Some(help) = &record.help {
        text.push_str("; help: ");
        text.push_str(help);
    }
    let region = match (record.labels.first(), record.line) {
        (Some(label), _) => Some(Region::of(label)),
        (None, Some(line)) => Some(Region { start_line: line, ..Region::default() }),
        (None, None) => None,
    };
    let location = record.file.as_ref().map(|file| Location {
        id: None,
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri: uri(file) },
            region,
        },
        logical_locations: record
            .object
            .iter()
            .map(|object| LogicalLocation { fully_qualified_name: object.clone(), kind: "object" })
            .collect(),
        message: None,
    });
    let related = record.labels.iter().enumerate().skip(1).map(|(id, label)| Location {
        id: Some(id),
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri: uri(&label.file) },
            region: Some(Region::of(label)),
        },
        logical_locations: Vec::new(),
        message: Some(Message { text: label.text.clone() }),
    });
    Outcome {
        rule_id: record.name,
        rule_index,
        level: record.severity,
        message: Message { text },
        locations: location.into_iter().collect(),
        related_locations: related.collect(),
    }
}

/// A path as a reference: what may not stand in one is written as `%` and its number.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            b'\\' if cfg!(windows) => uri.push('/'),
            _ => {
                // Writing to a `String` cannot fail.
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

/// See [`sarif`].
#[derive(Debug, Serialize)]
pub struct SarifLog<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    column_kind: &'static str,
    results: Vec<Outcome>,
}

#[derive(Debug, Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    version: &'a str,
    information_uri: &'static str,
    rules: Vec<ReportingDescriptor<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportingDescriptor<'a> {
    id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    short_description: Option<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Help<'a>>,
}

#[derive(Debug, Serialize)]
struct Help<'a> {
    text: &'a str,
    markdown: &'a str,
}

#[derive(Debug, Serialize)]
struct Message {
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Debug, Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<usize>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
    kind: &'static str,
}

impl Region {
    fn of(label: &LabelRecord) -> Self {
        Self {
            start_line: label.line,
            start_column: Some(label.column),
            end_line: Some(label.end_line),
            end_column: Some(label.end_column),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("a b/ü:1%.yaml"), "a%20b/%C3%BC%3A1%25.yaml");
        assert_eq!(uri("/tmp/x-1_2.~.yaml"), "/tmp/x-1_2.~.yaml");
    }

    #[test]
    fn names_are_listed_once_and_referred_to_by_number() {
        let mut sources = SourceMap::new();
        let id = sources.add("a.yaml", "kind: x\n");
        let place = sources.span(id, 6, 7);
        let findings = [
            Finding::error("b", "one").at(place, "").at(place, "also"),
            Finding::warning("a", "two").in_file("c.yaml", Some(2)),
            Finding::error("b", "three"),
        ];
        let names = [NameDescription { name: "b", summary: "about b", page: "# b" }];
        let log = serde_json::to_value(sarif(&findings, &sources, &names, "1.0")).unwrap();
        let run = &log["runs"][0];
        let ids: Vec<_> =
            run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|r| &r["id"]).collect();
        assert_eq!(ids, ["a", "b"]);
        let indexes: Vec<_> = run["results"].as_array().unwrap().iter().map(|r| &r["ruleIndex"]).collect();
        assert_eq!(indexes, [1, 0, 1]);
        assert_eq!(run["results"][0]["locations"][0]["physicalLocation"]["region"]["startColumn"], 7);
        assert_eq!(run["results"][0]["relatedLocations"][0]["message"]["text"], "also");
        assert_eq!(run["results"][1]["locations"][0]["physicalLocation"]["region"]["startLine"], 2);
        assert!(run["results"][2].get("locations").is_none());
    }
}
