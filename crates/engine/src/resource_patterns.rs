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

use fxhash::FxHashMap;

use crate::{
    error::{CompileError, number},
    probe_table::{ProbeTable, pair},
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

#[derive(Clone, Debug)]
pub(crate) struct ResourcePatterns {
    exact: ProbeTable<u32>,
    any_group: ProbeTable<u32>,
    any_resource: ProbeTable<u32>,
    everything: Option<u32>,
    subresource: ProbeTable<u32>,
    any_subresource: ProbeTable<u32>,
}

impl ResourcePatterns {
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
                matched.push(self.exact.get(pair(group, node)), shape::EXACT);
            }
            matched.push(self.any_group.get(pair(0, node)), shape::ANY_GROUP);
        }
        if let Some(group) = group {
            matched.push(self.any_resource.get(pair(group, 0)), shape::ANY_RESOURCE);
        }
        matched.push(self.everything, shape::EVERYTHING);
        if let Some(subresource) = subresource {
            if let Some(group) = group {
                matched.push(self.subresource.get(pair(group, subresource)), shape::SUBRESOURCE);
            }
            matched.push(self.any_subresource.get(pair(0, subresource)), shape::ANY_SUBRESOURCE);
        }
        matched
    }

    pub(crate) fn bytes(&self) -> usize {
        self.exact.bytes()
            + self.any_group.bytes()
            + self.any_resource.bytes()
            + self.subresource.bytes()
            + self.any_subresource.bytes()
    }
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
    known: FxHashMap<(Option<u32>, ResourceHalf), u32>,
}

type Known = FxHashMap<(Option<u32>, ResourceHalf), u32>;

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

    pub(crate) fn build(self) -> ResourcePatterns {
        ResourcePatterns {
            exact: table(&self.known, |group, half| match half {
                ResourceHalf::Is(node) => group.map(|group| pair(group, node)),
                _ => None,
            }),
            any_group: table(&self.known, |group, half| match half {
                ResourceHalf::Is(node) if group.is_none() => Some(pair(0, node)),
                _ => None,
            }),
            any_resource: table(&self.known, |group, half| match half {
                ResourceHalf::Any => group.map(|group| pair(group, 0)),
                _ => None,
            }),
            everything: self.known.get(&(None, ResourceHalf::Any)).copied(),
            subresource: table(&self.known, |group, half| match half {
                ResourceHalf::Subresource(node) => group.map(|group| pair(group, node)),
                _ => None,
            }),
            any_subresource: table(&self.known, |group, half| match half {
                ResourceHalf::Subresource(node) if group.is_none() => Some(pair(0, node)),
                _ => None,
            }),
        }
    }
}

fn table(known: &Known, key: impl Fn(Option<u32>, ResourceHalf) -> Option<u64>) -> ProbeTable<u32> {
    let entries: Vec<_> =
        known.iter().filter_map(|(&(group, half), &number)| Some((key(group, half)?, number))).collect();
    ProbeTable::build(entries.into_iter())
}
