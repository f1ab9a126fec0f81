//! The rolecall command: who can do what, and why.
//!
//! Arguments and printing; everything else is the library's.

mod access;
mod arguments;
mod codes;
mod command;
mod compiled;
mod configuration;
mod csv;
mod defaults_used;
mod exit;
mod explanation_json;
mod identity;
mod invocation;
mod manifest;
mod objects;
mod policy;
mod progress;
mod question;
mod subject;
mod table;
mod terminal;
mod yaml;

use std::process::ExitCode;

use crate::{
    arguments::{Arguments, Command},
    exit::{ExitStatus, Failure},
    terminal::Terminal,
};

fn main() -> ExitCode {
    let given: Vec<_> = std::env::args_os().collect();
    let arguments = match arguments::parse(&given) {
        Ok(arguments) => arguments,
        Err(status) => return status.into(),
    };
    let mut terminal = Terminal::new(arguments.color.choice());
    let outcome = run(&arguments, &mut terminal).and_then(|status| {
        terminal.flush()?;
        Ok(status)
    });
    let status = match outcome {
        Ok(status) => status,
        Err(failure) => fail(&failure, arguments.command.failure_status(), &mut terminal),
    };
    terminal.abandon();
    status.into()
}

fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    match &arguments.command {
        Command::Bench(arguments) => command::bench::run(arguments, terminal),
        Command::CanI(arguments) => command::can_i::run(arguments, terminal),
        Command::Check(arguments) => command::check::run(arguments, terminal),
        Command::Compile(arguments) => command::compile::run(arguments, terminal),
        Command::Completions(arguments) => command::completions::run(arguments, terminal),
        Command::Explain(arguments) => command::explain::run(arguments, terminal),
        Command::ExplainCode(arguments) => command::explain_code::run(arguments, terminal),
        Command::Inspect(arguments) => command::inspect::run(arguments, terminal),
        Command::Man(arguments) => command::man::run(arguments, terminal),
        Command::Matrix(arguments) => command::matrix::run(arguments, terminal),
        Command::Review(arguments) => command::review::run(arguments, terminal),
        Command::Rules(arguments) => command::rules::run(arguments, terminal),
        Command::Verify(arguments) => command::verify::run(arguments, terminal),
        Command::WhatCan(arguments) => command::what_can::run(arguments, terminal),
        Command::WhoCan(arguments) => command::who_can::run(arguments, terminal),
    }
}

fn fail(failure: &Failure, status: ExitStatus, terminal: &mut Terminal) -> ExitStatus {
    if !matches!(failure, Failure::Output(_)) {
        // What was answered before counts; what comes now is said on the other stream in any case.
        let _ = terminal.flush();
    }
    match failure {
        Failure::Message(message) => {
            terminal.error(message);
            status
        }
        Failure::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitStatus::Yes,
        Failure::Output(error) => {
            terminal.error(&format!("cannot write the answer: {error}"));
            status
        }
        Failure::Reported => status,
    }
}
