//! From character numbers to byte offsets.

/// Converts the character numbers of a YAML scanner to byte offsets of the text.
///
/// The scanner's marks go forwards but for a token's length, so the place of the last answer is kept and the
/// next is found from there: linear in the text as a whole, however long its lines are. In a text of ASCII
/// both are the same.
#[derive(Debug)]
pub(super) struct Offsets<'a> {
    bytes: &'a [u8],
    ascii: bool,
    character: usize,
    /// INVARIANT: the first byte of `character`, or the text's end.
    byte: usize,
}

impl<'a> Offsets<'a> {
    /// `ascii` says that the text is known to be ASCII.
    pub(super) fn new(text: &'a str, ascii: bool) -> Self {
        Self { bytes: text.as_bytes(), ascii, character: 0, byte: 0 }
    }

    /// The offset of a character's first byte; the text's end for characters past it.
    pub(super) fn byte(&mut self, character: usize) -> usize {
        if self.ascii {
            return character.min(self.bytes.len());
        }
        while self.character < character && self.byte < self.bytes.len() {
            self.byte += 1;
            while self.bytes.get(self.byte).is_some_and(|&byte| is_continuation(byte)) {
                self.byte += 1;
            }
            self.character += 1;
        }
        while self.character > character && self.byte > 0 {
            self.byte -= 1;
            while self.byte > 0 && self.bytes.get(self.byte).is_some_and(|&byte| is_continuation(byte)) {
                self.byte -= 1;
            }
            self.character -= 1;
        }
        self.byte
    }
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_found_forwards_and_backwards() {
        for text in ["plain", "é: 😀 b\nü"] {
            let mut offsets = Offsets::new(text, text.is_ascii());
            let expected: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let order = (0..expected.len()).chain((0..expected.len()).rev());
            for character in order {
                assert_eq!(offsets.byte(character), expected[character]);
            }
            assert_eq!(offsets.byte(1000), text.len());
            assert_eq!(offsets.byte(1), expected[1]);
        }
    }
}
