//! All strings that a policy names, by domain.
//!
//! Resources need one thing more: a rule names `pods/log`, a request brings `pods` and `log`, and the two
//! must meet without putting a string together. So a resource is read as its segments between slashes, and is a
//! *node*: the segment's number for one segment, and for each further one what `(node, segment)` leads to.
//! `a/b` + `c` and `a` + `b/c` end at the same node, as Kubernetes, which joins the texts, has it.

use fxhash::FxHashMap;

use crate::{
    error::{CompileError, number},
    probe_table::{ProbeTable, pair},
    symbols::Symbols,
};

#[derive(Clone, Debug)]
pub(crate) struct Vocabulary {
    pub(crate) users: Symbols,
    pub(crate) groups: Symbols,
    pub(crate) namespaces: Symbols,
    pub(crate) verbs: Symbols,
    pub(crate) api_groups: Symbols,
    pub(crate) names: Symbols,
    pub(crate) paths: Symbols,
    segments: Symbols,
    nodes: ProbeTable<u32>,
}

/// A resource of several segments has this bit set in its node.
const COMPOSITE: u32 = 1 << 31;

impl Vocabulary {
    /// The node of a resource joined with a subresource, if a policy names it.
    pub(crate) fn resource(&self, resource: &str, subresource: &str) -> Option<u32> {
        let mut node = self.whole(resource)?;
        if !subresource.is_empty() {
            for segment in subresource.split('/') {
                node = self.nodes.get(pair(node, self.segments.lookup(segment)?))?;
            }
        }
        Some(node)
    }

    /// The node of a text as it stands, if a policy names it.
    pub(crate) fn whole(&self, text: &str) -> Option<u32> {
        let mut segments = text.split('/');
        let mut node = self.segments.lookup(segments.next().unwrap_or(""))?;
        for segment in segments {
            node = self.nodes.get(pair(node, self.segments.lookup(segment)?))?;
        }
        Some(node)
    }

    /// The bytes that the tables take.
    pub(crate) fn bytes(&self) -> usize {
        let symbols = [
            &self.users,
            &self.groups,
            &self.namespaces,
            &self.verbs,
            &self.api_groups,
            &self.names,
            &self.paths,
            &self.segments,
        ];
        symbols.iter().map(|symbols| symbols.table_bytes()).sum::<usize>() + self.nodes.bytes()
    }
}

/// Takes a policy's strings in.
#[derive(Debug)]
pub(crate) struct VocabularyBuilder {
    vocabulary: Vocabulary,
    nodes: FxHashMap<u64, u32>,
}

impl VocabularyBuilder {
    pub(crate) fn new() -> Self {
        Self {
            vocabulary: Vocabulary {
                users: Symbols::new("users"),
                groups: Symbols::new("groups"),
                namespaces: Symbols::new("namespaces"),
                verbs: Symbols::new("verbs"),
                api_groups: Symbols::new("API groups"),
                names: Symbols::new("resource names"),
                paths: Symbols::new("paths"),
                segments: Symbols::new("resources"),
                nodes: ProbeTable::build(std::iter::empty()),
            },
            nodes: FxHashMap::default(),
        }
    }

    pub(crate) fn user(&mut self, name: &str) -> Result<u32, CompileError> {
        self.vocabulary.users.intern(name)
    }

    pub(crate) fn group(&mut self, name: &str) -> Result<u32, CompileError> {
        self.vocabulary.groups.intern(name)
    }

    pub(crate) fn namespace(&mut self, name: &str) -> Result<u32, CompileError> {
        self.vocabulary.namespaces.intern(name)
    }

    pub(crate) fn verb(&mut self, verb: &str) -> Result<u32, CompileError> {
        self.vocabulary.verbs.intern(verb)
    }

    pub(crate) fn api_group(&mut self, group: &str) -> Result<u32, CompileError> {
        self.vocabulary.api_groups.intern(group)
    }

    pub(crate) fn name(&mut self, name: &str) -> Result<u32, CompileError> {
        self.vocabulary.names.intern(name)
    }

    pub(crate) fn path(&mut self, path: &str) -> Result<u32, CompileError> {
        self.vocabulary.paths.intern(path)
    }

    /// The node of a resource as a policy writes it.
    pub(crate) fn resource(&mut self, text: &str) -> Result<u32, CompileError> {
        let mut segments = text.split('/');
        let mut node = self.vocabulary.segments.intern(segments.next().unwrap_or(""))?;
        for segment in segments {
            let key = pair(node, self.vocabulary.segments.intern(segment)?);
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

    pub(crate) fn build(mut self) -> Vocabulary {
        let entries: Vec<_> = self.nodes.into_iter().collect();
        self.vocabulary.nodes = ProbeTable::build(entries.into_iter());
        self.vocabulary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_and_subresource_meet_the_joined_text_wherever_the_slashes_are() {
        let mut builder = VocabularyBuilder::new();
        let log = builder.resource("pods/log").unwrap();
        let deep = builder.resource("a/b/c").unwrap();
        let slash = builder.resource("pods/").unwrap();
        let vocabulary = builder.build();
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
