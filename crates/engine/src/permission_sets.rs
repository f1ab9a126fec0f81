//! Building permission sets: one of each role's rules, and unions of them.

use std::{collections::BTreeMap, rc::Rc};

use fxhash::FxHashMap;

use crate::{
    error::{CompileError, number},
    lowered_rule::{ANY, LoweredRule},
    permissions::{Access, Cell, Permissions},
    probe_table::{ProbeTable, pair},
    resource_patterns::{Pattern, shape},
    verbs::{EVERY_VERB, VerbBit},
};

/// A rule with the patterns that it is multiplied out to.
pub(crate) struct PatternedRule<'a> {
    pub(crate) rule: &'a LoweredRule,
    /// Its number among the lowered rules.
    pub(crate) number: u32,
    /// Resource patterns; `None` when there would be too many.
    pub(crate) resources: Option<Vec<Pattern>>,
}

#[derive(Debug)]
pub(crate) struct PermissionSetsBuilder {
    sets: Vec<Content>,
    unions: FxHashMap<Vec<u32>, Access>,
    lists: Vec<(u32, u32)>,
    list_sets: Vec<u32>,
    /// How many more cells and names unions may copy. What a union saves is a probe for each of its parts;
    /// what it costs is memory, which must stay in proportion to the policy whatever that looks like.
    budget: usize,
}

#[derive(Debug, Default)]
struct Content {
    shapes: u8,
    /// INVARIANT: ascending by (pattern, page).
    cells: Vec<((u32, u32), CellContent)>,
    wide: Vec<u32>,
    /// Cells and names together.
    size: usize,
}

#[derive(Clone, Debug, Default)]
struct CellContent {
    allow: u64,
    look: u64,
    /// Ascending by name; shared by the cells of a rule.
    names: Option<NameVerbs>,
}

/// Which verbs are allowed on objects of which names.
type NameVerbs = Rc<[(u32, u64)]>;

impl PermissionSetsBuilder {
    pub(crate) fn new(budget: usize) -> Self {
        Self {
            sets: Vec::new(),
            unions: FxHashMap::default(),
            lists: Vec::new(),
            list_sets: Vec::new(),
            budget,
        }
    }

    /// Adds to what unions may copy.
    pub(crate) fn raise_budget(&mut self, by: usize) {
        self.budget = self.budget.saturating_add(by);
    }

    /// The set of a role's rules, and its size in cells and names.
    pub(crate) fn of_rules(&mut self, rules: &[PatternedRule<'_>]) -> Result<(u32, usize), CompileError> {
        let mut shapes = 0;
        let mut wide = Vec::new();
        let mut drafts: BTreeMap<(u32, u32), Draft> = BTreeMap::new();
        for (place, PatternedRule { rule, number, resources }) in rules.iter().enumerate() {
            let pages = verb_pages(&rule.verbs);
            match resources {
                Some(patterns) => {
                    for pattern in patterns {
                        shapes |= pattern.shape;
                        for &(page, verbs) in &pages {
                            let draft = drafts.entry((pattern.number, page)).or_default();
                            if rule.any_name() {
                                draft.allow |= verbs;
                            } else {
                                draft.named.push((place, verbs));
                            }
                        }
                    }
                }
                None => {
                    shapes |= shape::WIDE;
                    wide.push(*number);
                }
            }
            for &pattern in &rule.paths {
                shapes |= shape::PATH;
                for &(page, verbs) in &pages {
                    // Names say nothing about paths.
                    drafts.entry((pattern, page)).or_default().allow |= verbs;
                }
            }
        }
        let mut shared: FxHashMap<Vec<(usize, u64)>, NameVerbs> = FxHashMap::default();
        let cells = drafts
            .into_iter()
            .map(|(place, draft)| {
                let named: Vec<_> = draft
                    .named
                    .into_iter()
                    .map(|(rule, verbs)| (rule, verbs & !draft.allow))
                    .filter(|&(_, verbs)| verbs != 0)
                    .collect();
                let look = named.iter().fold(0, |look, (_, verbs)| look | verbs);
                let names = (look != 0).then(|| {
                    Rc::clone(shared.entry(named).or_insert_with_key(|named| {
                        fold_names(named.iter().flat_map(|&(rule, verbs)| {
                            let names = rules.get(rule).map_or(&[][..], |rule| &rule.rule.names);
                            names.iter().map(move |&name| (name, verbs))
                        }))
                    }))
                });
                (place, CellContent { allow: draft.allow, look, names })
            })
            .collect();
        self.push(Content { shapes, cells, wide, size: 0 })
    }

    /// The access to several sets together.
    pub(crate) fn union(&mut self, mut sets: Vec<u32>) -> Result<Access, CompileError> {
        sets.sort_unstable();
        sets.dedup();
        sets.retain(|&set| self.sets.get(set as usize).is_some_and(|content| content.shapes != 0));
        if sets.is_empty() {
            return Ok(Access::NOTHING);
        }
        if let [set] = sets[..] {
            return Ok(Access::one(set));
        }
        if let Some(&known) = self.unions.get(&sets) {
            return Ok(known);
        }
        let cost: usize =
            sets.iter().filter_map(|&set| self.sets.get(set as usize)).map(|content| content.size).sum();
        let access = if cost <= self.budget {
            self.budget -= cost;
            let merged = self.merge(&sets);
            Access::one(self.push(merged)?.0)
        } else {
            let start = number(self.list_sets.len(), "lists of permission sets")?;
            self.list_sets.extend_from_slice(&sets);
            let end = number(self.list_sets.len(), "lists of permission sets")?;
            self.lists.push((start, end));
            Access::several(number(self.lists.len() - 1, "lists of permission sets")?)
        };
        self.unions.insert(sets, access);
        Ok(access)
    }

    fn merge(&self, sets: &[u32]) -> Content {
        let parts: Vec<&Content> = sets.iter().filter_map(|&set| self.sets.get(set as usize)).collect();
        let mut all: Vec<_> = parts.iter().flat_map(|part| &part.cells).collect();
        all.sort_by_key(|(place, _)| *place);
        let mut wide: Vec<u32> = parts.iter().flat_map(|part| &part.wide).copied().collect();
        wide.sort_unstable();
        wide.dedup();
        let cells = all
            .chunk_by(|(left, _), (right, _)| left == right)
            .filter_map(|same| Some((same.first()?.0, union_of_cells(same))))
            .collect();
        Content { shapes: parts.iter().fold(0, |shapes, part| shapes | part.shapes), cells, wide, size: 0 }
    }

    fn push(&mut self, mut content: Content) -> Result<(u32, usize), CompileError> {
        let set = number(self.sets.len(), "permission sets")?;
        content.size = content.cells.len()
            + content.wide.len()
            + content
                .cells
                .iter()
                .filter_map(|(_, cell)| cell.names.as_ref())
                .map(|names| names.len())
                .sum::<usize>();
        let size = content.size;
        self.sets.push(content);
        Ok((set, size))
    }

    /// The tables, for so many pages of verbs.
    pub(crate) fn build(self, pages: u32) -> Result<Permissions, CompileError> {
        let mut cells = Vec::with_capacity(self.sets.iter().map(|content| content.cells.len()).sum());
        let mut names = Vec::new();
        let mut wide = Vec::new();
        let mut wide_rules = Vec::new();
        let mut indexes: FxHashMap<*const (u32, u64), u32> = FxHashMap::default();
        for (set, content) in self.sets.iter().enumerate() {
            let set = number(set, "permission sets")?;
            for &((pattern, page), CellContent { allow, look, names: ref named }) in &content.cells {
                let place =
                    number(pattern as usize * pages as usize + page as usize, "patterns and pages of verbs")?;
                let index = match named {
                    None => 0,
                    Some(named) => match indexes.get(&named.as_ptr()) {
                        Some(&known) => known,
                        None => {
                            let new = number(indexes.len(), "lists of names")?;
                            names.extend(named.iter().map(|&(name, verbs)| (pair(new, name), verbs)));
                            indexes.insert(named.as_ptr(), new);
                            new
                        }
                    },
                };
                cells.push((pair(set, place), Cell { allow, look, names: index }));
            }
            if !content.wide.is_empty() {
                let start = number(wide_rules.len(), "wide rules")?;
                wide_rules.extend_from_slice(&content.wide);
                wide.push((pair(0, set), (start, number(wide_rules.len(), "wide rules")?)));
            }
        }
        Ok(Permissions {
            pages,
            shapes: self.sets.iter().map(|content| content.shapes).collect(),
            cells: ProbeTable::build(cells.into_iter()),
            names: ProbeTable::build(names.into_iter()),
            wide: ProbeTable::build(wide.into_iter()),
            wide_rules,
            lists: self.lists,
            list_sets: self.list_sets,
        })
    }
}

/// What the rules of a role say about one cell.
#[derive(Default)]
struct Draft {
    allow: u64,
    /// Which rule, with names, allows which verbs.
    named: Vec<(usize, u64)>,
}

/// A rule's verbs by page. A wildcard fills page 0 and needs no other (see [`crate::verbs`]).
fn verb_pages(verbs: &[u32]) -> Vec<(u32, u64)> {
    if verbs.last() == Some(&ANY) {
        return vec![(0, EVERY_VERB)];
    }
    let mut pages: Vec<(u32, u64)> = Vec::new();
    for &verb in verbs {
        let VerbBit { page, bit } = VerbBit::of(verb);
        match pages.last_mut() {
            Some((last, bits)) if *last == page => *bits |= bit,
            _ => pages.push((page, bit)),
        }
    }
    pages
}

fn union_of_cells(cells: &[&((u32, u32), CellContent)]) -> CellContent {
    let allow = cells.iter().fold(0, |allow, (_, cell)| allow | cell.allow);
    let look = cells.iter().fold(0, |look, (_, cell)| look | cell.look) & !allow;
    let mut named = cells.iter().filter_map(|(_, cell)| cell.names.as_ref());
    let names = match (look, named.next(), named.next()) {
        (0, ..) | (_, None, _) => None,
        // The verbs that are allowed outright may stay in it: they are never looked at.
        (_, Some(only), None) => Some(Rc::clone(only)),
        _ => Some(fold_names(
            cells.iter().filter_map(|(_, cell)| cell.names.as_ref()).flat_map(|names| names.iter().copied()),
        )),
    };
    CellContent { allow, look, names }
}

/// Entries sorted by name, those of one name put together.
fn fold_names(entries: impl Iterator<Item = (u32, u64)>) -> NameVerbs {
    let mut entries: Vec<_> = entries.collect();
    entries.sort_unstable_by_key(|&(name, _)| name);
    entries.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        if same {
            earlier.1 |= later.1;
        }
        same
    });
    entries.into()
}
