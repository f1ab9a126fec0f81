//! A request as numbers, on the stack.

use std::cell::OnceCell;

use rolecall_model::Target;

use crate::{
    path_patterns::PathPatterns,
    resource_patterns::{Matched, ResourcePatterns},
    verbs::VerbBit,
    vocabulary::Vocabulary,
};

/// What a request asks, but for who asks.
pub(crate) struct Question<'a> {
    pub(crate) verb: Option<u32>,
    pub(crate) verb_bit: VerbBit,
    pub(crate) target: QuestionTarget<'a>,
    vocabulary: &'a Vocabulary<'a>,
}

pub(crate) enum QuestionTarget<'a> {
    Path(CoveringPaths<'a>),
    Resource {
        group: Option<u32>,
        node: Option<u32>,
        /// Missing where the request has no subresource, too.
        subresource: Option<u32>,
        matched: Matched,
        name: &'a str,
        /// Looked up when the first rule asks for it: most requests meet none that does.
        name_number: OnceCell<Option<u32>>,
    },
}

/// The patterns that cover a path: to be found, or known.
#[derive(Clone, Copy)]
pub(crate) enum CoveringPaths<'a> {
    Of { path: &'a str, number: Option<u32>, patterns: &'a PathPatterns<'a> },
    Known(&'a [u32]),
}

/// What a question comes to, without the request that it was made from.
#[derive(Clone, Debug)]
pub(crate) struct KnownQuestion {
    verb: Option<u32>,
    verb_bit: VerbBit,
    target: KnownTarget,
}

#[derive(Clone, Debug)]
enum KnownTarget {
    Path(Box<[u32]>),
    Resource {
        group: Option<u32>,
        node: Option<u32>,
        subresource: Option<u32>,
        matched: Matched,
        name: Option<u32>,
    },
}

impl KnownQuestion {
    /// The question again.
    #[inline]
    pub(crate) fn question<'a>(&'a self, vocabulary: &'a Vocabulary<'a>) -> Question<'a> {
        let target = match &self.target {
            KnownTarget::Path(patterns) => QuestionTarget::Path(CoveringPaths::Known(patterns)),
            &KnownTarget::Resource { group, node, subresource, matched, name } => QuestionTarget::Resource {
                group,
                node,
                subresource,
                matched,
                name: "",
                name_number: OnceCell::from(name),
            },
        };
        Question { verb: self.verb, verb_bit: self.verb_bit, target, vocabulary }
    }
}

/// Which text of a request is its resource.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reading {
    /// Resource and subresource joined by a slash (RBAC).
    Joined,
    /// The resource alone, whatever the subresource (ABAC).
    ResourceAlone,
}

impl<'a> Question<'a> {
    #[inline]
    pub(crate) fn new(
        verb: &str,
        target: Target<'a>,
        reading: Reading,
        vocabulary: &'a Vocabulary<'a>,
        resources: &ResourcePatterns<'_>,
        paths: &'a PathPatterns<'a>,
    ) -> Self {
        let verb = vocabulary.verb(verb);
        let target = match target {
            Target::Path(path) => QuestionTarget::Path(CoveringPaths::Of {
                path,
                number: vocabulary.path(path),
                patterns: paths,
            }),
            Target::Resource { api_group, resource, subresource, name, .. } => {
                let group = vocabulary.api_group(api_group);
                let (node, below) = match reading {
                    Reading::Joined if subresource.is_empty() => (vocabulary.whole(resource), None),
                    Reading::Joined => {
                        (vocabulary.resource(resource, subresource), vocabulary.whole(subresource))
                    }
                    Reading::ResourceAlone => (vocabulary.whole(resource), None),
                };
                QuestionTarget::Resource {
                    group,
                    node,
                    subresource: below,
                    matched: resources.matching(group, node, below),
                    name,
                    name_number: OnceCell::new(),
                }
            }
        };
        Self { verb, verb_bit: verb.map_or_else(VerbBit::unnamed, VerbBit::of), target, vocabulary }
    }

    /// The number of the object's name, if a policy names it; paths have none.
    pub(crate) fn name(&self) -> Option<u32> {
        match &self.target {
            QuestionTarget::Path(_) => None,
            QuestionTarget::Resource { name, name_number, .. } => {
                *name_number.get_or_init(|| self.vocabulary.name(name))
            }
        }
    }

    /// The patterns that cover the path; none for a resource.
    pub(crate) fn matching_paths(&self) -> impl Iterator<Item = u32> {
        let covering = match self.target {
            QuestionTarget::Path(covering) => covering,
            QuestionTarget::Resource { .. } => CoveringPaths::Known(&[]),
        };
        let (known, found) = match covering {
            CoveringPaths::Known(known) => (known, None),
            CoveringPaths::Of { path, number, patterns } => (&[][..], Some(patterns.matching(path, number))),
        };
        known.iter().copied().chain(found.into_iter().flatten())
    }

    /// The same, to be asked again without the request.
    pub(crate) fn known(&self) -> KnownQuestion {
        let target = match self.target {
            QuestionTarget::Path(_) => KnownTarget::Path(self.matching_paths().collect()),
            QuestionTarget::Resource { group, node, subresource, matched, .. } => {
                KnownTarget::Resource { group, node, subresource, matched, name: self.name() }
            }
        };
        KnownQuestion { verb: self.verb, verb_bit: self.verb_bit, target }
    }

    /// Whether no pattern of any rule covers the target, wide rules apart.
    pub(crate) fn matches_nothing(&self) -> bool {
        match &self.target {
            QuestionTarget::Path(_) => self.matching_paths().next().is_none(),
            QuestionTarget::Resource { matched, .. } => matched.as_slice().is_empty(),
        }
    }
}
