//! Texts in JSON as Go writes them.

use std::fmt::Write;

/// Appends a text between double quotes, escaped as Go's encoder does it: also `<`, `>` and `&`, so that no browser takes
/// a part of it for markup.
pub(crate) fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(offset) = rest.find(needs_escape) {
        let (plain, tail) = rest.split_at(offset);
        out.push_str(plain);
        let mut characters = tail.chars();
        if let Some(character) = characters.next() {
            push_escaped(out, character);
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// The text between double quotes; see [`push_quoted`].
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    push_quoted(&mut out, text);
    out
}

fn needs_escape(character: char) -> bool {
    matches!(character, '"' | '\\' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\x1f')
}

fn push_escaped(out: &mut String, character: char) {
    let short = match character {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\x08' => "\\b",
        '\x0c' => "\\f",
        _ => {
            // Writing to a text cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(character));
            return;
        }
    };
    out.push_str(short);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back() {
        let texts = ["", "a", "\"\\", "\0\x01\x1f\n\r\t\x08\x0c", "<a>&b", "\u{2028}é\u{2029}😀", "\u{7f}"];
        for text in texts {
            assert_eq!(serde_json::from_str::<String>(&quoted(text)).unwrap(), text);
        }
        assert_eq!(quoted("<\u{1}\u{2028}\t"), r#""\u003c\u0001\u2028\t""#);
    }
}
