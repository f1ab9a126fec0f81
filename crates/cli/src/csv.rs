//! Records of comma-separated values.
//!
//! Source: RFC 4180.

use std::fmt::Write;

use rolecall::diagnostics::print::printable;

/// One record with its line end.
///
/// A field that a spreadsheet would take for a formula gets an apostrophe in front, which spreadsheets do not show;
/// control characters are escaped, so that a record is one line.
pub(crate) fn record<T: AsRef<str>>(fields: &[T]) -> String {
    let mut out = String::new();
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        let field = printable(field.as_ref());
        let guard = if field.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
        let is_plain = !field.contains([',', '"', ' ']) && guard.is_empty();
        // Writing to a `String` cannot fail.
        let _ = if is_plain {
            out.write_str(&field)
        } else {
            write!(out, "\"{guard}{}\"", field.replace('"', "\"\""))
        };
    }
    out.push_str("\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_have_to_be() {
        assert_eq!(record(&["a", "", "b,c", "say \"x\"", "d e"]), "a,,\"b,c\",\"say \"\"x\"\"\",\"d e\"\r\n");
    }

    #[test]
    fn nothing_is_a_formula_or_a_second_line() {
        assert_eq!(record(&["=1+1", "@x", "-a", "a-b", "*"]), "\"'=1+1\",\"'@x\",\"'-a\",a-b,*\r\n");
        assert_eq!(record(&["a\r\nb", "\u{1b}[2J"]), "a\\r\\nb,\\u{1b}[2J\r\n");
    }
}
