//! Building permission sets: one of each role's rules, and unions of them.

use std::{
    collections::{BTreeMap, HashMap},
    hash::BuildHasher,
    ops::Range,
};

use foldhash::fast::RandomState;
use fxhash::FxHashMap;

use crate::{
    error::{CompileError, number, number_below},
    hashes::PairHash,
    image::ImageWriter,
    lowered_rule::{ANY, LoweredRule},
    permissions::{self, Access, CellLayout, WORD_LIMIT},
    resource_patterns::{Pattern, shape},
    verbs::{EVERY_VERB, VerbBit},
};

/// A rule with the patterns that it is multiplied out to.
#[derive(Clone, Debug)]
pub(crate) struct PatternedRule {
    pub(crate) rule: LoweredRule,
    /// Its number among the lowered rules.
    pub(crate) number: u32,
    /// Resource patterns; `None` when there would be too many.
    pub(crate) resources: Option<Vec<Pattern>>,
}

/// What somebody holds, while the tables are built: a number of a set, or of a list behind all sets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Holding {
    Nothing,
    Set(u32),
    List(u32),
}

#[derive(Debug)]
pub(crate) struct PermissionSetsBuilder {
    pages: u32,
    /// How many places there are: patterns × pages.
    places: usize,
    wide_cells: bool,
    sets: Vec<Content>,
    cells: Vec<Cell>,
    /// Wide rules of all sets.
    wide: Vec<u32>,
    /// By a hash of its content: a set. Another set of the same hash stays unknown, which costs memory only.
    known: FxHashMap<u64, u32>,
    hasher: RandomState,
    masks: Vec<[u64; 2]>,
    mask_numbers: HashMap<[u64; 2], u32, RandomState>,
    name_lists: Vec<NameVerbs>,
    name_list_numbers: HashMap<NameVerbs, u32, RandomState>,
    unions: HashMap<Box<[u32]>, Holding, RandomState>,
    lists: Vec<Box<[u32]>>,
    /// How many more cells and names unions may copy. What a union saves is a probe for each of its parts;
    /// what it costs is memory, which must stay in proportion to the policy whatever that looks like.
    budget: usize,
    gathered: Vec<Cell>,
}

#[derive(Clone, Debug)]
struct Content {
    shapes: u8,
    /// INVARIANT: ascending by place.
    cells: Range<usize>,
    wide: Range<usize>,
    /// Cells, names and wide rules together.
    size: usize,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Cell {
    place: u32,
    mask: u32,
    /// A list of names, or [`NO_NAMES`].
    names: u32,
}

const NO_NAMES: u32 = u32::MAX;

/// Which verbs are allowed on objects of which names: ascending by name.
type NameVerbs = Box<[(u32, u64)]>;

impl PermissionSetsBuilder {
    /// No sets yet, of so many patterns, for so many pages of verbs.
    pub(crate) fn new(
        patterns: usize,
        pages: usize,
        budget: usize,
        wide_cells: bool,
    ) -> Result<Self, CompileError> {
        let what = "patterns and pages of verbs";
        let places = number(patterns.saturating_mul(pages), what)?;
        Ok(Self {
            pages: number(pages, what)?,
            places: places as usize,
            wide_cells,
            sets: Vec::new(),
            cells: Vec::new(),
            wide: Vec::new(),
            known: FxHashMap::default(),
            hasher: RandomState::default(),
            masks: Vec::new(),
            mask_numbers: HashMap::default(),
            name_lists: Vec::new(),
            name_list_numbers: HashMap::default(),
            unions: HashMap::default(),
            lists: Vec::new(),
            budget,
            gathered: Vec::new(),
        })
    }

    /// Adds to what unions may copy.
    pub(crate) fn raise_budget(&mut self, by: usize) {
        self.budget = self.budget.saturating_add(by);
    }

    /// The set of a role's rules.
    pub(crate) fn of_rules<'r>(
        &mut self,
        rules: impl Iterator<Item = &'r PatternedRule>,
    ) -> Result<u32, CompileError> {
        let mut shapes = 0;
        let mut wide = Vec::new();
        let mut drafts: BTreeMap<u32, Draft<'_>> = BTreeMap::new();
        for PatternedRule { rule, number, resources } in rules {
            let pages = verb_pages(&rule.verbs);
            match resources {
                Some(patterns) => {
                    for pattern in patterns {
                        shapes |= pattern.shape;
                        for &(page, verbs) in &pages {
                            let draft = drafts.entry(pattern.number * self.pages + page).or_default();
                            if rule.any_name() {
                                draft.allow |= verbs;
                            } else {
                                draft.named.push((&rule.names, verbs));
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
                    drafts.entry(pattern * self.pages + page).or_default().allow |= verbs;
                }
            }
        }
        let mut cells = std::mem::take(&mut self.gathered);
        cells.clear();
        for (place, draft) in drafts {
            let named = || draft.named.iter().map(|&(names, verbs)| (names, verbs & !draft.allow));
            let look = named().fold(0, |look, (_, verbs)| look | verbs);
            let names = if look == 0 {
                NO_NAMES
            } else {
                let entries = named().flat_map(|(names, verbs)| names.iter().map(move |&name| (name, verbs)));
                let folded = fold_names(entries);
                self.name_list(folded)?
            };
            cells.push(Cell { place, mask: self.mask([draft.allow, look])?, names });
        }
        let set = self.take_in(shapes, &cells, &wide);
        self.gathered = cells;
        set
    }

    /// How many cells, names and wide rules a set has.
    pub(crate) fn size(&self, set: u32) -> usize {
        self.sets.get(set as usize).map_or(0, |content| content.size)
    }

    /// What holders of all these sets hold. Sorts them and drops repeats.
    pub(crate) fn union(&mut self, sets: &mut Vec<u32>) -> Result<Holding, CompileError> {
        sets.sort_unstable();
        sets.dedup();
        sets.retain(|&set| self.sets.get(set as usize).is_some_and(|content| content.shapes != 0));
        match sets[..] {
            [] => return Ok(Holding::Nothing),
            [set] => return Ok(Holding::Set(set)),
            _ => {}
        }
        if let Some(&known) = self.unions.get(&**sets) {
            return Ok(known);
        }
        let cost: usize = sets.iter().map(|&set| self.size(set)).sum();
        let holding = if cost <= self.budget {
            self.budget -= cost;
            Holding::Set(self.merge(sets)?)
        } else {
            self.lists.push(sets.as_slice().into());
            Holding::List(number(self.lists.len() - 1, "lists of permission sets")?)
        };
        self.unions.insert(sets.as_slice().into(), holding);
        Ok(holding)
    }

    fn merge(&mut self, sets: &[u32]) -> Result<u32, CompileError> {
        let mut all = std::mem::take(&mut self.gathered);
        all.clear();
        let mut shapes = 0;
        let mut wide = Vec::new();
        for content in sets.iter().filter_map(|&set| self.sets.get(set as usize)) {
            shapes |= content.shapes;
            all.extend_from_slice(self.cells.get(content.cells.clone()).unwrap_or(&[]));
            wide.extend_from_slice(self.wide.get(content.wide.clone()).unwrap_or(&[]));
        }
        wide.sort_unstable();
        wide.dedup();
        // Stable, and quick where whole runs are sorted already, as here.
        all.sort_by_key(|cell| cell.place);
        let mut united: Vec<Cell> = Vec::with_capacity(all.len());
        for same in all.chunk_by(|left, right| left.place == right.place) {
            united.push(match same {
                &[only] => only,
                several => self.union_of_cells(several)?,
            });
        }
        self.gathered = all;
        self.take_in(shapes, &united, &wide)
    }

    fn union_of_cells(&mut self, cells: &[Cell]) -> Result<Cell, CompileError> {
        let place = cells.first().map_or(0, |cell| cell.place);
        let masks = || cells.iter().filter_map(|cell| self.masks.get(cell.mask as usize));
        let allow = masks().fold(0, |allow, [other, _]| allow | other);
        let look = masks().fold(0, |look, [_, other]| look | other) & !allow;
        let mut named = cells.iter().map(|cell| cell.names).filter(|&names| names != NO_NAMES);
        let names = match (look, named.next(), named.next()) {
            (0, ..) | (_, None, _) => NO_NAMES,
            // The verbs that are allowed outright may stay in it: they are never looked at.
            (_, Some(only), None) => only,
            _ => {
                let lists = cells.iter().filter_map(|cell| self.name_lists.get(cell.names as usize));
                let folded = fold_names(lists.flat_map(|names| names.iter().copied()));
                self.name_list(folded)?
            }
        };
        Ok(Cell { place, mask: self.mask([allow, look])?, names })
    }

    fn mask(&mut self, mask: [u64; 2]) -> Result<u32, CompileError> {
        if let Some(&known) = self.mask_numbers.get(&mask) {
            return Ok(known);
        }
        let new = number(self.masks.len(), "sets of verbs")?;
        self.masks.push(mask);
        self.mask_numbers.insert(mask, new);
        Ok(new)
    }

    fn name_list(&mut self, names: NameVerbs) -> Result<u32, CompileError> {
        if let Some(&known) = self.name_list_numbers.get(&names) {
            return Ok(known);
        }
        let new = number(self.name_lists.len(), "lists of names")?;
        self.name_lists.push(names.clone());
        self.name_list_numbers.insert(names, new);
        Ok(new)
    }

    /// The number of a set of this content.
    fn take_in(&mut self, shapes: u8, cells: &[Cell], wide: &[u32]) -> Result<u32, CompileError> {
        let hash = self.hasher.hash_one((shapes, cells, wide));
        if let Some(&known) = self.known.get(&hash)
            && let Some(content) = self.sets.get(known as usize)
            && content.shapes == shapes
            && self.cells.get(content.cells.clone()) == Some(cells)
            && self.wide.get(content.wide.clone()) == Some(wide)
        {
            return Ok(known);
        }
        let set = number(self.sets.len(), "permission sets")?;
        let names: usize = cells
            .iter()
            .filter_map(|cell| self.name_lists.get(cell.names as usize))
            .map(|names| names.len())
            .sum();
        let content = Content {
            shapes,
            cells: self.cells.len()..self.cells.len() + cells.len(),
            wide: self.wide.len()..self.wide.len() + wide.len(),
            size: cells.len() + wide.len() + names,
        };
        self.cells.extend_from_slice(cells);
        self.wide.extend_from_slice(wide);
        self.sets.push(content);
        self.known.entry(hash).or_insert(set);
        Ok(set)
    }

    /// Writes the tables and says which access each holding became.
    pub(crate) fn write(&self, hash: PairHash, writer: &mut ImageWriter) -> Result<Written, CompileError> {
        let layout = if self.wide_cells {
            CellLayout::Wide
        } else {
            CellLayout::for_counts(self.places, self.masks.len())
        };
        let what = "words of permission sets";
        let mut words = Vec::with_capacity(self.cells.len() * layout.words() + self.sets.len());
        let mut sets = Vec::with_capacity(self.sets.len());
        for content in &self.sets {
            sets.push(number_below(words.len(), WORD_LIMIT, what)?);
            let cells = self.cells.get(content.cells.clone()).unwrap_or(&[]);
            let count = number_below(cells.len(), 1 << 24, "cells of one permission set")?;
            words.push(count << 8 | u32::from(content.shapes));
            for cell in cells {
                layout.push(&mut words, cell.place, cell.mask, cell.names != NO_NAMES);
            }
            words.extend(cells.iter().map(|cell| cell.names).filter(|&names| names != NO_NAMES));
            if content.shapes & shape::WIDE != 0 {
                let wide = self.wide.get(content.wide.clone()).unwrap_or(&[]);
                words.push(number(wide.len(), "wide rules")?);
                words.extend_from_slice(wide);
            }
        }
        let sets_end = number_below(words.len(), WORD_LIMIT, what)?;
        let mut lists = Vec::with_capacity(self.lists.len());
        for list in &self.lists {
            lists.push(number_below(words.len(), WORD_LIMIT, what)?);
            words.push(number(list.len(), "permission sets")?);
            words.extend(list.iter().filter_map(|&set| sets.get(set as usize)));
        }
        number_below(words.len(), WORD_LIMIT, what)?;
        let mut names = Vec::new();
        for (index, list) in (0u32..).zip(&self.name_lists) {
            names.extend(list.iter().map(|&(name, verbs)| {
                let [low, high] = bytemuck::cast::<u64, [u32; 2]>(verbs.to_le()).map(u32::from_le);
                [index, name, low, high]
            }));
        }
        permissions::write(layout, sets_end, &words, &self.masks, &names, hash, writer);
        Ok(Written { sets, lists })
    }
}

/// Where sets and lists begin.
#[derive(Debug)]
pub(crate) struct Written {
    sets: Vec<u32>,
    lists: Vec<u32>,
}

impl Written {
    pub(crate) fn access(&self, holding: Holding) -> Access {
        let access = match holding {
            Holding::Nothing => None,
            Holding::Set(set) => self.sets.get(set as usize).map(|&word| Access::one(word)),
            Holding::List(list) => self.lists.get(list as usize).map(|&word| Access::several(word)),
        };
        access.unwrap_or(Access::NOTHING)
    }
}

/// What the rules of a role say about one cell.
#[derive(Default)]
struct Draft<'r> {
    allow: u64,
    /// On objects of which names which verbs are allowed.
    named: Vec<(&'r [u32], u64)>,
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

/// Entries sorted by name, those of one name put together.
fn fold_names(entries: impl Iterator<Item = (u32, u64)>) -> NameVerbs {
    let mut entries: Vec<_> = entries.filter(|&(_, verbs)| verbs != 0).collect();
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
