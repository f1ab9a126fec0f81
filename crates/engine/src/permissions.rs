//! What permission sets grant.
//!
//! A *permission set* is what one role, or a union of roles, grants. Sets are stored once, however many
//! bindings give them.
//!
//! ```text
//! words    sets, then lists, one after the other; an access says at which word one begins
//!   set    cells: 24 | shapes: 8    which shapes of patterns it has at all
//!          [ pattern × pages + page: 16 | has names: 1 | mask: 15 ] …     ascending: its cells
//!          [ name index ] …         one for each cell that has names, in the order of the cells
//!          count, [ rule ] …        only of a set with wide rules: those too wide for patterns
//!   list   count, [ set ] …         several sets, where a union was not worth its memory
//! masks    [ verbs allowed outright: u64 | verbs for which names must be looked at: u64 ] …
//! names    (name index, name) → verbs allowed: u64
//! ```
//!
//! Where there are more patterns or masks than that, each cell takes two words, with 32 bits for the first and 31 for
//! the last. The common answer ends at the shapes (nothing of this kind granted) or at one cell.

use crate::{
    error::ImageError,
    hashes::PairHash,
    image::{ImageReader, ImageWriter},
    lowered_rule::LoweredRules,
    probe_table::ProbeTable,
    question::{Question, QuestionTarget},
    resource_patterns::{Pattern, shape},
    verbs::UNNAMED,
};

/// What a subject holds in a scope: nothing, one permission set, or several. INVARIANT: below 2³¹.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Access(u32);

const SEVERAL: u32 = 1 << 30;

/// Words of sets and lists stay below.
pub(crate) const WORD_LIMIT: u32 = SEVERAL - 1;

impl Access {
    pub(crate) const NOTHING: Self = Self((1 << 31) - 1);

    /// The set that begins at this word.
    pub(crate) fn one(set: u32) -> Self {
        Self(set)
    }

    /// The list that begins at this word.
    pub(crate) fn several(list: u32) -> Self {
        Self(list | SEVERAL)
    }

    #[inline]
    pub(crate) fn from_word(word: u32) -> Self {
        Self(word)
    }

    pub(crate) fn word(self) -> u32 {
        self.0
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Permissions<'a> {
    layout: CellLayout,
    pages: u32,
    /// Where the lists begin.
    sets_end: u32,
    words: &'a [u32],
    masks: &'a [[u64; 2]],
    names: ProbeTable<'a, 4>,
}

/// How many bits the parts of a cell have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CellLayout {
    /// One word a cell.
    Narrow,
    /// Two words a cell.
    Wide,
}

impl CellLayout {
    /// The layout in which so many places and masks can be told apart.
    pub(crate) fn for_counts(places: usize, masks: usize) -> Self {
        if places <= 1 << 16 && masks <= 1 << 15 { Self::Narrow } else { Self::Wide }
    }

    pub(crate) fn words(self) -> usize {
        match self {
            Self::Narrow => 1,
            Self::Wide => 2,
        }
    }

    /// Appends a cell.
    pub(crate) fn push(self, words: &mut Vec<u32>, place: u32, mask: u32, has_names: bool) {
        match self {
            Self::Narrow => words.push(place << 16 | u32::from(has_names) << 15 | mask),
            Self::Wide => words.extend([place, u32::from(has_names) << 31 | mask]),
        }
    }
}

/// A cell that was found.
#[derive(Clone, Copy, Debug)]
struct Cell {
    mask: u32,
    has_names: bool,
    /// Which of the set's cells it is.
    index: usize,
}

/// A set's parts.
#[derive(Clone, Copy, Debug)]
struct Set<'a> {
    shapes: u8,
    cells: &'a [u32],
    /// All words behind the cells.
    behind: &'a [u32],
}

impl<'a> Permissions<'a> {
    pub(crate) fn read(
        reader: &mut ImageReader<'a>,
        pages: usize,
        hash: PairHash,
    ) -> Result<Self, ImageError> {
        let damaged = ImageError::Damaged { what: "permission sets have no layout" };
        let &[wide, sets_end] = reader.section()? else { return Err(damaged) };
        Ok(Self {
            layout: if wide == 0 { CellLayout::Narrow } else { CellLayout::Wide },
            pages: u32::try_from(pages).map_err(|_| damaged)?,
            sets_end,
            words: reader.section()?,
            masks: reader.section()?,
            names: ProbeTable::read(reader, hash)?,
        })
    }

    /// Whether an access covers a question.
    #[inline]
    pub(crate) fn permit(&self, access: Access, question: &Question<'_>, rules: LoweredRules<'_>) -> bool {
        if access == Access::NOTHING {
            return false;
        }
        if access.0 & SEVERAL == 0 {
            return self.set_permits(access.0, question, rules);
        }
        self.list(access.0 & !SEVERAL).iter().any(|&set| self.set_permits(set, question, rules))
    }

    fn list(&self, word: u32) -> &'a [u32] {
        counted(self.words.get(word as usize..).unwrap_or(&[])).unwrap_or(&[])
    }

    #[inline]
    fn set_permits(&self, set: u32, question: &Question<'_>, rules: LoweredRules<'_>) -> bool {
        let Some(set) = self.set(set) else { return false };
        let permitted = match &question.target {
            QuestionTarget::Path(_) => {
                set.shapes & shape::PATH != 0
                    && question.matching_paths().any(|number| self.pattern_permits(set, number, question))
            }
            QuestionTarget::Resource { matched, .. } => {
                matched.as_slice().iter().any(|&Pattern { number, shape }| {
                    set.shapes & shape != 0 && self.pattern_permits(set, number, question)
                })
            }
        };
        permitted || set.shapes & shape::WIDE != 0 && self.wide_permits(set, question, rules)
    }

    #[inline]
    fn set(&self, word: u32) -> Option<Set<'a>> {
        let (&[header], rest) = self.words.get(word as usize..)?.split_first_chunk()?;
        let (cells, behind) = rest.split_at_checked((header >> 8) as usize * self.layout.words())?;
        let [shapes, ..] = header.to_le_bytes();
        Some(Set { shapes, cells, behind })
    }

    #[inline]
    fn pattern_permits(&self, set: Set<'_>, pattern: u32, question: &Question<'_>) -> bool {
        let first = pattern.wrapping_mul(self.pages);
        let page = question.verb_bit.page;
        self.cell_permits(set, first.wrapping_add(page), question.verb_bit.bit, question)
            // A verb of a later page: the wildcard stands in the first.
            || page != 0 && self.cell_permits(set, first, UNNAMED, question)
    }

    #[inline]
    fn cell_permits(&self, set: Set<'_>, place: u32, bit: u64, question: &Question<'_>) -> bool {
        let Some(cell) = self.cell(set, place) else { return false };
        let Some(&[allow, look]) = self.masks.get(cell.mask as usize) else { return false };
        if allow & bit != 0 {
            return true;
        }
        look & bit != 0 && cell.has_names && self.name_permits(set, cell.index, bit, question)
    }

    fn name_permits(&self, set: Set<'_>, index: usize, bit: u64, question: &Question<'_>) -> bool {
        let before = set.cells.get(..index * self.layout.words()).unwrap_or(&[]);
        set.behind
            .get(self.named(before))
            .zip(question.name())
            .and_then(|(&names, name)| self.names.get(names, name))
            .is_some_and(|&[_, _, low, high]| (u64::from(high) << 32 | u64::from(low)) & bit != 0)
    }

    /// How many of these cells have names.
    fn named(&self, cells: &[u32]) -> usize {
        match self.layout {
            CellLayout::Narrow => cells.iter().filter(|&cell| cell >> 15 & 1 == 1).count(),
            CellLayout::Wide => cells.iter().skip(1).step_by(2).filter(|&cell| cell >> 31 == 1).count(),
        }
    }

    #[inline]
    fn cell(&self, set: Set<'_>, place: u32) -> Option<Cell> {
        match self.layout {
            CellLayout::Narrow => {
                let index = set.cells.partition_point(|cell| cell >> 16 < place);
                let &cell = set.cells.get(index).filter(|&cell| cell >> 16 == place)?;
                Some(Cell { mask: cell & 0x7fff, has_names: cell >> 15 & 1 == 1, index })
            }
            CellLayout::Wide => {
                let (cells, _) = set.cells.as_chunks::<2>();
                let index = cells.partition_point(|&[known, _]| known < place);
                let &[_, cell] = cells.get(index).filter(|&&[known, _]| known == place)?;
                Some(Cell { mask: cell & (u32::MAX >> 1), has_names: cell >> 31 == 1, index })
            }
        }
    }

    #[cold]
    fn wide_permits(&self, set: Set<'_>, question: &Question<'_>, rules: LoweredRules<'_>) -> bool {
        let wide = set.behind.get(self.named(set.cells)..).and_then(counted).unwrap_or(&[]);
        wide.iter().any(|&rule| rules.covers(rule, question))
    }

    pub(crate) fn set_bytes(&self) -> usize {
        size_of_val(self.words) + size_of_val(self.masks)
    }

    pub(crate) fn name_bytes(&self) -> usize {
        self.names.bytes()
    }

    pub(crate) fn longest_probe_of_names(&self) -> usize {
        self.names.longest_probe()
    }

    /// Which words begin a set or a list; fails unless all words are sets and lists.
    pub(crate) fn check(&self, rules: usize) -> Result<Accesses, ImageError> {
        let mut known = Accesses { words: vec![0; self.words.len() / 64 + 1], sets_end: self.sets_end };
        let damaged = ImageError::Damaged { what: "a permission set is not what one looks like" };
        self.names.check()?;
        let mut at = 0;
        while at < self.words.len() {
            known.note(at);
            at = if at < self.sets_end as usize {
                self.check_set(at, rules).filter(|&end| end <= self.sets_end as usize)
            } else {
                self.check_list(at, &known)
            }
            .ok_or_else(|| damaged.clone())?;
        }
        if self.sets_end as usize <= self.words.len() { Ok(known) } else { Err(damaged) }
    }

    /// Where a set ends that begins at a word.
    fn check_set(&self, at: usize, rules: usize) -> Option<usize> {
        let set = self.set(u32::try_from(at).ok()?)?;
        let mut before = None;
        for index in 0..set.cells.len() / self.layout.words() {
            let (place, mask) = match (self.layout, set.cells) {
                (CellLayout::Narrow, cells) => (cells.get(index)? >> 16, cells.get(index)? & 0x7fff),
                (CellLayout::Wide, cells) => {
                    (*cells.get(index * 2)?, cells.get(index * 2 + 1)? & u32::MAX >> 1)
                }
            };
            if before.is_some_and(|before| before >= place) || mask as usize >= self.masks.len() {
                return None;
            }
            before = Some(place);
        }
        let named = self.named(set.cells);
        let mut end = at + 1 + set.cells.len() + named;
        let behind = set.behind.get(named..)?;
        if set.shapes & shape::WIDE != 0 {
            let wide = counted(behind)?;
            if wide.iter().any(|&rule| rule as usize >= rules) {
                return None;
            }
            end += 1 + wide.len();
        }
        Some(end)
    }

    /// Where a list ends that begins at a word.
    fn check_list(&self, at: usize, known: &Accesses) -> Option<usize> {
        let list = counted(self.words.get(at..)?)?;
        let sets = |&set: &u32| set < self.sets_end && known.begins(set);
        list.iter().all(sets).then_some(at + 1 + list.len())
    }

    /// How many sets there are, and the most cells that one has.
    pub(crate) fn widest(&self) -> (usize, usize) {
        let (mut count, mut widest, mut at) = (0, 0, 0);
        while at < self.sets_end as usize {
            let Some(end) = self.check_set(at, usize::MAX) else { break };
            let cells = self.words.get(at).map_or(0, |header| (header >> 8) as usize);
            (count, widest, at) = (count + 1, widest.max(cells), end);
        }
        (count, widest)
    }
}

/// So many words as the first of them says.
#[inline]
fn counted(words: &[u32]) -> Option<&[u32]> {
    let (&count, rest) = words.split_first()?;
    rest.get(..count as usize)
}

/// Which words begin a set or a list.
#[derive(Debug)]
pub(crate) struct Accesses {
    words: Vec<u64>,
    sets_end: u32,
}

impl Accesses {
    fn note(&mut self, at: usize) {
        if let Some(word) = self.words.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    fn begins(&self, at: u32) -> bool {
        self.words.get(at as usize / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// Whether an access is nothing, a set, or a list.
    pub(crate) fn contains(&self, Access(word): Access) -> bool {
        if word & SEVERAL == 0 {
            word < self.sets_end && self.begins(word)
        } else {
            Access(word) == Access::NOTHING || {
                let list = word & !SEVERAL;
                list >= self.sets_end && self.begins(list)
            }
        }
    }
}

/// Writes what [`Permissions::read`] reads.
pub(crate) fn write(
    layout: CellLayout,
    sets_end: u32,
    words: &[u32],
    masks: &[[u64; 2]],
    names: &[[u32; 4]],
    hash: PairHash,
    writer: &mut ImageWriter,
) {
    writer.section(&[u32::from(layout == CellLayout::Wide), sets_end]);
    writer.section(words);
    writer.section(masks);
    crate::probe_table::write(names, hash, writer);
}
