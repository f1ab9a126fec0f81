//! Verbs as bits.
//!
//! A policy's verbs are numbered; 63 of them fit a page of 64 bits. Bit 0 of every page stands for 'a verb
//! that no policy names', which only the wildcard grants: a wildcard sets all bits of page 0. Policies with more
//! than 63 verbs have more pages; a verb of a later page is also allowed where page 0 has the wildcard.

/// The bits that a wildcard sets.
pub(crate) const EVERY_VERB: u64 = u64::MAX;
/// The bit of a verb that no policy names: set by a wildcard alone.
pub(crate) const UNNAMED: u64 = 1;
const NAMED_PER_PAGE: u32 = 63;

/// A verb's page and its bit there.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct VerbBit {
    pub(crate) page: u32,
    pub(crate) bit: u64,
}

impl VerbBit {
    /// The place of the verb with this number.
    pub(crate) fn of(number: u32) -> Self {
        Self { page: number / NAMED_PER_PAGE, bit: 2 << (number % NAMED_PER_PAGE) }
    }

    /// The place of every verb that has no number.
    pub(crate) fn unnamed() -> Self {
        Self { page: 0, bit: UNNAMED }
    }
}

/// How many pages so many verbs take: at least one, for those that nobody names.
pub(crate) fn pages(verbs: usize) -> usize {
    verbs.div_ceil(NAMED_PER_PAGE as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_verb_shares_its_bit_with_another_or_with_the_unnamed_ones() {
        let mut seen = std::collections::BTreeSet::from([VerbBit::unnamed()]);
        for number in 0..200 {
            let place = VerbBit::of(number);
            assert_eq!(place.bit.count_ones(), 1);
            assert_ne!(place.bit, UNNAMED);
            assert!(seen.insert(place), "verb {number}");
        }
    }
}
