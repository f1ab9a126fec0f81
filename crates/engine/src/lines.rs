//! A hash table whose buckets are cache lines, for the probes that a decision makes most of.
//!
//! ```text
//! line   [ tag: u32 ] × 8 | [ overflow: 1 | value: 31 ] × 8      64 bytes
//! ```
//!
//! A hash's upper bits say which line is its home, its lower half is the tag; the two have no bit in common
//! for any table that fits memory. Tag 0 is an empty place. A full line sends what else belongs there
//! to the next, and notes it in one of its eight overflow bits, chosen by the hash: a probe goes on to the next line
//! only where that bit is set. So nearly every probe for what is not there ends after one line.
//!
//! A tag is no proof: whoever finds a value compares what it stands for.

use crate::{
    error::ImageError,
    image::{ImageReader, ImageWriter},
};

pub(crate) type Line = [u32; 16];

const OVERFLOW: u32 = 1 << 31;
/// How many places a line has.
pub(crate) const PLACES: usize = 8;
/// How many of them are taken on average: more costs longer ways, less costs memory.
const TAKEN: usize = 7;

/// Where a hash is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    tag: u32,
    overflow: usize,
    hash: u64,
}

impl Key {
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is the tag")]
    #[inline]
    pub(crate) fn of(hash: u64) -> Self {
        Self { tag: (hash as u32).max(1), overflow: (hash >> 32) as usize % PLACES, hash }
    }
}

/// What a line says about a key: a bit for each place with its tag, and one where the way goes on to the next line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Probe(u32);

impl Probe {
    const OVERFLOWS: u32 = 1 << PLACES;

    #[inline]
    fn of(line: &Line, key: Key) -> Self {
        let (tags, values) = halves(line);
        let mut bits = 0;
        for (place, &tag) in tags.iter().enumerate() {
            bits |= u32::from(tag == key.tag) << place;
        }
        let overflow = values.get(key.overflow).map_or(0, |word| word >> 31);
        Self(bits | overflow << PLACES)
    }

    /// Whether the key may be found at all: most probes for what is not there end here.
    #[inline]
    pub(crate) fn is_promising(self) -> bool {
        self.0 != 0
    }

    #[inline]
    fn matches(self) -> u32 {
        self.0 & (Self::OVERFLOWS - 1)
    }

    #[inline]
    fn overflows(self) -> bool {
        self.0 & Self::OVERFLOWS != 0
    }
}

/// A place with the tag that was looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// Its number, from 0 on: other tables say more about it under this number.
    pub(crate) place: usize,
    pub(crate) value: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines<'a> {
    lines: &'a [Line],
}

impl<'a> Lines<'a> {
    pub(crate) fn read(reader: &mut ImageReader<'a>) -> Result<Self, ImageError> {
        Ok(Self { lines: reader.section()? })
    }

    /// What a key's home line says. Several probes, one after the other, wait for memory together.
    #[inline]
    pub(crate) fn probe(self, key: Key) -> Probe {
        self.lines.get(home(key.hash, self.lines.len())).map_or(Probe(0), |line| Probe::of(line, key))
    }

    /// The first place with the probed key's tag that `is_it` confirms.
    #[inline]
    pub(crate) fn confirm(self, key: Key, mut probe: Probe, is_it: impl Fn(Found) -> bool) -> Option<Found> {
        let mut number = home(key.hash, self.lines.len());
        // Once around at most, if somebody wrote an image in which every line overflows.
        for _ in 0..self.lines.len() {
            let line = self.lines.get(number)?;
            let mut matches = probe.matches();
            while matches != 0 {
                let place = matches.trailing_zeros() as usize;
                matches &= matches - 1;
                let found =
                    Found { place: number * PLACES + place, value: line.get(PLACES + place)? & !OVERFLOW };
                if is_it(found) {
                    return Some(found);
                }
            }
            if !probe.overflows() {
                return None;
            }
            number = if number + 1 == self.lines.len() { 0 } else { number + 1 };
            probe = Probe::of(self.lines.get(number)?, key);
        }
        None
    }

    /// The first place with the key's tag that `is_it` confirms.
    #[inline]
    pub(crate) fn find(self, key: Key, is_it: impl Fn(Found) -> bool) -> Option<Found> {
        self.confirm(key, self.probe(key), is_it)
    }

    /// The value at a place; nothing where it is empty.
    pub(crate) fn at(self, place: usize) -> Option<u32> {
        let line = self.lines.get(place / PLACES)?;
        let (tags, values) = halves(line);
        (*tags.get(place % PLACES)? != 0).then_some(*values.get(place % PLACES)? & !OVERFLOW)
    }

    /// How many lines the look-up of a hash goes through to find this place.
    pub(crate) fn way(self, hash: u64, place: usize) -> usize {
        let count = self.lines.len();
        let ahead = place / PLACES + count - home(hash, count);
        ahead.checked_rem(count).map_or(0, |passed| passed + 1)
    }

    /// How many places there are, empty ones among them.
    pub(crate) fn places(self) -> usize {
        self.lines.len() * PLACES
    }

    pub(crate) fn bytes(self) -> usize {
        size_of_val(self.lines)
    }
}

/// Places values; keys are distinct.
#[derive(Debug)]
pub(crate) struct LinesBuilder {
    lines: Vec<Line>,
}

impl LinesBuilder {
    /// Room for so many values.
    pub(crate) fn new(count: usize) -> Self {
        Self { lines: vec![[0; 16]; if count == 0 { 0 } else { count / TAKEN + 1 }] }
    }

    /// Adds a value and says at which place.
    pub(crate) fn add(&mut self, key: Key, value: u32) -> usize {
        let count = self.lines.len();
        let mut number = home(key.hash, count);
        // There is room for all: see `new`.
        for _ in 0..count {
            let Some(line) = self.lines.get_mut(number) else { break };
            if let Some(place) = (0..PLACES).find(|&place| line.get(place) == Some(&0)) {
                if let Some(tag) = line.get_mut(place) {
                    *tag = key.tag;
                }
                if let Some(word) = line.get_mut(PLACES + place) {
                    *word |= value & !OVERFLOW;
                }
                return number * PLACES + place;
            }
            if let Some(word) = line.get_mut(PLACES + key.overflow) {
                *word |= OVERFLOW;
            }
            number = if number + 1 == count { 0 } else { number + 1 };
        }
        usize::MAX
    }

    /// How many places there are.
    pub(crate) fn places(&self) -> usize {
        self.lines.len() * PLACES
    }

    pub(crate) fn write(&self, writer: &mut ImageWriter) {
        writer.section(&self.lines);
    }
}

/// The line under a hash's upper bits.
#[expect(clippy::cast_possible_truncation, reason = "below the number of lines")]
#[inline]
fn home(hash: u64, lines: usize) -> usize {
    ((u128::from(hash) * lines as u128) >> 64) as usize
}

#[inline]
fn halves(line: &Line) -> (&[u32; 8], &[u32; 8]) {
    match (line.first_chunk(), line.last_chunk()) {
        (Some(tags), Some(values)) => (tags, values),
        // A line has sixteen words.
        _ => (&[0; 8], &[0; 8]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_lines(hashes: &[u64], ask: impl FnOnce(Lines<'_>, &[usize])) {
        let mut builder = LinesBuilder::new(hashes.len());
        let places: Vec<_> =
            (0u32..).zip(hashes).map(|(value, &hash)| builder.add(Key::of(hash), value)).collect();
        let mut writer = ImageWriter::default();
        builder.write(&mut writer);
        let image = writer.finish();
        ask(Lines::read(&mut ImageReader::open(&image).unwrap()).unwrap(), &places);
    }

    fn spread(number: u64) -> u64 {
        let [low, high] = bytemuck::cast::<u128, [u64; 2]>(
            u128::from(number ^ 0x2d35_8dcc_aa6c_78a5) * 0x8bb8_4b93_962e_acc9,
        );
        low ^ high
    }

    #[test]
    fn finds_what_it_holds_and_nothing_else() {
        for count in [0usize, 1, 7, 8, 9, 64, 5000] {
            let hashes: Vec<_> = (0..count as u64).map(spread).collect();
            with_lines(&hashes, |lines, places| {
                for (value, (&hash, &place)) in hashes.iter().zip(places).enumerate() {
                    let found = lines.find(Key::of(hash), |found| found.value as usize == value).unwrap();
                    assert_eq!(found.place, place);
                    assert_eq!(lines.at(place), Some(found.value));
                }
                for number in count as u64..count as u64 + 5000 {
                    let found = lines.find(Key::of(spread(number)), |_| true);
                    // A tag may be the same by chance, once in many millions.
                    assert!(found.is_none(), "{number}: {found:?}");
                }
                let taken = (0..lines.places()).filter(|&place| lines.at(place).is_some()).count();
                assert_eq!(taken, count);
            });
        }
    }

    #[test]
    fn lines_that_overflow_lose_nothing() {
        // All in one line's range, then all with one tag too, around the end of the table.
        for hashes in [
            (0..40u64).map(|number| u64::MAX << 40 | number << 32 | (number + 1)).collect::<Vec<_>>(),
            vec![u64::MAX; 40],
            vec![0; 40],
        ] {
            with_lines(&hashes, |lines, _| {
                for (value, &hash) in hashes.iter().enumerate() {
                    let found = lines.find(Key::of(hash), |found| found.value as usize == value);
                    assert!(found.is_some(), "{value}");
                }
                assert!(lines.find(Key::of(hashes[0]), |_| false).is_none());
            });
        }
    }

    #[test]
    fn a_place_with_value_zero_is_taken_and_tag_zero_is_no_empty_place() {
        with_lines(&[0], |lines, _| {
            assert_eq!(lines.find(Key::of(0), |_| true).map(|found| found.value), Some(0));
            assert_eq!(lines.find(Key::of(1 << 40), |_| true).map(|found| found.value), Some(0));
            assert_eq!((0..8).filter(|&place| lines.at(place).is_some()).count(), 1);
        });
    }

    #[test]
    fn an_image_in_which_every_line_overflows_ends() {
        let line = [OVERFLOW; 16];
        let mut writer = ImageWriter::default();
        writer.section(&[line; 3]);
        let image = writer.finish();
        let lines = Lines::read(&mut ImageReader::open(&image).unwrap()).unwrap();
        assert!(lines.find(Key::of(77), |_| true).is_none());
    }
}
