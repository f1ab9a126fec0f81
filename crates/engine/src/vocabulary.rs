//! All strings that a policy names, and the numbers they have in their domains.
//!
//! Resources need one thing more: a rule names `pods/log`, a request brings `pods` and `log`, and the two
//! must meet without putting a string together. So a resource is read as its segments between slashes, and is a
//! *node*: the segment's number for one segment, and for each further one what `(node, segment)` leads to.
//! `a/b` + `c` and `a` + `b/c` end at the same node, as Kubernetes, which joins the texts, has it.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::{
    error::{CompileError, ImageError, number},
    hashes::{Hashes, Seed},
    image::{ImageReader, ImageWriter},
    probe_table::{self, ProbeTable},
    symbols::{Symbols, SymbolsBuilder},
    texts::{Text, TextNumbers, Texts, TextsBuilder},
};

#[derive(Clone, Debug)]
pub(crate) struct Vocabulary<'a> {
    seed: Seed,
    pub(crate) hashes: Hashes,
    pub(crate) texts: Texts<'a>,
    namespaces: Symbols<'a>,
    verbs: Symbols<'a>,
    api_groups: Symbols<'a>,
    names: Symbols<'a>,
    paths: Symbols<'a>,
    segments: Symbols<'a>,
    /// (node, segment) → node.
    nodes: ProbeTable<'a, 3>,
}

/// A resource of several segments has this bit set in its node.
const COMPOSITE: u32 = 1 << 31;

impl<'a> Vocabulary<'a> {
    pub(crate) fn read(reader: &mut ImageReader<'a>) -> Result<Self, ImageError> {
        let &[seed] = reader.section()? else {
            return Err(ImageError::Damaged { what: "it has no seed" });
        };
        let hashes = Hashes::new(Seed(seed));
        Ok(Self {
            seed: Seed(seed),
            texts: Texts::read(reader)?,
            namespaces: Symbols::read(reader)?,
            verbs: Symbols::read(reader)?,
            api_groups: Symbols::read(reader)?,
            names: Symbols::read(reader)?,
            paths: Symbols::read(reader)?,
            segments: Symbols::read(reader)?,
            nodes: ProbeTable::read(reader, hashes.pairs)?,
            hashes,
        })
    }

    /// What the hashes are made from.
    pub(crate) fn seed(&self) -> Seed {
        self.seed
    }

    /// The number of a namespace with this hash in its domain.
    #[inline]
    pub(crate) fn namespace(&self, name: &str, hash: u64) -> Option<u32> {
        self.namespaces.lookup(self.texts, name, hash)
    }

    #[inline]
    pub(crate) fn verb(&self, verb: &str) -> Option<u32> {
        self.word(self.verbs, verb)
    }

    #[inline]
    pub(crate) fn api_group(&self, group: &str) -> Option<u32> {
        self.word(self.api_groups, group)
    }

    pub(crate) fn name(&self, name: &str) -> Option<u32> {
        self.word(self.names, name)
    }

    pub(crate) fn path(&self, path: &str) -> Option<u32> {
        self.word(self.paths, path)
    }

    #[inline]
    fn word(&self, symbols: Symbols<'_>, word: &str) -> Option<u32> {
        symbols.lookup(self.texts, word, self.hashes.words.of(word))
    }

    /// The node of a resource joined with a subresource, if a policy names it.
    pub(crate) fn resource(&self, resource: &str, subresource: &str) -> Option<u32> {
        let node = self.whole(resource)?;
        if subresource.is_empty() { Some(node) } else { self.below(node, subresource) }
    }

    /// The node of a text as it stands, if a policy names it.
    #[inline]
    pub(crate) fn whole(&self, text: &str) -> Option<u32> {
        // No segment has a slash: what is one needs no looking for slashes.
        if let Some(segment) = self.word(self.segments, text) {
            return Some(segment);
        }
        let (first, rest) = text.split_once('/')?;
        self.below(self.word(self.segments, first)?, rest)
    }

    fn below(&self, mut node: u32, text: &str) -> Option<u32> {
        for segment in text.split('/') {
            let &[_, _, next] = self.nodes.get(node, self.word(self.segments, segment)?)?;
            node = next;
        }
        Some(node)
    }

    pub(crate) fn pages(&self) -> usize {
        crate::verbs::pages(self.verbs.len())
    }

    /// The name of a namespace; empty for a number that is none.
    pub(crate) fn namespace_name(&self, number: u32) -> &'a str {
        self.namespaces.text(number).map_or("", |text| self.texts.string(text))
    }

    /// The most slots that the look-up of one of the strings goes through.
    pub(crate) fn longest_probe(&self) -> usize {
        let [namespaces, words @ ..] = self.symbols();
        words
            .iter()
            .map(|symbols| symbols.longest_probe(self.texts, &self.hashes.words))
            .chain([
                namespaces.longest_probe(self.texts, &self.hashes.namespaces),
                self.nodes.longest_probe(),
            ])
            .max()
            .unwrap_or(0)
    }

    pub(crate) fn namespace_count(&self) -> usize {
        self.namespaces.len()
    }

    pub(crate) fn text_bytes(&self) -> usize {
        self.texts.byte_count()
    }

    /// The bytes that the tables of numbers take.
    pub(crate) fn symbol_bytes(&self) -> usize {
        self.symbols().iter().map(|symbols| symbols.bytes()).sum::<usize>() + self.nodes.bytes()
    }

    fn symbols(&self) -> [Symbols<'a>; 6] {
        [self.namespaces, self.verbs, self.api_groups, self.names, self.paths, self.segments]
    }

    pub(crate) fn check(&self) -> Result<TextNumbers, ImageError> {
        let known = self.texts.check()?;
        for symbols in self.symbols() {
            symbols.check(&known)?;
        }
        self.nodes.check()?;
        let segments = self.segments.len();
        if self.nodes.entries().any(|&[_, segment, _]| segment as usize >= segments) {
            return Err(ImageError::Damaged { what: "a resource has a segment that is none" });
        }
        Ok(known)
    }
}

/// Takes a policy's strings in.
#[derive(Debug)]
pub(crate) struct VocabularyBuilder {
    seed: Seed,
    pub(crate) hashes: Hashes,
    pub(crate) texts: TextsBuilder,
    namespaces: SymbolsBuilder,
    verbs: SymbolsBuilder,
    api_groups: SymbolsBuilder,
    names: SymbolsBuilder,
    paths: SymbolsBuilder,
    segments: SymbolsBuilder,
    nodes: HashMap<(u32, u32), u32, RandomState>,
}

impl VocabularyBuilder {
    /// No strings yet, and room for about so many.
    pub(crate) fn new(seed: Seed, expected: usize) -> Self {
        let hashes = Hashes::new(seed);
        Self {
            seed,
            texts: TextsBuilder::new(hashes.words.clone(), expected),
            hashes,
            namespaces: SymbolsBuilder::new("namespaces"),
            verbs: SymbolsBuilder::new("verbs"),
            api_groups: SymbolsBuilder::new("API groups"),
            names: SymbolsBuilder::new("resource names"),
            paths: SymbolsBuilder::new("paths"),
            segments: SymbolsBuilder::new("resources"),
            nodes: HashMap::default(),
        }
    }

    /// The text of the name of a user or group.
    #[inline]
    pub(crate) fn principal(&mut self, name: &str) -> Result<Text, CompileError> {
        self.texts.intern(name)
    }

    pub(crate) fn namespace(&mut self, name: &str) -> Result<u32, CompileError> {
        self.namespaces.number(self.texts.intern(name)?)
    }

    pub(crate) fn verb(&mut self, verb: &str) -> Result<u32, CompileError> {
        self.verbs.number(self.texts.intern(verb)?)
    }

    pub(crate) fn api_group(&mut self, group: &str) -> Result<u32, CompileError> {
        self.api_groups.number(self.texts.intern(group)?)
    }

    pub(crate) fn name(&mut self, name: &str) -> Result<u32, CompileError> {
        self.names.number(self.texts.intern(name)?)
    }

    pub(crate) fn path(&mut self, path: &str) -> Result<u32, CompileError> {
        self.paths.number(self.texts.intern(path)?)
    }

    /// The node of a resource as a policy writes it.
    pub(crate) fn resource(&mut self, text: &str) -> Result<u32, CompileError> {
        let mut segments = text.split('/');
        let mut node = self.segments.number(self.texts.intern(segments.next().unwrap_or(""))?)?;
        for segment in segments {
            let key = (node, self.segments.number(self.texts.intern(segment)?)?);
            node = match self.nodes.get(&key) {
                Some(&known) => known,
                None => {
                    let new = number(self.nodes.len(), "resources")? | COMPOSITE;
                    self.nodes.insert(key, new);
                    new
                }
            };
        }
        Ok(node)
    }

    /// How many pages the verbs take.
    pub(crate) fn pages(&self) -> usize {
        crate::verbs::pages(self.verbs.len())
    }

    /// The hash of each namespace, by its number.
    pub(crate) fn namespace_hashes(&self) -> Vec<u64> {
        let hash = |&text: &Text| self.hashes.namespaces.of(self.texts.string(text));
        self.namespaces.texts().iter().map(hash).collect()
    }

    pub(crate) fn write(&self, writer: &mut ImageWriter) {
        writer.section(&[self.seed.0]);
        self.texts.write(writer);
        self.namespaces.write(&self.texts, &self.hashes.namespaces, writer);
        for symbols in [&self.verbs, &self.api_groups, &self.names, &self.paths, &self.segments] {
            symbols.write(&self.texts, &self.hashes.words, writer);
        }
        let mut nodes: Vec<_> =
            self.nodes.iter().map(|(&(node, segment), &next)| [node, segment, next]).collect();
        nodes.sort_unstable();
        probe_table::write(&nodes, self.hashes.pairs, writer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_and_subresource_meet_the_joined_text_wherever_the_slashes_are() {
        let mut builder = VocabularyBuilder::new(Seed::random(), 0);
        let log = builder.resource("pods/log").unwrap();
        let deep = builder.resource("a/b/c").unwrap();
        let slash = builder.resource("pods/").unwrap();
        let mut writer = ImageWriter::default();
        builder.write(&mut writer);
        let image = writer.finish();
        let vocabulary = Vocabulary::read(&mut ImageReader::open(&image).unwrap()).unwrap();
        vocabulary.check().unwrap();
        assert_eq!(vocabulary.resource("pods", "log"), Some(log));
        assert_eq!(vocabulary.resource("pods/log", ""), Some(log));
        assert_eq!(vocabulary.resource("a/b", "c"), Some(deep));
        assert_eq!(vocabulary.resource("a", "b/c"), Some(deep));
        assert_eq!(vocabulary.resource("a", "b"), vocabulary.whole("a/b"));
        assert_eq!(vocabulary.resource("pods/", ""), Some(slash));
        assert_eq!(vocabulary.resource("pods", "exec"), None);
        assert_ne!(vocabulary.resource("pods", ""), Some(slash));
    }
}
