//! Why a compiled file is refused.

use std::{fmt, io};

use crate::{Malformed, SectionKind};

/// Why a compiled file is refused. Nothing is decided from a file that is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// Its bytes are not those that were written.
    #[error("this compiled policy is damaged: {0}")]
    Damaged(Damage),
    /// It is no compiled policy.
    #[error("this is no compiled policy")]
    Foreign,
    /// It was written in another version of the format.
    #[error(
        "this compiled policy is of format {found}, and this version of rolecall reads format {}",
        crate::FORMAT_VERSION
    )]
    OtherFormat {
        /// The version of its format.
        found: u32,
    },
    /// Its tables were written by a version of the engine, or on a kind of machine, with another layout.
    #[error("the tables of this compiled policy cannot be read here: {0}")]
    OtherTables(String),
    /// What was asked for needs the model, which was left out when the file was written.
    #[error("this compiled policy was stripped: it can decide, but not say why")]
    Stripped,
    /// It cannot be read.
    #[error("cannot read this")]
    Unreadable(#[from] io::Error),
    /// A signature is asked for, and there is none.
    #[error("this compiled policy is not signed")]
    Unsigned,
    /// The signature was not made with the key that is asked for, or not for this content.
    #[error("the signature of this compiled policy does not fit the key")]
    WrongSignature,
}

impl FileError {
    /// The stable name of what is wrong.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Damaged(_) => "compiled-damaged",
            Self::Foreign => "compiled-foreign",
            Self::OtherFormat { .. } | Self::OtherTables(_) => "compiled-format",
            Self::Stripped => "compiled-stripped",
            Self::Unreadable(_) => "unreadable",
            Self::Unsigned => "compiled-unsigned",
            Self::WrongSignature => "compiled-signature",
        }
    }

    /// The way out.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Damaged(_) => "fetch it again, or compile the policy again: none of it is used",
            Self::Foreign => "`rolecall compile -f PATH -o FILE.rcb` makes one",
            Self::OtherFormat { found } if *found > crate::FORMAT_VERSION => {
                "install a newer version of rolecall, or compile the policy with this one"
            }
            Self::OtherFormat { .. } | Self::OtherTables(_) => {
                "compile the policy again with this version of rolecall, for this kind of machine"
            }
            Self::Stripped => "compile it without --strip, or ask the files that it was made of",
            Self::Unreadable(_) => "expected a file that can be opened and read",
            Self::Unsigned => "sign it when it is compiled (--sign KEY), or do not ask for a signature",
            Self::WrongSignature => {
                "ask whoever sent it which key it was signed with; if that is this one, the file was changed"
            }
        }
    }
}

/// What shows that a file is not as it was written.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Damage {
    /// The checksum is not that of the content.
    Checksum,
    /// The file is longer or shorter than it was.
    Length {
        /// How long it was.
        written: u64,
        /// How long it is; more than `written`, at least so long.
        found: u64,
    },
    /// The header or the table of sections says what cannot be.
    Header(&'static str),
    /// A section is not what its kind has to be.
    Section(SectionKind, Malformed),
    /// The tables are not what tables have to be.
    Tables(String),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checksum => f.write_str("its checksum does not fit its content"),
            Self::Length { written, found } if found < written => {
                write!(f, "it ends after {found} of {written} bytes")
            }
            Self::Length { written, .. } => write!(f, "something follows its {written} bytes"),
            Self::Header(what) => write!(f, "{what}"),
            Self::Section(kind, malformed) => write!(f, "in its section `{kind}`, {malformed}"),
            Self::Tables(what) => write!(f, "in its section `{}`, {what}", SectionKind::Tables),
        }
    }
}

impl From<Damage> for FileError {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}
