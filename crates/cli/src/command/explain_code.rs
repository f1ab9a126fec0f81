//! `rolecall explain-code`.

use std::io::Write;

use clap::Args;

use crate::{
    codes,
    exit::{ExitStatus, Failure},
    terminal::Terminal,
};

/// Explain what a finding of `check` means, by its name.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The name, as it stands in brackets behind the finding; without it all names are listed.
    name: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    match &arguments.name {
        Some(name) => {
            let code = codes::find(name).map_err(Failure::message)?;
            write!(terminal.answers(), "{}", code.page)?;
        }
        None => {
            let width = codes::ALL.iter().map(|code| code.name.len()).max().unwrap_or_default();
            for code in codes::ALL {
                terminal.answer(&format!("{:width$}  {}", code.name, code.summary()))?;
            }
        }
    }
    Ok(ExitStatus::Yes)
}
