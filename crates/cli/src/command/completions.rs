//! `rolecall completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::{
    exit::{ExitStatus, Failure},
    terminal::Terminal,
};

/// Print a completion script for a shell.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The shell.
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut crate::arguments::Arguments::command(),
        "rolecall",
        &mut script,
    );
    std::io::Write::write_all(terminal.answers(), &script)?;
    Ok(ExitStatus::Yes)
}
