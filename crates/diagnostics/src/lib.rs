//! Findings: what is wrong with a text, as values.
//!
//! A [`Finding`] knows nothing of policies; it has one stable name, a severity, a message in the user's
//! words, places in texts, and a way out. Printing is another matter.

mod finding;

pub use finding::{Finding, Label, Severity};
