//! What rules say about resources, as numbered patterns.
//!
//! A rule's `apiGroups` × `resources` are pairs, each of one of six shapes; a request matches at most one
//! pair of each shape, so that it turns into at most six numbers with at most five probes, and into one number with one
//! probe where no wildcard is in play:
//!
//! | shape | group | resource | probe |
//! | --- | --- | --- | --- |
//! | exact | `apps` | `deployments`, `pods/log` | (group, node) |
//! | any group | `*` | `deployments` | node |
//! | any resource | `apps` | `*` | group |
//! | everything | `*` | `*` | none |
//! | subresource | `apps` | `*/scale` | (group, node of the subresource) |
//! | any subresource | `*` | `*/scale` | node of the subresource |
//!
//! Folding the wildcards into every exact pair would save probes, but cost a pair for every combination that a
//! policy allows to be named: their number would no longer be bounded by the policy's size. Instead each
//! permission set says which shapes it has at all (see [`crate::permissions`]), and most have one.
//!
//! Source: `spec/authorization/rbac.md` section 3.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::{
    error::{CompileError, ImageError, number},
    hashes::PairHash,
    image::{ImageReader, ImageWriter},
    probe_table::{self, ProbeTable},
};

/// One bit for each shape that a permission set may have.
pub(crate) mod shape {
    pub(crate) const EXACT: u8 = 1;
    pub(crate) const ANY_GROUP: u8 = 1 << 1;
    pub(crate) const ANY_RESOURCE: u8 = 1 << 2;
    pub(crate) const EVERYTHING: u8 = 1 << 3;
    pub(crate) const SUBRESOURCE: u8 = 1 << 4;
    pub(crate) const ANY_SUBRESOURCE: u8 = 1 << 5;
    /// A path, exact or prefix.
    pub(crate) const PATH: u8 = 1 << 6;
    /// Rules too wide to be multiplied out.
    pub(crate) const WIDE: u8 = 1 << 7;
}

/// A pattern's number and its shape.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Pattern {
    pub(crate) number: u32,
    pub(crate) shape: u8,
}

/// The patterns that a request matches.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Matched {
    patterns: [Pattern; 6],
    len: u8,
}

impl Matched {
    fn push(&mut self, number: Option<u32>, shape: u8) {
        if let (Some(number), Some(place)) = (number, self.patterns.get_mut(usize::from(self.len))) {
            *place = Pattern { number, shape };
            self.len += 1;
        }
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[Pattern] {
        self.patterns.get(..usize::from(self.len)).unwrap_or(&[])
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ResourcePatterns<'a> {
    exact: ProbeTable<'a, 3>,
    any_group: ProbeTable<'a, 3>,
    any_resource: ProbeTable<'a, 3>,
    everything: Option<u32>,
    subresource: ProbeTable<'a, 3>,
    any_subresource: ProbeTable<'a, 3>,
}

impl<'a> ResourcePatterns<'a> {
    pub(crate) fn read(reader: &mut ImageReader<'a>, hash: PairHash) -> Result<Self, ImageError> {
        Ok(Self {
            everything: reader.section()?.first().copied(),
            exact: ProbeTable::read(reader, hash)?,
            any_group: ProbeTable::read(reader, hash)?,
            any_resource: ProbeTable::read(reader, hash)?,
            subresource: ProbeTable::read(reader, hash)?,
            any_subresource: ProbeTable::read(reader, hash)?,
        })
    }

    /// The patterns that cover a resource; numbers are missing where no policy names the string.
    #[inline]
    pub(crate) fn matching(
        &self,
        group: Option<u32>,
        node: Option<u32>,
        subresource: Option<u32>,
    ) -> Matched {
        let mut matched = Matched::default();
        if let Some(node) = node {
            if let Some(group) = group {
                matched.push(value(self.exact, group, node), shape::EXACT);
            }
            matched.push(value(self.any_group, 0, node), shape::ANY_GROUP);
        }
        if let Some(group) = group {
            matched.push(value(self.any_resource, group, 0), shape::ANY_RESOURCE);
        }
        matched.push(self.everything, shape::EVERYTHING);
        if let Some(subresource) = subresource {
            if let Some(group) = group {
                matched.push(value(self.subresource, group, subresource), shape::SUBRESOURCE);
            }
            matched.push(value(self.any_subresource, 0, subresource), shape::ANY_SUBRESOURCE);
        }
        matched
    }

    fn tables(&self) -> [ProbeTable<'a, 3>; 5] {
        [self.exact, self.any_group, self.any_resource, self.subresource, self.any_subresource]
    }

    pub(crate) fn bytes(&self) -> usize {
        self.tables().iter().map(ProbeTable::bytes).sum()
    }

    pub(crate) fn longest_probe(&self) -> usize {
        self.tables().iter().map(ProbeTable::longest_probe).max().unwrap_or(0)
    }

    pub(crate) fn check(&self) -> Result<(), ImageError> {
        self.tables().iter().try_for_each(ProbeTable::check)
    }
}

#[inline]
fn value(table: ProbeTable<'_, 3>, first: u32, second: u32) -> Option<u32> {
    table.get(first, second).map(|&[_, _, pattern]| pattern)
}

/// The resource half of a pattern, as a rule has it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum ResourceHalf {
    /// `*`.
    Any,
    /// This node.
    Is(u32),
    /// `*/` and this node as the subresource.
    Subresource(u32),
}

/// Numbers the patterns of a policy.
#[derive(Debug, Default)]
pub(crate) struct ResourcePatternsBuilder {
    known: HashMap<(Option<u32>, ResourceHalf), u32, RandomState>,
}

impl ResourcePatternsBuilder {
    /// The pattern of a group (`None`: any) and a resource; new ones are numbered by `next`.
    pub(crate) fn pattern(
        &mut self,
        group: Option<u32>,
        resource: ResourceHalf,
        next: &mut usize,
    ) -> Result<Pattern, CompileError> {
        let shape = match (group, resource) {
            (Some(_), ResourceHalf::Is(_)) => shape::EXACT,
            (None, ResourceHalf::Is(_)) => shape::ANY_GROUP,
            (Some(_), ResourceHalf::Any) => shape::ANY_RESOURCE,
            (None, ResourceHalf::Any) => shape::EVERYTHING,
            (Some(_), ResourceHalf::Subresource(_)) => shape::SUBRESOURCE,
            (None, ResourceHalf::Subresource(_)) => shape::ANY_SUBRESOURCE,
        };
        if let Some(&number) = self.known.get(&(group, resource)) {
            return Ok(Pattern { number, shape });
        }
        let new = number(*next, "resource patterns")?;
        *next += 1;
        self.known.insert((group, resource), new);
        Ok(Pattern { number: new, shape })
    }

    pub(crate) fn write(&self, hash: PairHash, writer: &mut ImageWriter) {
        writer.section(
            self.known.get(&(None, ResourceHalf::Any)).map(std::slice::from_ref).unwrap_or_default(),
        );
        let mut table = |key: &dyn Fn(Option<u32>, ResourceHalf) -> Option<(u32, u32)>| {
            let mut entries: Vec<_> = self
                .known
                .iter()
                .filter_map(|(&(group, half), &pattern)| {
                    let (first, second) = key(group, half)?;
                    Some([first, second, pattern])
                })
                .collect();
            entries.sort_unstable();
            probe_table::write(&entries, hash, writer);
        };
        table(&|group, half| match half {
            ResourceHalf::Is(node) => Some((group?, node)),
            _ => None,
        });
        table(&|group, half| match half {
            ResourceHalf::Is(node) if group.is_none() => Some((0, node)),
            _ => None,
        });
        table(&|group, half| match half {
            ResourceHalf::Any => Some((group?, 0)),
            _ => None,
        });
        table(&|group, half| match half {
            ResourceHalf::Subresource(node) => Some((group?, node)),
            _ => None,
        });
        table(&|group, half| match half {
            ResourceHalf::Subresource(node) if group.is_none() => Some((0, node)),
            _ => None,
        });
    }
}
