//! A flat hash table from pairs of numbers to small values.
//!
//! ```text
//! slots   [ key: u64 | value ] …   2ⁿ of them, at most two thirds taken, linear probing
//! ```
//!
//! It is built once and then only read. Keys are pairs of table numbers, which no tenant chooses, so the
//! hash is the fast unseeded one. [`EMPTY`] is no key of anything: numbers stay below 2³² − 1.

use std::hash::BuildHasher;

/// The key of an empty slot. INVARIANT: never a key, since [`crate::error::number`] leaves the highest
/// numbers free in at least one half of each pair.
const EMPTY: u64 = u64::MAX;

#[derive(Clone, Debug)]
pub(crate) struct ProbeTable<V> {
    slots: Vec<Slot<V>>,
}

#[derive(Clone, Copy, Debug)]
struct Slot<V> {
    key: u64,
    value: V,
}

/// One key of two numbers.
pub(crate) fn pair(first: u32, second: u32) -> u64 {
    u64::from(first) << 32 | u64::from(second)
}

impl<V: Copy + Default> ProbeTable<V> {
    /// A table of these entries; of two with one key the first is found.
    pub(crate) fn build(entries: impl ExactSizeIterator<Item = (u64, V)>) -> Self {
        let count = entries.len();
        if count == 0 {
            return Self { slots: Vec::new() };
        }
        let size = (count + count / 2 + 1).next_power_of_two();
        let mut table = Self { slots: vec![Slot { key: EMPTY, value: V::default() }; size] };
        for (key, value) in entries {
            table.insert(key, value);
        }
        table
    }

    fn insert(&mut self, key: u64, value: V) {
        let mask = self.slots.len() - 1;
        let mut place = home(key) & mask;
        while let Some(slot) = self.slots.get_mut(place) {
            if slot.key == key {
                return;
            }
            if slot.key == EMPTY {
                *slot = Slot { key, value };
                return;
            }
            place = (place + 1) & mask;
        }
    }

    /// The value of a key: one cache line when the table is not much taken around it.
    #[inline]
    pub(crate) fn get(&self, key: u64) -> Option<V> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut place = home(key) & mask;
        // Ends at the latest at an empty slot: a third of them is.
        while let Some(slot) = self.slots.get(place) {
            if slot.key == key {
                return Some(slot.value);
            }
            if slot.key == EMPTY {
                return None;
            }
            place = (place + 1) & mask;
        }
        None
    }

    /// The bytes that the table takes.
    pub(crate) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<Slot<V>>()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the hash is cut to the table's size anyway")]
#[inline]
fn home(key: u64) -> usize {
    fxhash::FxBuildHasher.hash_one(key) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_it_holds_and_nothing_else() {
        for count in [0u32, 1, 2, 3, 7, 8, 1000] {
            let entries: Vec<_> = (0..count).map(|number| (pair(number, number % 3), number)).collect();
            let table = ProbeTable::build(entries.iter().copied());
            for &(key, value) in &entries {
                assert_eq!(table.get(key), Some(value));
            }
            for number in 0..count + 9 {
                assert_eq!(table.get(pair(number, 3)), None);
                assert_eq!(table.get(pair(count + 1, number)), None);
            }
        }
    }

    #[test]
    fn number_zero_is_a_key_like_any_other() {
        let table = ProbeTable::build([(pair(0, 0), 5u32)].into_iter());
        assert_eq!(table.get(pair(0, 0)), Some(5));
        let table = ProbeTable::build([(pair(0, 1), 5u32)].into_iter());
        assert_eq!(table.get(pair(0, 0)), None);
    }
}
