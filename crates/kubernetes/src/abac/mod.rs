//! Kubernetes' ABAC policy files: one policy a line, JSON or (by an accident of its decoder) YAML.
//!
//! | step | where |
//! | --- | --- |
//! | a line becomes fields with places | `line` |
//! | its version is told, its fields are read | `decode` |
//! | defaults are filled in, and what is dangerous is said | `convert` |
//!
//! The whole file is read or nothing of it: the first line that Kubernetes would refuse fails it. YAML lines are taken, as
//! Kubernetes takes them, and warned about: each line is a policy of its own, whatever its indentation.
//!
//! Source: `spec/authorization/abac.md` sections 1 to 3 and 6; `conformance/README.md`, "ABAC".

mod convert;
mod decode;
mod line;

use std::collections::BTreeMap;

use rolecall_diagnostics::{Finding, Severity};
use rolecall_model::AttributePolicy;
use rolecall_source::{SourceId, SourceMap, Span};

/// What an ABAC policy file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicyFile {
    /// The policies, one a line, in the order of the file.
    pub policies: Vec<AttributePolicy>,
    /// How many lines are of which version (`v0`, `v1beta1`).
    pub versions: BTreeMap<&'static str, usize>,
    /// What is worth saying about the lines: a warning where a line does something else than its author expects (in
    /// strict validation, an error), else a note.
    pub findings: Vec<Finding>,
}

/// Reads an ABAC policy file: whole, or not at all. Cost: linear in the text.
///
/// # Errors
///
/// The first line that Kubernetes would refuse, behind the warnings about the lines before it.
pub fn read(sources: &SourceMap, source: SourceId) -> Result<PolicyFile, Vec<Finding>> {
    let mut file = PolicyFile::default();
    let mut remarks = Remarks::default();
    let mut unversioned = None;
    let text = sources.get(source).map_or("", rolecall_source::Source::text);
    let mut start = 0;
    for (index, line) in text.split('\n').enumerate() {
        let place = Place { sources, source, number: index + 1, start, line };
        start += line.len() + 1;
        match read_line(&place, &mut remarks) {
            Ok(None) => {}
            Ok(Some(policy)) => {
                *file.versions.entry(policy.version).or_default() += 1;
                if policy.unversioned {
                    unversioned.get_or_insert(place.whole());
                }
                file.policies.push(policy.policy);
            }
            Err(error) => {
                let mut findings = remarks.finish();
                findings.push(*error);
                return Err(findings);
            }
        }
    }
    if let Some(first) = unversioned {
        remarks.push(unversioned_note(sources, first));
    }
    file.findings = remarks.finish();
    Ok(file)
}

/// One line that is a policy.
struct Policy {
    policy: AttributePolicy,
    version: &'static str,
    /// Whether the version went without saying.
    unversioned: bool,
}

fn read_line(place: &Place<'_>, remarks: &mut Remarks) -> Result<Option<Policy>, Box<Finding>> {
    if place.line.len() >= LONGEST_LINE {
        return Err(Box::new(too_long(place)));
    }
    let text = place.line.trim();
    if text.is_empty() || text.starts_with('#') {
        return Ok(None);
    }
    let line = line::parse(place)?;
    let is_json = line.is_json;
    let decoded = decode::decode(place, line)?;
    let policy = convert::convert(place, &decoded);
    if !is_json {
        remarks.push(yaml_warning(place, &policy));
    }
    convert::remark(place, &decoded, &policy, remarks);
    Ok(Some(Policy { policy, version: decoded.version.name(), unversioned: decoded.unversioned }))
}

/// A line and where it stands.
struct Place<'a> {
    sources: &'a SourceMap,
    source: SourceId,
    /// Counted from 1.
    number: usize,
    /// The offset of its first byte.
    start: usize,
    /// Without its line feed, but with a carriage return before it.
    line: &'a str,
}

impl Place<'_> {
    /// A part of the line; offsets count from its beginning.
    fn span(&self, start: usize, end: usize) -> Span {
        self.sources.span(self.source, self.start + start, self.start + end)
    }

    /// The line without the blanks around it.
    fn whole(&self) -> Span {
        let blanks = self.line.len() - self.line.trim_start().len();
        self.span(blanks, blanks + self.line.trim().len())
    }

    /// What Kubernetes prints when a line fails the file.
    fn kubernetes(&self, cause: &str) -> String {
        let name = self.sources.name_of(self.whole());
        // Kubernetes' lines end before one carriage return.
        let line = self.line.strip_suffix('\r').unwrap_or(self.line);
        format!("error reading policy file {name}, line {}: {line}: {cause}", self.number)
    }
}

/// What is said about lines that are taken. There is an end to it: a file of a million mistakes is understood from the
/// first ones.
#[derive(Default)]
struct Remarks {
    findings: Vec<Finding>,
    left_out: usize,
    worst: Option<Severity>,
}

impl Remarks {
    fn push(&mut self, finding: Finding) {
        if self.findings.len() < MOST_REMARKS {
            self.findings.push(finding);
        } else {
            self.left_out += 1;
            self.worst = self.worst.max(Some(finding.severity));
        }
    }

    fn finish(mut self) -> Vec<Finding> {
        if let Some(worst) = self.worst {
            let message = format!("{} more things are worth saying about lines of this file", self.left_out);
            let mut finding = Finding::new("more-findings", worst, message);
            finding.labels.extend(self.findings.last().and_then(|last| last.labels.first()).cloned());
            self.findings.push(finding);
        }
        self.findings
    }
}

fn too_long(place: &Place<'_>) -> Finding {
    let name = place.sources.name_of(place.whole());
    Finding::error(
        "line-too-long",
        format!(
            "line {} has {} bytes: Kubernetes reads no line of {LONGEST_LINE} bytes or more, not even a comment",
            place.number,
            place.line.len()
        ),
    )
    .at(place.span(0, 1), "this line is too long")
    .help("give each user or group a policy of its own")
    // Kubernetes does not say which line.
    .kubernetes(format!("error reading policy file {name}: bufio.Scanner: token too long"))
}

fn yaml_warning(place: &Place<'_>, policy: &AttributePolicy) -> Finding {
    Finding::warning(
        "yaml-policy-line",
        "this line is no JSON: Kubernetes reads it as YAML, and as a policy of its own, whatever stands above and below it",
    )
    .at(place.whole(), convert::meaning(policy))
    .help("write each policy as a JSON object on one line")
}

fn unversioned_note(sources: &SourceMap, first: Span) -> Finding {
    Finding::note(
        "unversioned-policy",
        "policies without apiVersion and kind are read as version v0, which has no API groups and no paths",
    )
    .at(first, "the first of them")
    .help("write version abac.authorization.kubernetes.io/v1beta1, which says what it means")
    .kubernetes(format!(
        "Policy file {} contained unversioned rules. See docs/admin/authorization.md#abac-mode for ABAC file format details.",
        sources.name_of(first)
    ))
}

/// A line of this many bytes, its line feed apart, is too long for Kubernetes (`bufio.MaxScanTokenSize`).
const LONGEST_LINE: usize = 64 * 1024;

/// How many findings about taken lines one file may give.
const MOST_REMARKS: usize = 1000;

#[cfg(test)]
mod tests;
