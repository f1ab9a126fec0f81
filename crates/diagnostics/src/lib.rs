//! Findings: what is wrong with a text, as values.
//!
//! A [`Finding`] knows nothing of policies; it has one stable name, a severity, a message in the user's
//! words, places in texts, and a way out. Module [`print`](mod@print) writes them for people and for programs.

mod did_you_mean;
mod finding;
pub mod print;

pub use did_you_mean::{did_you_mean, edit_distance};
pub use finding::{Finding, Label, Severity};
