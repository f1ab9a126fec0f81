//! Candidates among path patterns.

use std::collections::HashMap;

/// Things by their path patterns: finds for a path whatever may cover it, not all of which does.
#[derive(Clone, Debug)]
pub(crate) struct PathIndex<'p, T> {
    literal: HashMap<&'p str, Vec<T>>,
    /// By what stands before their trailing stars.
    prefixes: HashMap<&'p str, Vec<T>>,
}

impl<T> Default for PathIndex<'_, T> {
    fn default() -> Self {
        Self { literal: HashMap::new(), prefixes: HashMap::new() }
    }
}

impl<'p, T: Copy> PathIndex<'p, T> {
    pub(crate) fn add(&mut self, pattern: &'p str, thing: T) {
        let prefix = pattern.trim_end_matches('*');
        let kind = if prefix.len() == pattern.len() { &mut self.literal } else { &mut self.prefixes };
        kind.entry(prefix).or_default().push(thing);
    }

    pub(crate) fn candidates(&self, path: &str) -> Vec<T> {
        let ends = path.char_indices().map(|(at, _)| at).chain([path.len()]);
        let prefixes = ends.filter_map(|end| self.prefixes.get(path.get(..end)?));
        self.literal.get(path).into_iter().chain(prefixes).flatten().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_that_covers_a_path_is_a_candidate() {
        let mut index = PathIndex::default();
        for (thing, pattern) in ["*", "/a", "/a*", "/a/**", "/ä*", "/b*", ""].into_iter().enumerate() {
            index.add(pattern, thing);
        }
        assert_eq!(index.candidates("/a"), [1, 0, 2]);
        assert_eq!(index.candidates("/a/b"), [0, 2, 3]);
        assert_eq!(index.candidates("/ä"), [0, 4]);
        assert_eq!(index.candidates(""), [6, 0]);
    }
}
