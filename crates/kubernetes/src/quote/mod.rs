//! Texts quoted as Go's `%q` does it, which is how Kubernetes' messages name things.

mod printable;

use std::fmt::Write as _;

use printable::is_printable;

/// The text between double quotes, with Go's escapes (`strconv.Quote`).
///
/// ```
/// use rolecall_kubernetes::quote::quote;
///
/// assert_eq!(quote("a\"b\u{200b}c 中"), r#""a\"b\u200bc 中""#);
/// ```
///
/// Source: `conformance/README.md`, "RBAC", on reasons.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    // Nearly every name stands as it is.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
        quoted.push_str(text);
    } else {
        for character in text.chars() {
            push_escaped(&mut quoted, character);
        }
    }
    quoted.push('"');
    quoted
}

fn push_escaped(quoted: &mut String, character: char) {
    let code = u32::from(character);
    // Writing to a String cannot fail.
    let _ = match character {
        '"' => quoted.write_str(r#"\""#),
        '\\' => quoted.write_str(r"\\"),
        '\u{7}' => quoted.write_str(r"\a"),
        '\u{8}' => quoted.write_str(r"\b"),
        '\t' => quoted.write_str(r"\t"),
        '\n' => quoted.write_str(r"\n"),
        '\u{b}' => quoted.write_str(r"\v"),
        '\u{c}' => quoted.write_str(r"\f"),
        '\r' => quoted.write_str(r"\r"),
        _ if is_printable(character) => quoted.write_char(character),
        '\0'..' ' | '\u{7f}' => write!(quoted, r"\x{code:02x}"),
        _ if code <= 0xffff => write!(quoted, r"\u{code:04x}"),
        _ => write!(quoted, r"\U{code:08x}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(quote(text), format!("\"{expected}\""), "{text:?}");
    }

    #[test]
    fn a_text_is_quoted_character_by_character_and_names_no_differently() {
        for character in '\0'..='\u{ff}' {
            let mut expected = String::from("a");
            push_escaped(&mut expected, character);
            check(&format!("a{character}"), &expected);
        }
    }

    #[test]
    fn quotes_and_backslashes_are_escaped_but_not_single_quotes() {
        check("", "");
        check(r#"a"b\c'd"#, r#"a\"b\\c'd"#);
        check("<b>&amp;", "<b>&amp;");
    }

    #[test]
    fn control_characters_have_short_escapes_or_two_hexadecimal_digits() {
        check("\u{7}\u{8}\u{c}\n\r\t\u{b}", r"\a\b\f\n\r\t\v");
        check("\0\u{1}\u{1b}\u{1f}\u{7f}", r"\x00\x01\x1b\x1f\x7f");
        check("\u{80}\u{85}\u{9f}", r"\u0080\u0085\u009f");
    }

    #[test]
    fn letters_marks_numbers_punctuation_and_symbols_stand_as_they_are() {
        check("~ é中ßЖ½²—«€😀", "~ é中ßЖ½²—«€😀");
        check("e\u{301}", "e\u{301}");
        check("\u{fffd}", "\u{fffd}");
        check("\u{1f9d1}\u{1f3fb}", "\u{1f9d1}\u{1f3fb}");
    }

    #[test]
    fn spaces_formats_private_and_unassigned_characters_are_escaped() {
        check("\u{a0}\u{ad}\u{200b}\u{200d}\u{2028}\u{3000}", r"\u00a0\u00ad\u200b\u200d\u2028\u3000");
        check("\u{feff}\u{e000}\u{378}\u{ffff}", r"\ufeff\ue000\u0378\uffff");
        check("\u{e0001}\u{f0000}\u{10ffff}", r"\U000e0001\U000f0000\U0010ffff");
        // Assigned by Unicode 15.1 and 16, which Go's tables do not know.
        check("\u{2ebf0}\u{1c89}", r"\U0002ebf0\u1c89");
    }

    #[test]
    fn printable_characters_agree_with_rusts_categories_where_those_tell() {
        for character in '\0'..='\u{10ffff}' {
            if character.is_control() || (character.is_whitespace() && character != ' ') {
                assert!(!is_printable(character), "{character:?}");
            }
            if character.is_ascii_graphic() {
                assert!(is_printable(character), "{character:?}");
            }
        }
    }
}
