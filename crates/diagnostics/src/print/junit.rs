//! Findings as a report of tests, which most build servers can show.

use std::{collections::BTreeMap, fmt::Write};

use rolecall_source::SourceMap;

use super::{FindingRecord, printable};
use crate::{Finding, Severity};

/// An XML document with a test for each finding, and one for each file in which nothing was found.
///
/// Findings of at least the severity `failing` are failures; others are tests that pass and say something.
pub fn junit(findings: &[Finding], sources: &SourceMap, files: &[&str], failing: Severity) -> String {
    let mut cases: BTreeMap<String, Vec<&Finding>> =
        files.iter().map(|&file| (file.to_owned(), Vec::new())).collect();
    for finding in findings {
        let file = finding.span().map(|span| sources.name_of(span)).or(finding.file.as_deref());
        cases.entry(file.unwrap_or("policy").to_owned()).or_default().push(finding);
    }
    let fails = |finding: &Finding| finding.severity >= failing;
    let failures = findings.iter().filter(|finding| fails(finding)).count();
    let tests: usize = cases.values().map(|found| found.len().max(1)).sum();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let counts = format!("name=\"rolecall check\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\"");
    // Writing to a `String` cannot fail.
    let _ = writeln!(out, "<testsuites {counts}>\n  <testsuite {counts}>");
    for (file, found) in &cases {
        let file = escaped(file);
        if found.is_empty() {
            let _ = writeln!(out, "    <testcase classname=\"{file}\" name=\"check\"/>");
        }
        for finding in found {
            let record = FindingRecord::new(finding, sources);
            let place = match (record.line, record.column) {
                (Some(line), Some(column)) => format!(":{line}:{column}"),
                (Some(line), None) => format!(":{line}"),
                _ => String::new(),
            };
            let name = format!("{}{place}", record.name);
            let _ = writeln!(out, "    <testcase classname=\"{file}\" name=\"{}\">", escaped(&name));
            let text = escaped(&described(&record, &place));
            if fails(finding) {
                let _ = writeln!(
                    out,
                    "      <failure type=\"{}\" message=\"{}\">{text}</failure>",
                    escaped(record.name),
                    escaped(&record.message)
                );
            } else {
                let _ = writeln!(out, "      <system-out>{text}</system-out>");
            }
            out.push_str("    </testcase>\n");
        }
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn described(record: &FindingRecord, place: &str) -> String {
    let mut text = format!("{}[{}]: {}", record.severity, record.name, record.message);
    if let Some(file) = &record.file {
        let _ = write!(text, " at {file}{place}");
    }
    if let Some(object) = &record.object {
        let _ = write!(text, ", in {object}");
    }
    if let Some(help) = &record.help {
        let _ = write!(text, "; help: {help}");
    }
    text
}

/// The text as content or value of an attribute; what XML cannot hold is made visible.
fn escaped(text: &str) -> String {
    printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_tests_and_files_without_any_pass() {
        let mut sources = SourceMap::new();
        let id = sources.add("a<b>&.yaml", "kind: \"x\"\n");
        let findings = [
            Finding::error("bad", "a \"b\" \u{1b}").at(sources.span(id, 6, 9), ""),
            Finding::note("odd", "n").in_file("c.yaml", Some(3)).help("h"),
        ];
        assert_eq!(
            junit(&findings, &sources, &["a<b>&.yaml", "good.yaml"], Severity::Warning),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites name=\"rolecall check\" tests=\"3\" failures=\"1\" errors=\"0\">
  <testsuite name=\"rolecall check\" tests=\"3\" failures=\"1\" errors=\"0\">
    <testcase classname=\"a&lt;b&gt;&amp;.yaml\" name=\"bad:1:7\">
      <failure type=\"bad\" message=\"a &quot;b&quot; \\u{1b}\">error[bad]: a &quot;b&quot; \\u{1b} at a&lt;b&gt;&amp;.yaml:1:7</failure>
    </testcase>
    <testcase classname=\"c.yaml\" name=\"odd:3\">
      <system-out>note[odd]: n at c.yaml:3; help: h</system-out>
    </testcase>
    <testcase classname=\"good.yaml\" name=\"check\"/>
  </testsuite>
</testsuites>
"
        );
    }
}
