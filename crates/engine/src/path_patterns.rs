//! What rules say about paths, as numbered patterns.
//!
//! ```text
//! exact      (0, path's number) → pattern
//! prefixes   [ end of its bytes | longest other prefix that it begins with | pattern ] …   sorted by bytes
//! bytes      the prefixes, one after the other
//! ```
//!
//! A pattern that ends in stars is the prefix before all of them; `*` is the empty prefix. The prefixes that
//! cover a path form a chain, each beginning with the next: the longest of them is found by binary search
//! (it is the greatest prefix that is not greater than the path, or one that this begins with).
//!
//! Source: `spec/authorization/rbac.md` section 3, nonResourceURL.

use std::collections::BTreeMap;

use fxhash::FxHashMap;

use crate::{
    error::{CompileError, ImageError, number},
    hashes::PairHash,
    image::{ImageReader, ImageWriter},
    probe_table::{self, ProbeTable},
    vocabulary::VocabularyBuilder,
};

/// No further prefix.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
pub(crate) struct PathPatterns<'a> {
    exact: ProbeTable<'a, 3>,
    prefixes: &'a [Prefix],
    bytes: &'a [u8],
}

/// Where it ends, the place of its parent, its pattern.
type Prefix = [u32; 3];

impl<'p> PathPatterns<'p> {
    pub(crate) fn read(reader: &mut ImageReader<'p>, hash: PairHash) -> Result<Self, ImageError> {
        Ok(Self {
            exact: ProbeTable::read(reader, hash)?,
            prefixes: reader.section()?,
            bytes: reader.section()?,
        })
    }

    pub(crate) fn check(&self) -> Result<(), ImageError> {
        self.exact.check()?;
        let mut start = 0;
        for (place, &[end, parent, _]) in self.prefixes.iter().enumerate() {
            // A chain that only leads to earlier places ends.
            let parent_fits = parent == NONE || (parent as usize) < place;
            if end < start || end as usize > self.bytes.len() || !parent_fits {
                return Err(ImageError::Damaged { what: "a path's prefix is not where it should be" });
            }
            start = end;
        }
        Ok(())
    }

    /// The patterns that cover a path, which has this number if a policy names it.
    pub(crate) fn matching<'a>(
        &'a self,
        path: &'a str,
        number: Option<u32>,
    ) -> impl Iterator<Item = u32> + 'a {
        let exact = number.and_then(|number| self.exact.get(0, number)).map(|&[_, _, pattern]| pattern);
        exact.into_iter().chain(self.covering_prefixes(path.as_bytes()))
    }

    fn covering_prefixes(&self, path: &[u8]) -> impl Iterator<Item = u32> + '_ {
        let mut place = self.longest(path);
        std::iter::from_fn(move || {
            let &[_, parent, pattern] = self.prefixes.get(place as usize)?;
            // Only ever to earlier places, so that it ends whatever an image says.
            place = if parent < place { parent } else { NONE };
            Some(pattern)
        })
    }

    /// The place of the longest prefix that the path begins with.
    fn longest(&self, path: &[u8]) -> u32 {
        let mut low = 0;
        let mut high = self.prefixes.len();
        while low < high {
            let middle = low.midpoint(high);
            if self.text(middle) <= path { low = middle + 1 } else { high = middle }
        }
        let mut place = low.checked_sub(1).and_then(|place| u32::try_from(place).ok()).unwrap_or(NONE);
        while let Some(&[_, parent, _]) = self.prefixes.get(place as usize) {
            if path.starts_with(self.text(place as usize)) {
                break;
            }
            place = if parent < place { parent } else { NONE };
        }
        place
    }

    fn text(&self, place: usize) -> &[u8] {
        let end = self.prefixes.get(place).map_or(0, |&[end, ..]| end as usize);
        let start = place
            .checked_sub(1)
            .and_then(|before| self.prefixes.get(before))
            .map_or(0, |&[end, ..]| end as usize);
        self.bytes.get(start..end).unwrap_or(&[])
    }

    pub(crate) fn longest_probe(&self) -> usize {
        self.exact.longest_probe()
    }

    pub(crate) fn table_bytes(&self) -> usize {
        self.exact.bytes() + size_of_val(self.prefixes) + self.bytes.len()
    }
}

/// Numbers the path patterns of a policy.
#[derive(Debug, Default)]
pub(crate) struct PathPatternsBuilder {
    exact: FxHashMap<u32, u32>,
    prefixes: BTreeMap<Vec<u8>, u32>,
}

impl PathPatternsBuilder {
    /// The number of a pattern as a rule writes it; new ones are numbered by `next`.
    pub(crate) fn pattern(
        &mut self,
        text: &str,
        vocabulary: &mut VocabularyBuilder,
        next: &mut usize,
    ) -> Result<u32, CompileError> {
        let new = number(*next, "path patterns")?;
        let known = if text.ends_with('*') {
            *self.prefixes.entry(text.trim_end_matches('*').into()).or_insert(new)
        } else {
            *self.exact.entry(vocabulary.path(text)?).or_insert(new)
        };
        if known == new {
            *next += 1;
        }
        Ok(known)
    }

    pub(crate) fn write(&self, hash: PairHash, writer: &mut ImageWriter) -> Result<(), CompileError> {
        let mut prefixes: Vec<Prefix> = Vec::with_capacity(self.prefixes.len());
        let mut bytes = Vec::new();
        // The prefixes that the current one begins with, shortest first: places and texts.
        let mut open: Vec<(u32, &[u8])> = Vec::new();
        for (text, &pattern) in &self.prefixes {
            while open.last().is_some_and(|(_, outer)| !text.starts_with(outer)) {
                open.pop();
            }
            bytes.extend_from_slice(text);
            let place = number(prefixes.len(), "path patterns")?;
            let end = number(bytes.len(), "bytes of paths")?;
            prefixes.push([end, open.last().map_or(NONE, |&(place, _)| place), pattern]);
            open.push((place, text));
        }
        let mut exact: Vec<_> = self.exact.iter().map(|(&path, &pattern)| [0, path, pattern]).collect();
        exact.sort_unstable();
        probe_table::write(&exact, hash, writer);
        writer.section(&prefixes);
        writer.section(&bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{hashes::Seed, vocabulary::Vocabulary};

    #[test]
    fn a_path_is_covered_by_its_own_pattern_and_by_every_prefix_of_it() {
        let texts = ["/a", "/a/*", "/a/**", "*", "/a/b*", "/a/b/c", "/ab*", "/a/bb*", "", "/b*", "/a/b/c*"];
        let mut vocabulary = VocabularyBuilder::new(Seed::random(), 0);
        let mut builder = PathPatternsBuilder::default();
        let mut next = 0;
        let numbers: Vec<_> =
            texts.iter().map(|text| builder.pattern(text, &mut vocabulary, &mut next).unwrap()).collect();
        let mut writer = ImageWriter::default();
        vocabulary.write(&mut writer);
        builder.write(vocabulary.hashes.pairs, &mut writer).unwrap();
        let image = writer.finish();
        let mut reader = ImageReader::open(&image).unwrap();
        let vocabulary = Vocabulary::read(&mut reader).unwrap();
        let patterns = PathPatterns::read(&mut reader, vocabulary.hashes.pairs).unwrap();
        patterns.check().unwrap();
        for path in [
            "", "/", "/a", "/a/", "/a/b", "/a/b/c", "/a/b/cd", "/a/bb", "/a/c", "/abc", "/b", "b", "/a/bbz",
            "*",
        ] {
            let mut found: Vec<_> = patterns.matching(path, vocabulary.path(path)).collect();
            found.sort_unstable();
            let mut expected: Vec<_> = texts
                .iter()
                .zip(&numbers)
                .filter(|(text, _)| {
                    **text == path || text.ends_with('*') && path.starts_with(text.trim_end_matches('*'))
                })
                .map(|(_, &number)| number)
                .collect();
            expected.sort_unstable();
            expected.dedup();
            assert_eq!(found, expected, "{path}");
        }
    }
}
