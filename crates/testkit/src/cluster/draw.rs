//! Numbers that depend on a key alone: the same on every machine, whatever was drawn before.

/// How often the first of many things is met, and how often the last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Spread {
    /// All equally often.
    Uniform,
    /// The second half as often as the first, the third a third as often, and so on: few things make up most of
    /// the traffic, as busy controllers do in a cluster.
    Zipf,
}

/// A generator of numbers (splitmix64), seeded by a key.
#[derive(Clone, Debug)]
pub(crate) struct Draw {
    state: u64,
}

impl Draw {
    pub(crate) fn of(key: &[u64]) -> Self {
        Self { state: key.iter().fold(0, |state, &part| mix(state ^ mix(part))) }
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// A number below `limit`; 0 for a limit of 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        let wide = u128::from(self.number()) * u128::from(limit);
        // The upper half of a product of 64 bits each.
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    /// Once in `times`.
    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let place = usize::try_from(self.below(from.len() as u64)).ok()?;
        from.get(place)
    }

    /// The text at a random place; the empty text for none.
    pub(crate) fn text(&mut self, from: &[&'static str]) -> &'static str {
        self.pick(from).copied().unwrap_or_default()
    }

    /// One of `count` things, drawn by a spread. Which are the frequent ones is scattered over all of them, so
    /// that they are no neighbours.
    pub(crate) fn spread(&mut self, spread: Spread, count: u64) -> u64 {
        match spread {
            Spread::Uniform => self.below(count),
            Spread::Zipf => {
                // As long as the count is no multiple of this prime, this is a bijection.
                let scattered = u128::from(self.zipf(count)) * 2_654_435_761;
                u64::try_from(scattered.checked_rem(u128::from(count)).unwrap_or_default())
                    .unwrap_or_default()
            }
        }
    }

    /// A rank below `count`, with a probability of nearly 1/(rank + 1), in whole numbers alone: first the octave,
    /// all of which weigh the same, then a place in it. What lies behind the last rank is drawn again.
    fn zipf(&mut self, count: u64) -> u64 {
        let Some(highest) = count.checked_ilog2() else { return 0 };
        loop {
            let begin = 1 << self.below(u64::from(highest) + 1);
            let rank = begin + self.below(begin) - 1;
            if rank < count {
                return rank;
            }
        }
    }
}

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

pub(crate) fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(STEP);
    let number = (number ^ number >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ number >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ number >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_key_draws_the_same_and_another_key_something_else() {
        let draws = |key: &[u64]| -> Vec<u64> {
            let mut draw = Draw::of(key);
            (0..8).map(|_| draw.number()).collect()
        };
        assert_eq!(draws(&[1, 2]), draws(&[1, 2]));
        assert_ne!(draws(&[1, 2]), draws(&[2, 1]));
    }

    #[test]
    fn what_is_drawn_lies_below_the_limit() {
        let mut draw = Draw::of(&[7]);
        for limit in [0, 1, 2, 3, 1000] {
            for _ in 0..1000 {
                assert!(draw.below(limit) < limit.max(1));
                assert!(draw.spread(Spread::Zipf, limit) < limit.max(1));
            }
        }
    }

    #[test]
    fn half_of_zipf_s_draws_are_of_few_things_and_all_things_are_drawn() {
        const COUNT: u64 = 1000;
        let mut draw = Draw::of(&[3]);
        let mut drawn = vec![0u32; 1000];
        for _ in 0..200_000 {
            drawn[usize::try_from(draw.spread(Spread::Zipf, COUNT)).unwrap()] += 1;
        }
        assert!(drawn.iter().all(|&times| times > 0));
        drawn.sort_unstable_by(|a, b| b.cmp(a));
        let (first, most): (u32, u32) = (drawn[0], drawn[..32].iter().sum());
        // Of H(1000) = 7.5 the first has one, the first 32 have 4.06.
        assert!((16_000..40_000).contains(&first), "{first}");
        assert!((90_000..130_000).contains(&most), "{most}");
    }
}
