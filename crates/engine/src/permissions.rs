//! What permission sets grant.
//!
//! A *permission set* is what one role, or a union of roles, grants. Sets are stored once, however many
//! bindings give them.
//!
//! ```text
//! shapes   [ u8 ] …                           set → which shapes of patterns it has at all
//! cells    (set, pattern × pages + page) →    verbs allowed outright: u64 | verbs for which names must be
//!                                             looked at: u64 | name index: u32
//! names    (name index, name) →               verbs allowed: u64
//! wide     set → rules too wide for patterns
//! lists    access → several sets, where a union was not worth its memory
//! ```
//!
//! The common answer ends at the shapes (nothing of this kind granted) or at one cell.

use crate::{
    lowered_rule::LoweredRules,
    probe_table::{ProbeTable, pair},
    question::{Question, QuestionTarget},
    resource_patterns::{Pattern, shape},
    verbs::UNNAMED,
};

/// What a subject holds in a scope: nothing, one permission set, or several.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Access(u32);

const SEVERAL: u32 = 1 << 31;

impl Access {
    pub(crate) const NOTHING: Self = Self(u32::MAX);

    pub(crate) fn one(set: u32) -> Self {
        Self(set)
    }

    pub(crate) fn several(list: u32) -> Self {
        Self(list | SEVERAL)
    }
}

impl Default for Access {
    fn default() -> Self {
        Self::NOTHING
    }
}

/// What a set grants on one pattern, for one page of verbs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) allow: u64,
    pub(crate) look: u64,
    pub(crate) names: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Permissions {
    pub(crate) pages: u32,
    pub(crate) shapes: Vec<u8>,
    pub(crate) cells: ProbeTable<Cell>,
    pub(crate) names: ProbeTable<u64>,
    /// Ranges of `wide_rules`, a set's wide rules each. Empty when no set has any.
    pub(crate) wide: ProbeTable<(u32, u32)>,
    pub(crate) wide_rules: Vec<u32>,
    pub(crate) lists: Vec<(u32, u32)>,
    pub(crate) list_sets: Vec<u32>,
}

impl Permissions {
    /// Whether an access covers a question.
    #[inline]
    pub(crate) fn permit(&self, access: Access, question: &Question<'_>, rules: &LoweredRules) -> bool {
        if access == Access::NOTHING {
            return false;
        }
        if access.0 & SEVERAL == 0 {
            return self.set_permits(access.0, question, rules);
        }
        let (start, end) = self.lists.get((access.0 & !SEVERAL) as usize).copied().unwrap_or_default();
        let sets = self.list_sets.get(start as usize..end as usize).unwrap_or(&[]);
        sets.iter().any(|&set| self.set_permits(set, question, rules))
    }

    #[inline]
    fn set_permits(&self, set: u32, question: &Question<'_>, rules: &LoweredRules) -> bool {
        let shapes = self.shapes.get(set as usize).copied().unwrap_or(0);
        let permitted = match &question.target {
            QuestionTarget::Path { .. } => {
                shapes & shape::PATH != 0
                    && question.matching_paths().any(|number| self.pattern_permits(set, number, question))
            }
            QuestionTarget::Resource { matched, .. } => {
                matched.as_slice().iter().any(|&Pattern { number, shape }| {
                    shapes & shape != 0 && self.pattern_permits(set, number, question)
                })
            }
        };
        permitted || shapes & shape::WIDE != 0 && self.wide_permits(set, question, rules)
    }

    #[inline]
    fn pattern_permits(&self, set: u32, pattern: u32, question: &Question<'_>) -> bool {
        let first = pattern * self.pages;
        let page = question.verb_bit.page;
        self.cell_permits(set, first + page, question.verb_bit.bit, question)
            // A verb of a later page: the wildcard stands in the first.
            || page != 0 && self.cell_permits(set, first, UNNAMED, question)
    }

    #[inline]
    fn cell_permits(&self, set: u32, place: u32, bit: u64, question: &Question<'_>) -> bool {
        let Some(cell) = self.cells.get(pair(set, place)) else { return false };
        if cell.allow & bit != 0 {
            return true;
        }
        cell.look & bit != 0
            && question
                .name()
                .and_then(|name| self.names.get(pair(cell.names, name)))
                .is_some_and(|verbs| verbs & bit != 0)
    }

    #[cold]
    fn wide_permits(&self, set: u32, question: &Question<'_>, rules: &LoweredRules) -> bool {
        let (start, end) = self.wide.get(pair(0, set)).unwrap_or_default();
        let wide = self.wide_rules.get(start as usize..end as usize).unwrap_or(&[]);
        wide.iter().any(|&rule| rules.covers(rule, question))
    }

    pub(crate) fn bytes(&self) -> usize {
        self.shapes.len()
            + self.cells.bytes()
            + self.names.bytes()
            + self.wide.bytes()
            + self.wide_rules.len() * 4
            + self.lists.len() * 8
            + self.list_sets.len() * 4
    }
}
