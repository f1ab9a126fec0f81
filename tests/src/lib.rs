//! What the suites over the shared material have in common: finding it, reading it, and the list of what is
//! held to it.
//!
//! | idea | module |
//! | --- | --- |
//! | where the shared material is | [`shared`] |
//! | one case of the conformance vectors | [`case`] |
//! | what answers: reference, engine | [`implementation`] |
//! | a case through every implementation | [`conformance`] |
//! | what a loader must find in a real file | [`corpus`], [`facts`], [`digest`] |
//! | what must happen to a nasty file | [`nasty`] |
//! | whether JSON is as its schema has it | [`json_schema`] |
//! | a command, its output, its time and memory | [`command`] |
//!
//! No case, project or file is named in code: other material of the same layout can stand in the same place
//! (environment variable `ROLECALL_SHARED`).
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

pub mod case;
pub mod command;
pub mod conformance;
pub mod corpus;
pub mod digest;
pub mod facts;
pub mod implementation;
pub mod json_schema;
pub mod nasty;
pub mod report;
pub mod shared;

/// The book's programs, which are compiled, and run where they need no files.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../../docs/library.md")]
    mod library {}
    #[doc = include_str!("../../docs/property-tests.md")]
    mod property_tests {}
}
