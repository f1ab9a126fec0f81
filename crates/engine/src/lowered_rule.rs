//! Rules as sorted lists of numbers, each rule once however many roles have it.
//!
//! ```text
//! rules     [ start | ends of: verbs, groups, resources, subresources, names, paths ] …   into numbers
//! numbers   [ u32 ] …
//! ```
//!
//! The hot path does not look at them, but for rules too wide to be multiplied out to patterns. They say
//! afterwards which rule of a role it was.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::{
    error::{CompileError, ImageError, number},
    image::{ImageReader, ImageWriter},
    question::{Question, QuestionTarget},
};

/// The wildcard in a list of verbs, groups or resources. Sorts behind every number.
pub(crate) const ANY: u32 = u32::MAX;

/// A rule on its way into the tables. INVARIANT: every list is sorted and has no repeats.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
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
    fn lists(&self) -> [&Vec<u32>; 6] {
        [&self.verbs, &self.groups, &self.resources, &self.subresources, &self.names, &self.paths]
    }

    fn lists_mut(&mut self) -> [&mut Vec<u32>; 6] {
        [
            &mut self.verbs,
            &mut self.groups,
            &mut self.resources,
            &mut self.subresources,
            &mut self.names,
            &mut self.paths,
        ]
    }

    /// Empties all lists.
    pub(crate) fn clear(&mut self) {
        self.lists_mut().into_iter().for_each(Vec::clear);
    }

    /// Sorts the lists and drops repeats.
    pub(crate) fn normalize(&mut self) {
        for list in self.lists_mut() {
            list.sort_unstable();
            list.dedup();
        }
    }

    /// Whether the rule covers objects of all names.
    pub(crate) fn any_name(&self) -> bool {
        self.names.is_empty()
    }
}

/// Where each of a rule's lists ends, behind where the first begins.
type Ranges = [u32; 7];

/// All rules of all roles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoweredRules<'a> {
    rules: &'a [Ranges],
    numbers: &'a [u32],
}

impl<'a> LoweredRules<'a> {
    pub(crate) fn read(reader: &mut ImageReader<'a>) -> Result<Self, ImageError> {
        Ok(Self { rules: reader.section()?, numbers: reader.section()? })
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
            QuestionTarget::Path(_) => question.matching_paths().any(|pattern| has(paths, Some(pattern))),
            QuestionTarget::Resource { group, node, subresource, .. } => {
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

    fn lists(&self, &[mut start, ref ends @ ..]: &Ranges) -> [&'a [u32]; 6] {
        ends.map(|end| {
            let list = self.numbers.get(start as usize..end as usize).unwrap_or(&[]);
            start = end;
            list
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.rules) + size_of_val(self.numbers)
    }

    pub(crate) fn check(&self) -> Result<(), ImageError> {
        // A list that does not fit reads as empty, and an empty list of names as any name: it must not come to that.
        let fits =
            self.rules.iter().all(|ranges| ranges.is_sorted() && ranges[6] as usize <= self.numbers.len());
        if fits { Ok(()) } else { Err(ImageError::Damaged { what: "a rule is not where it should be" }) }
    }
}

/// A number that is missing is in no list: nobody names its string.
fn has(list: &[u32], number: Option<u32>) -> bool {
    number.is_some_and(|number| list.binary_search(&number).is_ok())
}

/// Numbers the rules of all roles.
#[derive(Debug, Default)]
pub(crate) struct LoweredRulesBuilder {
    rules: Vec<Ranges>,
    numbers: Vec<u32>,
    /// The lengths of a rule's lists and then the lists: its number.
    known: HashMap<Box<[u32]>, u32, RandomState>,
    key: Vec<u32>,
}

impl LoweredRulesBuilder {
    /// The number of a rule, and whether it is new.
    pub(crate) fn number(&mut self, rule: &LoweredRule) -> Result<(u32, bool), CompileError> {
        self.key.clear();
        for list in rule.lists() {
            self.key.push(number(list.len(), "entries of rules")?);
        }
        for list in rule.lists() {
            self.key.extend_from_slice(list);
        }
        if let Some(&known) = self.known.get(&*self.key) {
            return Ok((known, false));
        }
        let new = number(self.rules.len(), "rules")?;
        let mut ranges = [number(self.numbers.len(), "entries of rules")?; 7];
        for (end, list) in ranges.iter_mut().skip(1).zip(rule.lists()) {
            self.numbers.extend_from_slice(list);
            *end = number(self.numbers.len(), "entries of rules")?;
        }
        self.rules.push(ranges);
        self.known.insert(self.key.as_slice().into(), new);
        Ok((new, true))
    }

    pub(crate) fn write(&self, writer: &mut ImageWriter) {
        writer.section(&self.rules);
        writer.section(&self.numbers);
    }
}
