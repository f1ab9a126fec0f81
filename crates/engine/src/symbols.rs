//! The strings of one domain (users, groups, …) as numbers.
//!
//! ```text
//! slots   [ hash's upper half: 32 | number: 32 ] …   2ⁿ of them, at most two thirds taken
//! ends    [ u32 ] …     where each string ends in the bytes
//! bytes   all strings, one after the other
//! ```
//!
//! A string that is not here has no number. The hash is seeded, since tenants choose names; and it only
//! finds a candidate: the bytes are always compared, so that no collision ever makes two names one.

use std::hash::BuildHasher;

use crate::error::{CompileError, number};

const EMPTY: u64 = u64::MAX;

#[derive(Clone, Debug)]
pub(crate) struct Symbols {
    slots: Vec<u64>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
    hasher: foldhash::fast::RandomState,
    what: &'static str,
}

impl Symbols {
    /// No strings yet; `what` names them in errors.
    pub(crate) fn new(what: &'static str) -> Self {
        Self {
            slots: vec![EMPTY; 8],
            ends: Vec::new(),
            bytes: Vec::new(),
            hasher: foldhash::fast::RandomState::default(),
            what,
        }
    }

    /// The number of a string, which is taken in if it is new.
    pub(crate) fn intern(&mut self, text: &str) -> Result<u32, CompileError> {
        let hash = self.hash(text);
        let place = match self.find(text, hash) {
            Found::Number(number) => return Ok(number),
            Found::Nothing { place } => place,
        };
        let new = number(self.ends.len(), self.what)?;
        let end = number(self.bytes.len() + text.len(), "bytes of names")?;
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(end);
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = entry(hash, new);
        }
        if self.ends.len() + self.ends.len() / 2 >= self.slots.len() {
            self.grow();
        }
        Ok(new)
    }

    /// The number of a string, if it has one.
    #[inline]
    pub(crate) fn lookup(&self, text: &str) -> Option<u32> {
        match self.find(text, self.hash(text)) {
            Found::Number(number) => Some(number),
            Found::Nothing { .. } => None,
        }
    }

    /// How many strings there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes that the tables take.
    pub(crate) fn table_bytes(&self) -> usize {
        self.slots.len() * 8 + self.ends.len() * 4 + self.bytes.len()
    }

    fn hash(&self, text: &str) -> u64 {
        self.hasher.hash_one(text.as_bytes())
    }

    #[inline]
    fn find(&self, text: &str, hash: u64) -> Found {
        let mask = self.slots.len() - 1;
        let mut place = low(hash) & mask;
        // Ends at the latest at an empty slot: a third of them is.
        while let Some(&slot) = self.slots.get(place) {
            if slot == EMPTY {
                break;
            }
            if slot >> 32 == hash >> 32 {
                let number = upper_cut(slot);
                if self.text(number) == Some(text.as_bytes()) {
                    return Found::Number(number);
                }
            }
            place = (place + 1) & mask;
        }
        Found::Nothing { place }
    }

    fn text(&self, number: u32) -> Option<&[u8]> {
        let index = number as usize;
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)? as usize,
            None => 0,
        };
        self.bytes.get(start..*self.ends.get(index)? as usize)
    }

    fn grow(&mut self) {
        let size = self.slots.len() * 2;
        let mask = size - 1;
        let mut slots = vec![EMPTY; size];
        for index in 0..self.ends.len() {
            let Ok(number) = number(index, self.what) else { continue };
            let Some(text) = self.text(number) else { continue };
            let hash = self.hasher.hash_one(text);
            let mut place = low(hash) & mask;
            while slots.get(place).is_some_and(|&slot| slot != EMPTY) {
                place = (place + 1) & mask;
            }
            if let Some(slot) = slots.get_mut(place) {
                *slot = entry(hash, number);
            }
        }
        self.slots = slots;
    }
}

enum Found {
    Number(u32),
    Nothing { place: usize },
}

/// Never [`EMPTY`]: numbers stay below 2³¹.
fn entry(hash: u64, number: u32) -> u64 {
    hash >> 32 << 32 | u64::from(number)
}

#[expect(clippy::cast_possible_truncation, reason = "the hash is cut to the table's size anyway")]
fn low(hash: u64) -> usize {
    hash as usize
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
fn upper_cut(slot: u64) -> u32 {
    slot as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_strings_have_one_number_and_unknown_ones_none() {
        let mut symbols = Symbols::new("names");
        let texts: Vec<String> = (0..500).map(|number| format!("name-{}", number % 250)).collect();
        for text in &texts {
            symbols.intern(text).unwrap();
        }
        assert_eq!(symbols.len(), 250);
        assert_eq!(symbols.lookup("name-0"), Some(0));
        assert_eq!(symbols.lookup("name-249"), Some(249));
        assert_eq!(symbols.lookup("name-250"), None);
        assert_eq!(symbols.lookup(""), None);
        assert_eq!(symbols.intern("").unwrap(), 250);
        assert_eq!(symbols.lookup(""), Some(250));
    }
}
