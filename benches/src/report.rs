//! Tables in Markdown.

use std::fmt::Write;

/// A table, printed when everything was measured.
#[derive(Debug)]
pub struct Table {
    text: String,
    columns: usize,
}

impl Table {
    /// A table with these columns.
    pub fn new(columns: &[&str]) -> Self {
        let mut table = Self { text: String::new(), columns: columns.len() };
        table.row(columns);
        table.row(&vec!["---"; columns.len()]);
        table
    }

    /// Adds a row.
    ///
    /// # Panics
    ///
    /// When it has another number of cells.
    pub fn row<T: AsRef<str>>(&mut self, cells: &[T]) {
        assert_eq!(cells.len(), self.columns, "cells of a row");
        for cell in cells {
            // Writing to a `String` cannot fail.
            let _ = write!(self.text, "| {} ", cell.as_ref());
        }
        self.text.push_str("|\n");
    }

    /// Prints the table, if this was to measure, below the question that it answers.
    pub fn print(&self, question: &str) {
        if crate::is_measuring() {
            println!("\n{question}\n\n{}", self.text);
        }
    }
}

/// Nanoseconds in the unit in which they are read easily; a dash for none.
pub fn time(nanoseconds: Option<f64>) -> String {
    match nanoseconds {
        None => "–".to_owned(),
        Some(time) if time < 100.0 => format!("{time:.1} ns"),
        Some(time) if time < 10_000.0 => format!("{time:.0} ns"),
        Some(time) if time < 1e7 => format!("{:.0} µs", time / 1e3),
        Some(time) => format!("{:.0} ms", time / 1e6),
    }
}

/// A ratio; a dash for none.
pub fn ratio(ratio: Option<f64>) -> String {
    match ratio {
        None => "–".to_owned(),
        Some(ratio) if ratio < 100.0 => format!("{ratio:.2}"),
        Some(ratio) => format!("{ratio:.0}"),
    }
}
