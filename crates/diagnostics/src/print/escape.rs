//! What must not reach a terminal as it is, and what stands in its place.

use std::{borrow::Cow, fmt::Write};

/// The text in one line, with everything that a terminal would interpret, reorder or hide written as an
/// escape: `\n`, `\u{1b}`.
///
/// ```
/// use rolecall_diagnostics::print::printable;
///
/// assert_eq!(printable("jane"), "jane");
/// assert_eq!(printable("\u{1b}[2Jjane\n"), "\\u{1b}[2Jjane\\n");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    replace(text, |character, out| out.extend(character.escape_default()))
}

/// A JSON text with the same characters written as JSON escapes: equal to the given one for whoever parses
/// it, and harmless on a terminal.
///
/// ```
/// use rolecall_diagnostics::print::printable_json;
///
/// assert_eq!(printable_json("\"\u{202e}\""), "\"\\u202e\"");
/// ```
pub fn printable_json(json: &str) -> Cow<'_, str> {
    // JSON has no such characters outside of strings, but for the line ends and tabs of a layout.
    replace(json, |character, out| {
        if matches!(character, '\n' | '\r' | '\t') {
            out.push(character);
            return;
        }
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

/// One visible character in the place of any other, so that columns stay what they are.
pub(super) fn visible(character: char) -> char {
    match character {
        // A layout engine knows what to do with it.
        '\t' => character,
        // The pictures of the control characters stand in their order.
        '\0'..='\u{1f}' => {
            char::from_u32(0x2400 + u32::from(character)).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        '\u{7f}' => '\u{2421}',
        _ if is_hidden(character) => char::REPLACEMENT_CHARACTER,
        _ => character,
    }
}

/// Whether a terminal would act on the character, or show nothing where it stands, or show what stands
/// around it in another order.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{fdd0}'..='\u{fdef}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
        || u32::from(character) & 0xfffe == 0xfffe
}

fn replace(text: &str, write: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if is_plain(text) || !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_hidden(character) {
            write(character, &mut out);
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

/// Whether a text is visible ASCII and spaces alone, as nearly every text is: this is seen many bytes at a time, where
/// characters are looked at one by one.
fn is_plain(text: &str) -> bool {
    const AT_ONCE: usize = 64;
    let is_plain = |bytes: &[u8]| bytes.iter().fold(true, |plain, byte| plain & (b' '..=b'~').contains(byte));
    text.as_bytes().chunks(AT_ONCE).all(is_plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in any::<String>()) {
            prop_assert!(!printable(&text).chars().any(is_hidden));
            prop_assert!(!text.chars().map(visible).any(|character| character != '\t' && is_hidden(character)));
        }

        #[test]
        fn json_keeps_its_meaning(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let safe = printable_json(&json);
            prop_assert!(!safe.chars().any(is_hidden));
            prop_assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
        }
    }

    #[test]
    fn no_plain_text_hides_anything_wherever_it_stands() {
        for character in '\0'..='\u{2fff}' {
            for before in [0, 63, 64, 130] {
                let text = format!("{}{character}", " ".repeat(before));
                assert_eq!(is_plain(&text), matches!(character, ' '..='~'), "{character:?}");
                assert!(!is_plain(&text) || !is_hidden(character), "{character:?}");
            }
        }
    }

    #[test]
    fn every_way_to_fool_a_reader_is_escaped() {
        for character in
            ['\u{1b}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{7f}', '\u{85}']
        {
            assert_eq!(printable(&format!("a{character}b")), format!("a\\u{{{:x}}}b", u32::from(character)));
            assert_ne!(visible(character), character);
        }
        assert_eq!(printable("a\tb\r\n"), "a\\tb\\r\\n");
        assert_eq!(printable("žluťoučký 名前"), "žluťoučký 名前");
    }
}
