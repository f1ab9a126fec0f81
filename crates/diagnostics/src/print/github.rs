//! Findings as commands of GitHub's workflows, which show them beside the lines of a change.

use std::fmt::Write;

use rolecall_source::SourceMap;

use super::{FindingRecord, printable};
use crate::Finding;

/// One line a finding: `::warning file=…,line=…::…`.
///
/// Nothing of a file can end the line or begin another command: line ends and the signs that part properties are
/// written as GitHub reads them back, and control characters are made visible.
pub fn github(findings: &[Finding], sources: &SourceMap) -> String {
    let mut out = String::new();
    for finding in findings {
        let record = FindingRecord::new(finding, sources);
        let kind = if record.severity == "note" { "notice" } else { record.severity };
        let mut properties = Vec::new();
        if let Some(file) = &record.file {
            properties.push(format!("file={}", property(file)));
        }
        let places = [
            ("line", record.line),
            ("endLine", record.end_line),
            ("col", record.column),
            ("endColumn", record.end_column),
        ];
        properties.extend(places.iter().filter_map(|(key, number)| Some(format!("{key}={}", (*number)?))));
        properties.push(format!("title={}", property(record.name)));
        let mut message = record.message;
        if let Some(object) = record.object {
            message.push_str("\nin ");
            message.push_str(&object);
        }
        if let Some(help) = record.help {
            message.push_str("\nhelp: ");
            message.push_str(&help);
        }
        // Writing to a `String` cannot fail.
        let _ = writeln!(out, "::{kind} {}::{}", properties.join(","), data(&message));
    }
    out
}

fn data(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(|line| printable(line).replace('%', "%25")).collect();
    lines.join("%0A")
}

fn property(text: &str) -> String {
    printable(text).replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_command_whatever_its_texts_hold() {
        let mut sources = SourceMap::new();
        let id = sources.add("a,b:100%.yaml", "kind: Role\nname: x\n");
        let findings = [
            Finding::warning("some-lint", "50% of\r::error::it").at(sources.span(id, 17, 18), "").help("do"),
            Finding::note("other", "n").in_file("c\n.yaml", None),
        ];
        assert_eq!(
            github(&findings, &sources),
            "::warning file=a%2Cb%3A100%25.yaml,line=2,endLine=2,col=7,endColumn=8,title=some-lint\
             ::50%25 of\\r::error::it%0Ahelp: do\n::notice file=c\\n.yaml,title=other::n\n"
        );
    }
}
