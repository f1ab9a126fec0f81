//! A request as numbers, on the stack.

use std::cell::OnceCell;

use rolecall_model::{Request, Target};

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
    Path {
        path: &'a str,
        number: Option<u32>,
        patterns: &'a PathPatterns<'a>,
    },
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
        request: &'a Request<'_>,
        reading: Reading,
        vocabulary: &'a Vocabulary<'a>,
        resources: &ResourcePatterns<'_>,
        paths: &'a PathPatterns<'a>,
    ) -> Self {
        let verb = vocabulary.verb(request.verb);
        let target = match request.target {
            Target::Path(path) => {
                QuestionTarget::Path { path, number: vocabulary.path(path), patterns: paths }
            }
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
            QuestionTarget::Path { .. } => None,
            QuestionTarget::Resource { name, name_number, .. } => {
                *name_number.get_or_init(|| self.vocabulary.name(name))
            }
        }
    }

    /// The patterns that cover the path; none for a resource.
    pub(crate) fn matching_paths(&self) -> impl Iterator<Item = u32> {
        let (path, number, patterns) = match &self.target {
            QuestionTarget::Path { path, number, patterns } => (*path, *number, Some(*patterns)),
            QuestionTarget::Resource { .. } => ("", None, None),
        };
        patterns.into_iter().flat_map(move |patterns| patterns.matching(path, number))
    }

    /// Whether no pattern of any rule covers the target, wide rules apart.
    pub(crate) fn matches_nothing(&self) -> bool {
        match &self.target {
            QuestionTarget::Path { .. } => self.matching_paths().next().is_none(),
            QuestionTarget::Resource { matched, .. } => matched.as_slice().is_empty(),
        }
    }
}
