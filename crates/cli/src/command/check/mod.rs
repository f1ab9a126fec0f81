//! `rolecall check`: load, validate, lint, report.

mod lint;

use std::{io::Write, path::PathBuf};

use clap::{Args, ValueEnum};
use rolecall::{
    diagnostics::{
        Severity,
        print::{self, FindingRecord, NameDescription, printable_json},
    },
    kubernetes::load::{FileSummary, Load, Validate},
};
use serde::Serialize;

use self::lint::LevelArguments;
use crate::{
    codes,
    command::rules::to_json,
    exit::{ExitStatus, Failure},
    invocation,
    policy::{PolicyOptions, count},
    terminal::Terminal,
};

/// Load and validate files, look for what is legal and seldom meant, and report every finding.
#[derive(Args, Debug)]
#[command(
    after_help = format!(
        "Exit codes: 0 no error; 1 an error (with --deny warnings: or a warning); 2 a path could not be read.\n\
         A comment `# rolecall: allow NAME because REASON`, on the line of a finding or the line before, takes \
         it away; {} NAME says what a finding means.",
        invocation::line("explain-code")
    )
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

    #[command(flatten)]
    levels: LevelArguments,

    /// How to print.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Commands of GitHub's workflows: annotations beside the lines of a change.
    Github,
    /// For programs; docs/schemas/check.schema.json describes it.
    Json,
    /// A report of tests, for build servers.
    Junit,
    /// The Static Analysis Results Interchange Format, for code hosts and editors.
    Sarif,
    /// For people.
    Text,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    let paths: Vec<_> = arguments.paths.iter().chain(&arguments.filename).cloned().collect();
    let levels = arguments.levels.levels()?;
    let mut load = arguments.options.load(&paths, Validate::Strict);
    // Where nothing but decoding is to be looked at, nothing else is.
    if !arguments.options.ignores() {
        lint::complete(&mut load, &levels);
    }
    let failing = if arguments.levels.denies_warnings() { Severity::Warning } else { Severity::Error };
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
        Format::Github => {
            write!(terminal.answers(), "{}", print::github(&load.findings, &load.sources))?;
        }
        Format::Junit => {
            let files: Vec<_> = load.files.iter().map(|file| file.file.as_str()).collect();
            let report = print::junit(&load.findings, &load.sources, &files, failing);
            write!(terminal.answers(), "{report}")?;
        }
        Format::Sarif => {
            let names: Vec<NameDescription<'_>> = codes::ALL.iter().map(Into::into).collect();
            let log = print::sarif(&load.findings, &load.sources, &names, env!("CARGO_PKG_VERSION"));
            let json = to_json(&log)?;
            writeln!(terminal.answers(), "{}", printable_json(&json))?;
        }
        Format::Text => terminal.report(&load.findings, &load.sources)?,
    }
    terminal.flush()?;
    let about = load.findings.iter().rev().max_by_key(|finding| finding.severity).map(|finding| finding.name);
    let hint = about
        .map_or(String::new(), |name| format!(" ({} {name} tells more)", invocation::line("explain-code")));
    Terminal::summary(&format!("{summary}{hint}"));
    let unreadable = load.findings.iter().any(|finding| finding.name == rolecall::files::UNREADABLE);
    Ok(if unreadable {
        ExitStatus::Unanswered
    } else if load.findings.iter().any(|finding| finding.severity >= failing) {
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
        let severities = |severity| lint::count_of(&load.findings, severity);
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
