//! `rolecall check`: load, validate, report.

use std::{io::Write, path::PathBuf};

use clap::{Args, ValueEnum};
use rolecall::{
    diagnostics::{
        Severity,
        print::{FindingRecord, printable_json},
    },
    kubernetes::load::{FileSummary, Load, Validate},
};
use serde::Serialize;

use crate::{
    command::rules::to_json,
    exit::{ExitStatus, Failure},
    policy::{PolicyOptions, count},
    terminal::Terminal,
};

/// Load and validate files, and report every finding.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 no error; 1 an error (with --deny warnings: or a warning); 2 a path could not be read."
)]
pub(crate) struct Arguments {
    /// Kubernetes manifests (YAML or JSON), ABAC policy files, directories of them (.yaml .yml .json
    /// .jsonl), or - for standard input.
    #[arg(value_name = "PATH", required_unless_present = "filename")]
    paths: Vec<PathBuf>,

    /// The same as PATH, as the other commands have it; repeatable.
    #[arg(short, long = "filename", value_name = "PATH", num_args = 1)]
    filename: Vec<PathBuf>,

    #[command(flatten)]
    options: PolicyOptions,

    /// Fail on warnings too.
    #[arg(long, value_name = "WHAT")]
    deny: Option<Deny>,

    /// How to print.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Deny {
    /// Every warning counts as an error.
    Warnings,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Json,
    Text,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    let paths: Vec<_> = arguments.paths.iter().chain(&arguments.filename).cloned().collect();
    let load = arguments.options.load(&paths, Validate::Strict);
    let summary = Summary::of(&load);
    match arguments.output {
        Format::Json => {
            let report = Report {
                files: &load.files,
                findings: load
                    .findings
                    .iter()
                    .map(|finding| FindingRecord::new(finding, &load.sources))
                    .collect(),
                left_out: &load.left_out,
                summary: &summary,
            };
            let json = to_json(&report)?;
            writeln!(terminal.answers(), "{}", printable_json(&json))?;
        }
        Format::Text => terminal.report(&load.findings, &load.sources)?,
    }
    terminal.flush()?;
    Terminal::summary(&summary.to_string());
    let unreadable = load.findings.iter().any(|finding| finding.name == rolecall::files::UNREADABLE);
    Ok(if unreadable {
        ExitStatus::Unanswered
    } else if summary.errors > 0 || arguments.deny.is_some() && summary.warnings > 0 {
        ExitStatus::No
    } else {
        ExitStatus::Yes
    })
}

/// What `-o json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    files: &'a [FileSummary],
    findings: Vec<FindingRecord>,
    left_out: &'a [String],
    summary: &'a Summary,
}

/// Everything counted.
#[derive(Debug, Serialize)]
struct Summary {
    files: usize,
    objects: usize,
    policies: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
}

impl Summary {
    fn of(load: &Load) -> Self {
        let severities = |severity| load.findings.iter().filter(|found| found.severity == severity).count();
        Self {
            files: load.files.len(),
            objects: load.files.iter().flat_map(|file| file.objects.values()).sum(),
            policies: load.files.iter().map(|file| file.policies).sum(),
            errors: severities(Severity::Error),
            warnings: severities(Severity::Warning),
            notes: severities(Severity::Note),
        }
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", count(self.objects, "object", "objects"))?;
        if self.policies > 0 {
            write!(f, " and {}", count(self.policies, "ABAC policy", "ABAC policies"))?;
        }
        write!(f, " in {}: ", count(self.files, "file", "files"))?;
        let found = [
            (self.errors, "error", "errors"),
            (self.warnings, "warning", "warnings"),
            (self.notes, "note", "notes"),
        ];
        let found: Vec<_> = found
            .into_iter()
            .filter(|&(number, ..)| number > 0)
            .map(|(number, one, many)| count(number, one, many))
            .collect();
        if found.is_empty() { f.write_str("nothing found") } else { f.write_str(&found.join(", ")) }
    }
}
