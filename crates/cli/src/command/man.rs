//! `rolecall man`.

use clap::{Args, CommandFactory};

use crate::{
    exit::{ExitStatus, Failure},
    terminal::Terminal,
};

/// Print a man page (to read it: rolecall man can-i | man -l -).
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The subcommand that the page is about; the command itself if not given.
    subcommand: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    let mut command = crate::arguments::Arguments::command();
    command.build();
    if let Some(name) = &arguments.subcommand {
        let Some(subcommand) = command.find_subcommand(name) else {
            return Err(Failure::message(format!("there is no subcommand `{name}`")));
        };
        command = subcommand.clone();
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    std::io::Write::write_all(terminal.answers(), &page)?;
    Ok(ExitStatus::Yes)
}
