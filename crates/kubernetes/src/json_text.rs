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

/// Appends a part of a JSON text as it stands, but for escapes that are half of a surrogate pair: Go takes such a half
/// for U+FFFD, and many a parser refuses the whole text for it.
pub(crate) fn push_with_whole_escapes(out: &mut String, json: &str) {
    let mut rest = json;
    while let Some((plain, escape)) = rest.find('\\').and_then(|offset| rest.split_at_checked(offset)) {
        out.push_str(plain);
        let (shown, length) = match (escaped_unit(escape), escape.get(6..).and_then(escaped_unit)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => (escape.get(..12), 12),
            (Some(0xd800..0xe000), _) => (Some("\\ufffd"), 6),
            (Some(_), _) => (escape.get(..6), 6),
            (None, _) => (escape.get(..2), 2),
        };
        out.push_str(shown.unwrap_or_default());
        rest = escape.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
}

/// The UTF-16 unit of an escape at the beginning of a text.
fn escaped_unit(text: &str) -> Option<u16> {
    u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
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

    #[test]
    fn half_a_surrogate_pair_is_the_replacement_character_and_all_else_stays() {
        let json = r#"{"\ud800":"\\ud800\ud83d\ude00\udc00\ud800\ud83d\ude00\u0041\n\"é\ud8"}"#;
        let mut out = String::new();
        push_with_whole_escapes(&mut out, json);
        assert_eq!(out, r#"{"\ufffd":"\\ud800\ud83d\ude00\ufffd\ufffd\ud83d\ude00\u0041\n\"é\ud8"}"#);
    }
}
