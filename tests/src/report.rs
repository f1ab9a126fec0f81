//! What a suite tells at its end, whether it passes or fails.

use std::io::{self, Write};

/// Prints a line past the test runner, which keeps the output of tests that pass to itself.
pub fn line(text: &str) {
    // A closed standard error is no reason for a test to fail.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// What a suite has run and what was wrong.
#[derive(Debug, Default)]
pub struct Report {
    failures: Vec<String>,
}

impl Report {
    /// Takes one difference in.
    pub fn failure(&mut self, text: String) {
        self.failures.push(text);
    }

    /// Takes a difference in unless the condition holds.
    pub fn check(&mut self, holds: bool, text: impl FnOnce() -> String) {
        if !holds {
            self.failure(text());
        }
    }

    /// Takes another report's differences in.
    pub fn absorb(&mut self, other: Self) {
        self.failures.extend(other.failures);
    }

    /// Prints what was run.
    ///
    /// # Panics
    ///
    /// When there was a difference: the first ones are shown, all are counted.
    pub fn finish(self, suite: &str, ran: &str) {
        let count = self.failures.len();
        line(&format!("{suite}: {ran}, {count} failures"));
        if count > 0 {
            let shown: Vec<_> = self.failures.iter().take(SHOWN).cloned().collect();
            panic!("{suite}: {count} failures\n{}", shown.join("\n"));
        }
    }
}

/// How many differences a failing suite shows.
const SHOWN: usize = 40;
