//! `rolecall compile`: a policy as one file that decides without the files that it was made of.

use std::{
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use clap::Args;
use rolecall::compiled::SaveOptions;

use crate::{
    compiled,
    exit::{ExitStatus, Failure},
    policy::{PolicyArguments, count},
    progress,
    terminal::Terminal,
};

/// Compile a policy to one file, which every command takes in the place of the files that it was made of.
///
/// The file is written whole or not at all, and is byte for byte the same for the same policy. A compiled policy can be
/// compiled again, to sign or to strip it.
#[derive(Args, Debug)]
#[command(after_help = "Exit codes: 0 written; 2 it could not be written.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    policy: PolicyArguments,

    /// Where to write it, or - for standard output.
    #[arg(short, long, value_name = "FILE.rcb")]
    output: PathBuf,

    /// Sign it with this key: a private Ed25519 key in PEM, as openssl writes it.
    #[arg(long, value_name = "KEY.pem")]
    sign: Option<PathBuf>,

    /// Leave out roles, bindings and where they stand: the file is smaller, decides as before, and cannot
    /// explain, list, or be verified.
    #[arg(long)]
    strip: bool,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    let to_stdout = arguments.output == Path::new("-");
    if to_stdout && io::stdout().is_terminal() {
        return Err(Failure::message("a compiled policy is not for a terminal: name a file with -o"));
    }
    // A key that cannot be used is worth knowing before a large policy is read.
    let mut options = SaveOptions::default();
    options.strip = arguments.strip;
    if let Some(path) = &arguments.sign {
        options.sign = Some(compiled::signing_key(path, terminal)?);
    }
    let engine = arguments.policy.open_reproducibly(terminal)?;
    let image = progress::watched("writing the policy", || engine.file_image(&options));
    if to_stdout {
        image.write_to(terminal.answers())?;
        return Ok(ExitStatus::Yes);
    }
    progress::watched("writing the policy", || image.save(&arguments.output)).map_err(|error| {
        Failure::message(format!("cannot write `{}`: {error}", arguments.output.display()))
    })?;
    let model = engine.policies().model();
    let mut parts = vec![
        count(model.roles().len(), "role", "roles"),
        count(model.bindings().len(), "binding", "bindings"),
    ];
    if !model.attribute_policies().is_empty() {
        parts.push(count(model.attribute_policies().len(), "ABAC policy", "ABAC policies"));
    }
    Terminal::summary(&format!(
        "{}: {} in {}",
        arguments.output.display(),
        parts.join(", "),
        count(image.length(), "byte", "bytes")
    ));
    Ok(ExitStatus::Yes)
}
