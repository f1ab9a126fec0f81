//! A flat hash table from pairs of numbers to small values.
//!
//! ```text
//! slots   [ first: u32 | second: u32 | value: N − 2 words ] …   2ⁿ of them, at most two thirds taken
//! ```
//!
//! It is built once and then only read.

use crate::{
    error::ImageError,
    hashes::PairHash,
    image::{ImageReader, ImageWriter},
};

/// The first number of an empty slot. INVARIANT: never one of a key, since [`crate::error::number`] leaves the
/// highest numbers free.
const EMPTY: u32 = u32::MAX;

/// Slots of N words, of which two are the key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProbeTable<'a, const N: usize> {
    slots: &'a [[u32; N]],
    hash: PairHash,
}

/// One key of two numbers.
#[inline]
fn pair(first: u32, second: u32) -> u64 {
    u64::from(first) << 32 | u64::from(second)
}

impl<'a, const N: usize> ProbeTable<'a, N> {
    pub(crate) fn read(reader: &mut ImageReader<'a>, hash: PairHash) -> Result<Self, ImageError> {
        Ok(Self { slots: reader.section()?, hash })
    }

    /// The slot of a key.
    #[inline]
    pub(crate) fn get(&self, first: u32, second: u32) -> Option<&'a [u32; N]> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut place = home(self.hash.of(pair(first, second)), mask);
        // Once around at most, if somebody wrote an image without an empty slot.
        for _ in 0..self.slots.len() {
            let slot = self.slots.get(place)?;
            match slot.first_chunk() {
                Some(&[known, other]) if known == first && other == second => return Some(slot),
                Some(&[EMPTY, _]) | None => return None,
                Some(_) => place = (place + 1) & mask,
            }
        }
        None
    }

    /// All entries.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &'a [u32; N]> {
        self.slots.iter().filter(|slot| slot.first() != Some(&EMPTY))
    }

    /// The most slots that the look-up of one of the keys goes through.
    pub(crate) fn longest_probe(&self) -> usize {
        let Some(mask) = self.slots.len().checked_sub(1) else { return 0 };
        let way = |(place, slot): (usize, &[u32; N])| {
            let &[first, second] = slot.first_chunk()?;
            let home = home(self.hash.of(pair(first, second)), mask);
            (first != EMPTY).then_some((place.wrapping_sub(home) & mask) + 1)
        };
        self.slots.iter().enumerate().filter_map(way).max().unwrap_or(0)
    }

    /// That there is a slot for every hash.
    pub(crate) fn check(&self) -> Result<(), ImageError> {
        if self.slots.is_empty() || self.slots.len().is_power_of_two() {
            Ok(())
        } else {
            Err(ImageError::Damaged { what: "a table of pairs has a size that none has" })
        }
    }

    /// The bytes that the table takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.slots)
    }
}

/// Writes a table of these slots, whose keys are distinct.
pub(crate) fn write<const N: usize>(entries: &[[u32; N]], hash: PairHash, writer: &mut ImageWriter) {
    let count = entries.len();
    let size = if count == 0 { 0 } else { (count + count / 2 + 1).next_power_of_two() };
    let mut slots = vec![[EMPTY; N]; size];
    for entry in entries {
        let Some(&[first, second]) = entry.first_chunk() else { continue };
        let mut place = home(hash.of(pair(first, second)), size - 1);
        while slots.get(place).is_some_and(|slot| slot.first() != Some(&EMPTY)) {
            place = (place + 1) & (size - 1);
        }
        if let Some(slot) = slots.get_mut(place) {
            *slot = *entry;
        }
    }
    writer.section(&slots);
}

#[expect(clippy::cast_possible_truncation, reason = "the hash is cut to the table's size anyway")]
#[inline]
fn home(hash: u64, mask: usize) -> usize {
    hash as usize & mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hashes::{Hashes, Seed};

    fn with_table(entries: &[[u32; 3]], ask: impl FnOnce(&dyn Fn(u32, u32) -> Option<u32>)) {
        let hash = Hashes::new(Seed::random()).pairs;
        let mut writer = ImageWriter::default();
        write(entries, hash, &mut writer);
        let image = writer.finish();
        let table = ProbeTable::<3>::read(&mut ImageReader::open(&image).unwrap(), hash).unwrap();
        table.check().unwrap();
        assert_eq!(table.entries().count(), entries.len());
        ask(&|first, second| table.get(first, second).map(|&[_, _, value]| value));
    }

    #[test]
    fn finds_what_it_holds_and_nothing_else() {
        for count in [0u32, 1, 2, 3, 7, 8, 1000] {
            let entries: Vec<_> = (0..count).map(|number| [number, number % 3, number]).collect();
            with_table(&entries, |get| {
                for &[first, second, value] in &entries {
                    assert_eq!(get(first, second), Some(value));
                }
                for number in 0..count + 9 {
                    assert_eq!(get(number, 3), None);
                    assert_eq!(get(count + 1, number), None);
                }
            });
        }
    }

    #[test]
    fn number_zero_is_a_key_like_any_other() {
        with_table(&[[0, 0, 5]], |get| assert_eq!(get(0, 0), Some(5)));
        with_table(&[[0, 1, 5]], |get| assert_eq!(get(0, 0), None));
    }
}
