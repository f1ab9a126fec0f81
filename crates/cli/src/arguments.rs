//! The command line: help, completions and man pages come from here.

use std::ffi::OsString;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum, error::ErrorKind};

use crate::{command, exit::ExitStatus, invocation, terminal};

const EXIT_CODES: &str = "\
Exit codes:
  0  the answer is yes, or all is well
  1  the answer is no, or something was found
  2  it could not be answered: bad input, bad flag, unreadable file
     (can-i answers with 1 then, as kubectl does)";

/// Answers Kubernetes' access-control questions from files, exactly as an API server would.
#[derive(Debug, Parser)]
#[command(
    name = "rolecall",
    bin_name = invocation::name(),
    version,
    after_help = EXIT_CODES,
    disable_help_subcommand = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// When to use colours; `auto`: on a terminal, unless `NO_COLOR` is set.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Bench(command::bench::Arguments),
    CanI(command::can_i::Arguments),
    Check(command::check::Arguments),
    Compile(command::compile::Arguments),
    Completions(command::completions::Arguments),
    Explain(command::explain::Arguments),
    ExplainCode(command::explain_code::Arguments),
    Inspect(command::inspect::Arguments),
    Man(command::man::Arguments),
    Matrix(command::matrix::Arguments),
    Review(command::review::Arguments),
    Rules(command::rules::Arguments),
    Verify(command::verify::Arguments),
    WhatCan(command::what_can::Arguments),
    WhoCan(command::who_can::Arguments),
}

impl Command {
    /// How the command ends when it cannot answer.
    pub(crate) fn failure_status(&self) -> ExitStatus {
        if matches!(self, Self::CanI(_)) { ExitStatus::No } else { ExitStatus::Unanswered }
    }
}

/// When to use colours.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Color {
    /// Always, whatever the output is.
    Always,
    /// On a terminal.
    Auto,
    /// Never.
    Never,
}

impl Color {
    pub(crate) fn choice(self) -> anstream::ColorChoice {
        match self {
            Self::Always => anstream::ColorChoice::Always,
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Never => anstream::ColorChoice::Never,
        }
    }
}

/// Reads the command line; help and versions are printed, and what is wrong with it is said in one line.
pub(crate) fn parse(given: &[OsString]) -> Result<Arguments, ExitStatus> {
    let error = match Arguments::try_parse_from(given) {
        Ok(arguments) => return Ok(arguments),
        Err(error) => error,
    };
    match error.kind() {
        // Where standard output is closed there is nobody to tell.
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = error.print();
            Err(ExitStatus::Yes)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            Err(ExitStatus::Unanswered)
        }
        _ => {
            let name = subcommand(given);
            let see = invocation::line(&name.as_ref().map_or("-h".to_owned(), |name| format!("{name} -h")));
            let text = format!("{} (see '{see}')", one_line(&error.render().to_string()));
            terminal::Terminal::new(anstream::ColorChoice::Auto).error(&text);
            Err(if name.as_deref() == Some("can-i") { ExitStatus::No } else { ExitStatus::Unanswered })
        }
    }
}

/// Which subcommand was meant by arguments that do not parse.
fn subcommand(given: &[OsString]) -> Option<String> {
    let matches = Arguments::command().ignore_errors(true).try_get_matches_from(given).ok()?;
    matches.subcommand_name().map(str::to_owned)
}

/// What clap has to say, without the usage.
fn one_line(rendered: &str) -> String {
    let mut text = String::new();
    let lines = rendered.lines().map(str::trim).filter(|line| !line.is_empty());
    for line in lines.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more")) {
        if let Some(tip) = line.strip_prefix("tip: ") {
            text.push_str("; ");
            text.push_str(tip);
        } else if text.is_empty() {
            text.push_str(line.trim_start_matches("error: "));
        } else {
            text.push(' ');
            text.push_str(line);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_usage_error_is_one_line_with_its_suggestion() {
        let given = ["rolecall", "can-i", "get", "pods", "--subresorce", "log"];
        let error = Arguments::try_parse_from(given).unwrap_err();
        assert_eq!(
            one_line(&error.render().to_string()),
            "unexpected argument '--subresorce' found; a similar argument exists: '--subresource'"
        );
    }
}
