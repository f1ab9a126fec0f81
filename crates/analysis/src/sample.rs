//! Numbers for sampling: small, seeded, the same on every machine.

/// The generator `SplitMix64`. It picks samples and decides nothing, so that its quality is enough.
#[derive(Clone, Debug)]
pub(crate) struct Sampler {
    state: u64,
}

impl Sampler {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A number below `bound`; zero when there is none.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    /// One of these, if there is any.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let position = self.below(choices.len() as u64);
        usize::try_from(position).ok().and_then(|position| choices.get(position))
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_below_the_bound() {
        let numbers = |seed| {
            let mut sampler = Sampler::new(seed);
            (0..100).map(|_| sampler.below(7)).collect::<Vec<_>>()
        };
        assert_eq!(numbers(1), numbers(1));
        assert_ne!(numbers(1), numbers(2));
        assert!((0..7).all(|number| numbers(1).contains(&number)));
        assert_eq!(Sampler::new(1).below(0), 0);
        assert_eq!(Sampler::new(1).pick::<u8>(&[]), None);
    }
}
