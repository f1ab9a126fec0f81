//! The strings of one domain (verbs, API groups, …) as numbers from 0 on.
//!
//! ```text
//! slots   [ hash's lower half: 32 | number: 32 ] …   2ⁿ of them, at most two thirds taken
//! texts   [ u32 ] …                                  number → text
//! ```
//!
//! A string that is not here has no number. The hash only finds a candidate: the bytes are always compared,
//! so that no collision ever makes two names one.

use fxhash::FxHashMap;

use crate::{
    error::{CompileError, ImageError, number},
    hashes::StringHash,
    image::{ImageReader, ImageWriter},
    texts::{Text, TextNumbers, Texts, TextsBuilder},
};

const EMPTY: u64 = u64::MAX;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Symbols<'a> {
    slots: &'a [u64],
    texts: &'a [Text],
}

impl<'a> Symbols<'a> {
    pub(crate) fn read(reader: &mut ImageReader<'a>) -> Result<Self, ImageError> {
        Ok(Self { slots: reader.section()?, texts: reader.section()? })
    }

    /// The number of a string of this hash, if it has one.
    #[inline]
    pub(crate) fn lookup(self, texts: Texts<'_>, string: &str, hash: u64) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut place = home(hash, mask);
        // Once around at most, if somebody wrote an image without an empty slot.
        for _ in 0..self.slots.len() {
            let &slot = self.slots.get(place)?;
            if slot == EMPTY {
                return None;
            }
            if slot >> 32 == hash & u64::from(u32::MAX) {
                let number = lower(slot);
                if self.texts.get(number as usize).is_some_and(|&text| texts.is(text, string)) {
                    return Some(number);
                }
            }
            place = (place + 1) & mask;
        }
        None
    }

    /// How many strings there are.
    pub(crate) fn len(self) -> usize {
        self.texts.len()
    }

    /// The text of a number; none for a number that is none.
    pub(crate) fn text(self, number: u32) -> Option<Text> {
        self.texts.get(number as usize).copied()
    }

    /// The most slots that the look-up of one of the strings goes through.
    pub(crate) fn longest_probe(self, texts: Texts<'_>, hash: &StringHash) -> usize {
        let Some(mask) = self.slots.len().checked_sub(1) else { return 0 };
        let taken = self.slots.iter().enumerate().filter(|&(_, &slot)| slot != EMPTY);
        let way = |(place, &slot): (usize, &u64)| {
            let string = texts.string(self.text(lower(slot))?);
            Some((place.wrapping_sub(home(hash.of(string), mask)) & mask) + 1)
        };
        taken.filter_map(way).max().unwrap_or(0)
    }

    pub(crate) fn bytes(self) -> usize {
        self.slots.len() * 8 + self.texts.len() * 4
    }

    pub(crate) fn check(self, known: &TextNumbers) -> Result<(), ImageError> {
        let slots = self.slots.len();
        let fits = (slots == 0 || slots.is_power_of_two())
            && self.texts.iter().all(|&text| known.contains(text))
            && self.slots.iter().all(|&slot| slot == EMPTY || (lower(slot) as usize) < self.texts.len());
        if fits { Ok(()) } else { Err(ImageError::Damaged { what: "a name is none of the texts" }) }
    }
}

/// Numbers the strings of a domain.
#[derive(Debug)]
pub(crate) struct SymbolsBuilder {
    numbers: FxHashMap<Text, u32>,
    texts: Vec<Text>,
    what: &'static str,
}

impl SymbolsBuilder {
    /// No strings yet; `what` names them in errors.
    pub(crate) fn new(what: &'static str) -> Self {
        Self { numbers: FxHashMap::default(), texts: Vec::new(), what }
    }

    /// The number of a text, which is taken in if it is new.
    pub(crate) fn number(&mut self, text: Text) -> Result<u32, CompileError> {
        if let Some(&known) = self.numbers.get(&text) {
            return Ok(known);
        }
        let new = number(self.texts.len(), self.what)?;
        self.texts.push(text);
        self.numbers.insert(text, new);
        Ok(new)
    }

    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The text of each number.
    pub(crate) fn texts(&self) -> &[Text] {
        &self.texts
    }

    pub(crate) fn write(&self, texts: &TextsBuilder, hash: &StringHash, writer: &mut ImageWriter) {
        let count = self.texts.len();
        let size = if count == 0 { 0 } else { (count + count / 2 + 1).next_power_of_two() };
        let mut slots = vec![EMPTY; size];
        for (number, &text) in (0u64..).zip(&self.texts) {
            let hash = hash.of(texts.string(text));
            let mut place = home(hash, size - 1);
            while slots.get(place).is_some_and(|&slot| slot != EMPTY) {
                place = (place + 1) & (size - 1);
            }
            if let Some(slot) = slots.get_mut(place) {
                *slot = hash << 32 | number;
            }
        }
        writer.section(&slots);
        writer.section(&self.texts);
    }
}

/// The slot under the hash's upper half: the lower is compared.
#[inline]
fn home(hash: u64, mask: usize) -> usize {
    (hash >> 32) as usize & mask
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
#[inline]
fn lower(slot: u64) -> u32 {
    slot as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hashes::{Hashes, Seed};

    #[test]
    fn equal_strings_have_one_number_and_unknown_ones_none() {
        let hash = Hashes::new(Seed::random()).words;
        let mut texts = TextsBuilder::new(hash.clone(), 0);
        let mut builder = SymbolsBuilder::new("names");
        for number in 0..500 {
            let text = texts.intern(&format!("name-{}", number % 250)).unwrap();
            assert_eq!(builder.number(text).unwrap(), number % 250);
        }
        let mut writer = ImageWriter::default();
        texts.write(&mut writer);
        builder.write(&texts, &hash, &mut writer);
        SymbolsBuilder::new("nothing").write(&texts, &hash, &mut writer);
        let image = writer.finish();
        let mut reader = ImageReader::open(&image).unwrap();
        let texts = Texts::read(&mut reader).unwrap();
        let symbols = Symbols::read(&mut reader).unwrap();
        let nothing = Symbols::read(&mut reader).unwrap();
        symbols.check(&texts.check().unwrap()).unwrap();
        let lookup = |symbols: Symbols<'_>, string: &str| symbols.lookup(texts, string, hash.of(string));
        assert_eq!(symbols.len(), 250);
        assert_eq!(lookup(symbols, "name-0"), Some(0));
        assert_eq!(lookup(symbols, "name-249"), Some(249));
        assert_eq!(lookup(symbols, "name-250"), None);
        assert_eq!(lookup(symbols, ""), None);
        assert_eq!(lookup(nothing, "name-0"), None);
        // The hash of another name finds nobody: strings are compared.
        assert_eq!(symbols.lookup(texts, "name-1", hash.of("name-0")), None);
    }
}
