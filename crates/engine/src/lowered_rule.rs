//! Rules as sorted lists of numbers.
//!
//! The hot path does not look at them, but for rules too wide to be multiplied out to patterns. They say
//! afterwards which rule of a role it was.

use crate::{
    error::{CompileError, number},
    question::Question,
};

/// The wildcard in a list of verbs, groups or resources. Sorts behind every number.
pub(crate) const ANY: u32 = u32::MAX;

/// A rule on its way into the tables. INVARIANT: every list is sorted and has no repeats.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct LoweredRule {
    pub(crate) verbs: Vec<u32>,
    pub(crate) groups: Vec<u32>,
    /// Nodes of whole resources, or [`ANY`].
    pub(crate) resources: Vec<u32>,
    /// Nodes of what stands behind `*/`.
    pub(crate) subresources: Vec<u32>,
    /// Names of objects; whether there are any is what [`LoweredRule::any_name`] says.
    pub(crate) names: Vec<u32>,
    /// Path patterns.
    pub(crate) paths: Vec<u32>,
}

impl LoweredRule {
    /// Sorts the lists and drops repeats.
    pub(crate) fn normalize(&mut self) {
        let lists = [
            &mut self.verbs,
            &mut self.groups,
            &mut self.resources,
            &mut self.subresources,
            &mut self.names,
            &mut self.paths,
        ];
        for list in lists {
            list.sort_unstable();
            list.dedup();
        }
    }

    /// Whether the rule covers objects of all names.
    pub(crate) fn any_name(&self) -> bool {
        self.names.is_empty()
    }
}

/// All rules of all roles.
#[derive(Clone, Debug, Default)]
pub(crate) struct LoweredRules {
    rules: Vec<Ranges>,
    numbers: Vec<u32>,
}

/// Where each of a rule's lists ends; the first begins at `start`, in the order of [`LoweredRule`]'s fields.
#[derive(Clone, Copy, Debug)]
struct Ranges {
    start: u32,
    ends: [u32; 6],
}

impl LoweredRules {
    /// Takes a rule in and says its number.
    pub(crate) fn push(&mut self, rule: &LoweredRule) -> Result<u32, CompileError> {
        let place = number(self.rules.len(), "rules")?;
        let start = number(self.numbers.len(), "entries of rules")?;
        let mut ends = [start; 6];
        let lists =
            [&rule.verbs, &rule.groups, &rule.resources, &rule.subresources, &rule.names, &rule.paths];
        for (end, list) in ends.iter_mut().zip(lists) {
            self.numbers.extend_from_slice(list);
            *end = number(self.numbers.len(), "entries of rules")?;
        }
        self.rules.push(Ranges { start, ends });
        Ok(place)
    }

    /// How many rules there are.
    pub(crate) fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether the rule with this number covers the question.
    pub(crate) fn covers(&self, rule: u32, question: &Question<'_>) -> bool {
        let Some(ranges) = self.rules.get(rule as usize) else { return false };
        let [verbs, groups, resources, subresources, names, paths] = self.lists(ranges);
        if !(has(verbs, question.verb) || has(verbs, Some(ANY))) {
            return false;
        }
        match &question.target {
            crate::question::QuestionTarget::Path { .. } => {
                question.matching_paths().any(|pattern| has(paths, Some(pattern)))
            }
            crate::question::QuestionTarget::Resource { group, node, subresource, .. } => {
                (has(groups, *group) || has(groups, Some(ANY)))
                    && (has(resources, *node) || has(resources, Some(ANY)) || has(subresources, *subresource))
                    && (names.is_empty() || has(names, question.name()))
            }
        }
    }

    /// Whether a rule names a resource or a path.
    pub(crate) fn has_target(&self, rule: u32) -> bool {
        self.rules.get(rule as usize).is_some_and(|ranges| {
            let [_, _, resources, subresources, _, paths] = self.lists(ranges);
            !(resources.is_empty() && subresources.is_empty() && paths.is_empty())
        })
    }

    fn lists(&self, ranges: &Ranges) -> [&[u32]; 6] {
        let mut start = ranges.start as usize;
        ranges.ends.map(|end| {
            let list = self.numbers.get(start..end as usize).unwrap_or(&[]);
            start = end as usize;
            list
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.rules.len() * size_of::<Ranges>() + self.numbers.len() * 4
    }
}

/// A number that is missing is in no list: nobody names its string.
fn has(list: &[u32], number: Option<u32>) -> bool {
    number.is_some_and(|number| list.binary_search(&number).is_ok())
}
