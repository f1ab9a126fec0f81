//! Findings for people and for programs.
//!
//! | for | use |
//! | --- | --- |
//! | a person at a terminal | [`terminal`] |
//! | a program | [`FindingRecord`], serialised to JSON |
//! | code hosts, editors, build servers | [`sarif`], [`github`], [`junit`] |
//! | a text from a file in a message of your own | [`printable`] |
//!
//! What stands in a file never reaches a terminal as it is: an escape sequence in a name could otherwise
//! rewrite the very message that warns about it.

mod escape;
mod excerpt;
mod github;
mod junit;
mod record;
mod sarif;
mod terminal;

pub use escape::{printable, printable_json};
pub use github::github;
pub use junit::junit;
pub use record::{FindingRecord, LabelRecord};
pub use sarif::{NameDescription, SarifLog, sarif};
pub use terminal::terminal;
