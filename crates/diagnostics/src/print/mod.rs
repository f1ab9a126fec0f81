//! Findings for people and for programs.
//!
//! | for | use |
//! | --- | --- |
//! | a person at a terminal | [`terminal`] |
//! | a program | [`FindingRecord`], serialised to JSON |
//! | a text from a file in a message of your own | [`printable`] |
//!
//! What stands in a file never reaches a terminal as it is: an escape sequence in a name could otherwise
//! rewrite the very message that warns about it.

mod escape;
mod excerpt;
mod record;
mod terminal;

pub use escape::{printable, printable_json};
pub use record::{FindingRecord, LabelRecord};
pub use terminal::terminal;
