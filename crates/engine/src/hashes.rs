//! The hashes of a request's strings: seeded, since tenants choose names, and one for each domain.
//!
//! A grant is found under *hash of who* XOR *hash of where*. With one hash for both, a user named as a namespace
//! would cancel out; so each domain has secrets of its own. A hash only ever finds a candidate: the strings
//! are compared before anything follows from it, so that a collision costs time and never grants.
//!
//! The hash is `rapidhash`, whose value is the same on every machine and in every build: it is part of
//! what an image of tables means. All of its secrets are made from the seed: with the published ones, names that
//! collide under every seed could be crafted.

use rapidhash::v3::{RapidSecrets, rapidhash_v3_nano_inline};

/// Where randomness of the hashes comes from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    /// A seed that nobody can guess.
    pub(crate) fn random() -> Self {
        use std::hash::{BuildHasher, RandomState};
        Self(RandomState::new().hash_one("rolecall"))
    }
}

/// A hash of strings.
#[derive(Clone, Debug)]
pub(crate) struct StringHash(RapidSecrets);

impl StringHash {
    fn of_domain(seed: Seed, domain: u64) -> Self {
        // Secrets of neighbouring seeds have nothing in common, but hashing the seed costs nothing here.
        let secrets = RapidSecrets::seed(seed.0);
        Self(RapidSecrets::seed(rapidhash_v3_nano_inline::<true, false>(&domain.to_ne_bytes(), &secrets)))
    }

    #[inline]
    pub(crate) fn of(&self, text: &str) -> u64 {
        rapidhash_v3_nano_inline::<true, false>(text.as_bytes(), &self.0)
    }
}

/// A hash of pairs of table numbers, seeded too: whoever makes names can choose their numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PairHash {
    first: u64,
    second: u64,
}

impl PairHash {
    #[inline]
    pub(crate) fn of(self, key: u64) -> u64 {
        let product = u128::from(key ^ self.first) * u128::from(self.second);
        #[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
        let folded = product as u64 ^ (product >> 64) as u64;
        folded
    }
}

/// The hash of each domain.
#[derive(Clone, Debug)]
pub(crate) struct Hashes {
    pub(crate) users: StringHash,
    pub(crate) groups: StringHash,
    pub(crate) namespaces: StringHash,
    /// Verbs, API groups, resources, names and paths, which have tables of their own and never meet.
    pub(crate) words: StringHash,
    pub(crate) pairs: PairHash,
}

impl Hashes {
    pub(crate) fn new(seed: Seed) -> Self {
        let domain = |domain| StringHash::of_domain(seed, domain);
        let words = domain(4);
        Self {
            users: domain(1),
            groups: domain(2),
            namespaces: domain(3),
            pairs: PairHash { first: words.of("first"), second: words.of("second") | 1 },
            words,
        }
    }

    /// The hash of a user when in a group.
    #[inline]
    pub(crate) fn user_in_group(user: u64, group: u64) -> u64 {
        // Neither the user's hash alone nor the group's, nor that of a user in a namespace.
        user.rotate_left(17) ^ group.rotate_left(41)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_hashes_differently_in_every_domain_and_under_every_seed() {
        let mut seen = std::collections::HashSet::new();
        for seed in 0..50 {
            let hashes = Hashes::new(Seed(seed));
            for hash in [&hashes.users, &hashes.groups, &hashes.namespaces, &hashes.words] {
                for text in ["", "a", "aa", "aaa", "system:serviceaccount:kube-system:default"] {
                    assert!(seen.insert(hash.of(text)), "{seed}: {text}");
                }
            }
        }
    }

    #[test]
    fn one_seed_makes_one_hash_for_good() {
        // Images carry their seed only: were a value to change, their layout's number would have to.
        let hashes = Hashes::new(Seed(7));
        let values = [hashes.users.of("jane"), hashes.words.of("pods"), hashes.pairs.of(3)];
        assert_eq!(
            values,
            [13_562_630_151_353_949_219, 11_400_567_920_385_745_658, 4_107_884_858_551_306_590]
        );
    }
}
