//! Short texts that repeat, kept once.

use std::{hash::BuildHasher, sync::Arc};

/// Gives out one [`Arc`] for texts that are met again and again: keys such as `apiVersion`, verbs.
///
/// A direct-mapped cache: each text has one slot, which the latest text that falls into it owns. So it
/// never grows, whatever the input, and a miss costs no more than the allocation that is due anyway.
#[derive(Debug)]
pub(crate) struct Names {
    slots: Vec<Option<Arc<str>>>,
    hasher: foldhash::fast::RandomState,
}

impl Names {
    pub(crate) fn new() -> Self {
        Self { slots: vec![None; SLOTS], hasher: foldhash::fast::RandomState::default() }
    }

    /// The text, shared if it was met lately.
    pub(crate) fn share(&mut self, text: &str) -> Arc<str> {
        if text.len() > LONGEST {
            return text.into();
        }
        // A bad choice of a slot only costs an allocation.
        let slot = usize::try_from(self.hasher.hash_one(text) % SLOTS as u64);
        let Some(slot) = slot.ok().and_then(|slot| self.slots.get_mut(slot)) else { return text.into() };
        match slot {
            Some(known) if &**known == text => Arc::clone(known),
            _ => Arc::clone(slot.insert(text.into())),
        }
    }
}

const SLOTS: usize = 1024;
/// Longer texts seldom repeat.
const LONGEST: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_met_again_is_the_same_allocation() {
        let mut names = Names::new();
        let first = names.share("verbs");
        assert!(Arc::ptr_eq(&first, &names.share("verbs")));
        for number in 0..10_000 {
            assert_eq!(&*names.share(&number.to_string()), number.to_string());
        }
        assert_eq!(&*names.share(&"x".repeat(1000)), "x".repeat(1000));
    }
}
