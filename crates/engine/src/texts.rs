//! Every string that a policy names, once.
//!
//! ```text
//! bytes   [ length | its bytes | zeros ] …     each begins at a multiple of 4
//! length  one byte below 255, else 255 and a u32
//! ```
//!
//! The number of a text is a quarter of where it begins. Texts of all domains stand together; what a number
//! is (a user, a verb) is known to the table that holds it.

use crate::{
    error::{CompileError, ImageError, number_below},
    hashes::StringHash,
    image::{ImageReader, ImageWriter},
};

/// The number of a text. INVARIANT: below 2³⁰, so that two bits are free to say what it is.
pub(crate) type Text = u32;

pub(crate) const TEXT_LIMIT: u32 = 1 << 30;

const LONG: u8 = u8::MAX;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Texts<'a> {
    bytes: &'a [u8],
}

impl<'a> Texts<'a> {
    pub(crate) fn read(reader: &mut ImageReader<'a>) -> Result<Self, ImageError> {
        Ok(Self { bytes: reader.section()? })
    }

    /// The bytes of a text; nothing for a number that is none.
    #[inline]
    pub(crate) fn get(self, text: Text) -> &'a [u8] {
        find(self.bytes, text)
    }

    /// Whether a text is this string.
    #[inline]
    pub(crate) fn is(self, text: Text, string: &str) -> bool {
        is(self.bytes, text, string)
    }

    /// The text as a string; empty if it is none.
    pub(crate) fn string(self, text: Text) -> &'a str {
        std::str::from_utf8(self.get(text)).unwrap_or("")
    }

    pub(crate) fn byte_count(self) -> usize {
        self.bytes.len()
    }

    /// Which numbers are texts; fails unless the bytes are texts from end to end.
    pub(crate) fn check(self) -> Result<TextNumbers, ImageError> {
        let damaged = ImageError::Damaged { what: "a text does not end within the texts" };
        let mut known = vec![0u64; self.bytes.len() / 4 / 64 + 1];
        let mut at = 0;
        while at < self.bytes.len() {
            let text = at / 4;
            if let Some(word) = known.get_mut(text / 64) {
                *word |= 1 << (text % 64);
            }
            let end = span(self.bytes, at).map(|(_, end)| end).filter(|&end| end <= self.bytes.len());
            at = end.ok_or_else(|| damaged.clone())?.next_multiple_of(4);
        }
        Ok(TextNumbers { known })
    }
}

/// Which numbers are texts.
#[derive(Debug)]
pub(crate) struct TextNumbers {
    known: Vec<u64>,
}

impl TextNumbers {
    pub(crate) fn contains(&self, text: Text) -> bool {
        self.known.get(text as usize / 64).is_some_and(|word| word >> (text % 64) & 1 == 1)
    }
}

#[inline]
fn span(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let &short = bytes.get(at)?;
    if short == LONG {
        let length = bytes.get(at + 1..at + 5)?.try_into().map(u32::from_ne_bytes).ok()?;
        Some((at + 5, (at + 5).checked_add(length as usize)?))
    } else {
        Some((at + 1, at + 1 + usize::from(short)))
    }
}

#[inline]
fn find(bytes: &[u8], text: Text) -> &[u8] {
    span(bytes, text as usize * 4).and_then(|(start, end)| bytes.get(start..end)).unwrap_or(&[])
}

#[inline]
fn is(bytes: &[u8], text: Text, string: &str) -> bool {
    // An impossible number is no text, not even the empty one.
    span(bytes, text as usize * 4).and_then(|(start, end)| bytes.get(start..end)) == Some(string.as_bytes())
}

/// Takes texts in, each once.
#[derive(Debug)]
pub(crate) struct TextsBuilder {
    bytes: Vec<u8>,
    /// The hash's lower half and the text, under the hash's upper bits; at most half of them taken.
    slots: Vec<u64>,
    count: usize,
    hash: StringHash,
}

const EMPTY: u64 = u64::MAX;

impl TextsBuilder {
    /// No texts yet, and room for about so many.
    pub(crate) fn new(hash: StringHash, expected: usize) -> Self {
        let size = (expected * 2).next_power_of_two().max(64);
        Self { bytes: Vec::with_capacity(expected * 16), slots: vec![EMPTY; size], count: 0, hash }
    }

    /// The number of a string, which is taken in if it is new.
    #[inline]
    pub(crate) fn intern(&mut self, string: &str) -> Result<Text, CompileError> {
        let hash = self.hash.of(string);
        let mask = self.slots.len() - 1;
        let mut place = home(hash, self.slots.len());
        // Ends at the latest at an empty slot: half of them are.
        while let Some(&slot) = self.slots.get(place) {
            if slot == EMPTY {
                break;
            }
            if slot >> 32 == hash & u64::from(u32::MAX) && is(&self.bytes, lower(slot), string) {
                return Ok(lower(slot));
            }
            place = (place + 1) & mask;
        }
        self.add(string, hash, place)
    }

    fn add(&mut self, string: &str, hash: u64, place: usize) -> Result<Text, CompileError> {
        let text = number_below(self.bytes.len() / 4, TEXT_LIMIT, "bytes of names")?;
        match u8::try_from(string.len()) {
            Ok(short) if short != LONG => self.bytes.push(short),
            _ => {
                self.bytes.push(LONG);
                let length = number_below(string.len(), u32::MAX, "bytes of one name")?;
                self.bytes.extend_from_slice(&length.to_ne_bytes());
            }
        }
        self.bytes.extend_from_slice(string.as_bytes());
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = entry(hash, text);
        }
        self.count += 1;
        if self.count * 2 > self.slots.len() {
            self.grow();
        }
        Ok(text)
    }

    fn grow(&mut self) {
        let size = self.slots.len() * 2;
        let mut slots = vec![EMPTY; size];
        let mut at = 0;
        while let Some((start, end)) = span(&self.bytes, at) {
            let string = self.bytes.get(start..end).and_then(|bytes| std::str::from_utf8(bytes).ok());
            let (Some(string), Ok(text)) = (string, u32::try_from(at / 4)) else { break };
            let hash = self.hash.of(string);
            let mut place = home(hash, size);
            while slots.get(place).is_some_and(|&slot| slot != EMPTY) {
                place = (place + 1) & (size - 1);
            }
            if let Some(slot) = slots.get_mut(place) {
                *slot = entry(hash, text);
            }
            at = end.next_multiple_of(4);
        }
        self.slots = slots;
    }

    /// Whether a text is this string.
    pub(crate) fn string(&self, text: Text) -> &str {
        std::str::from_utf8(find(&self.bytes, text)).unwrap_or("")
    }

    pub(crate) fn write(&self, writer: &mut ImageWriter) {
        writer.section(&self.bytes);
    }
}

/// Never [`EMPTY`]: texts stay below 2³⁰.
fn entry(hash: u64, text: Text) -> u64 {
    hash << 32 | u64::from(text)
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
fn lower(slot: u64) -> u32 {
    slot as u32
}

/// The slot under the hash's upper bits; `size` is a power of two above 1.
#[expect(clippy::cast_possible_truncation, reason = "fewer bits are left than a size has")]
fn home(hash: u64, size: usize) -> usize {
    (hash >> (64 - size.trailing_zeros())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hashes::{Hashes, Seed};

    #[test]
    fn equal_strings_are_one_text_of_any_length() {
        let mut builder = TextsBuilder::new(Hashes::new(Seed::random()).words, 0);
        let strings: Vec<String> = (0..600).map(|number| "n".repeat(number % 300)).collect();
        let texts: Vec<_> = strings.iter().map(|string| builder.intern(string).unwrap()).collect();
        assert_eq!(texts[..300], texts[300..]);
        let mut writer = ImageWriter::default();
        builder.write(&mut writer);
        let image = writer.finish();
        let view = Texts::read(&mut ImageReader::open(&image).unwrap()).unwrap();
        let known = view.check().unwrap();
        for (string, &text) in strings.iter().zip(&texts) {
            assert!(view.is(text, string));
            assert!(!view.is(text, &format!("{string}n")));
            assert_eq!(view.string(text), string);
            assert!(known.contains(text));
        }
        let all: std::collections::BTreeSet<_> = texts.iter().copied().collect();
        assert_eq!(all.len(), 300);
        for text in 0..u32::try_from(view.byte_count()).unwrap() {
            assert_eq!(known.contains(text), all.contains(&text));
        }
        assert!(!view.is(TEXT_LIMIT - 1, ""));
        let cut = Texts { bytes: &view.bytes[..view.bytes.len() - 8] };
        cut.check().unwrap_err();
    }
}
