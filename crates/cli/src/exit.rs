//! How the command ends.

use std::{io, process::ExitCode};

/// The three ways to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ExitStatus {
    /// The answer is no, or something was found.
    No,
    /// It could not be answered.
    Unanswered,
    /// The answer is yes, or all is well.
    Yes,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Yes => 0,
            ExitStatus::No => 1,
            ExitStatus::Unanswered => 2,
        })
    }
}

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something to say in one line.
    Message(String),
    /// The answer could not be written.
    Output(io::Error),
    /// Everything has been said.
    Reported,
}

impl Failure {
    pub(crate) fn message(text: impl Into<String>) -> Self {
        Self::Message(text.into())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
