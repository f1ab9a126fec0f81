//! Tables as kubectl prints them.

use std::fmt::Write;

/// Columns are padded by three spaces and at least six wide; the last one is not padded.
///
/// Source: `spec/authorization/kubectl.md` section 1.
pub(crate) fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let mut widths = [0; COLUMNS];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (cell.chars().count() + 3).max(6).max(*width);
        }
    }
    let mut out = String::new();
    for row in rows {
        for (index, (width, cell)) in widths.iter().zip(row).enumerate() {
            let width = if index + 1 == COLUMNS { 0 } else { *width };
            // Writing to a `String` cannot fail.
            let _ = write!(out, "{cell:width$}");
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_three_spaces_between_them_and_a_least_width() {
        let rows = [["a".into(), "long one".into(), "x".into()], [String::new(), "é".into(), "yy".into()]];
        assert_eq!(table(&rows), "a     long one   x\n      é          yy\n");
    }
}
