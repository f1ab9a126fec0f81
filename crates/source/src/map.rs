//! All source texts of one load.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use crate::{SourceId, Span};

/// One source text: a file, standard input, or text given by a caller.
///
/// Of a text that was not kept only some places are known; it has no lines to show.
#[derive(Clone, Debug)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
    /// How long the text is, or was.
    length: usize,
    /// Of a text that was not kept, offsets whose line and column are known. INVARIANT: ascending.
    known: Vec<KnownPlace>,
    /// Made when somebody first asks for a line: most texts have nothing to be said about.
    index: OnceLock<Index>,
}

/// What finds lines and columns of a text.
#[derive(Clone, Debug)]
struct Index {
    /// Offsets of the first byte of each line. INVARIANT: ascending, begins with 0.
    lines: Vec<u32>,
    /// How many characters begin before each multiple of [`STRIDE`] bytes, so that a column in a line of
    /// many megabytes costs no walk over the line: a file with a thousand findings may be one line.
    characters: Vec<usize>,
}

impl Index {
    fn new(text: &str) -> Self {
        let mut lines = vec![0];
        lines.extend(
            text.bytes()
                .enumerate()
                .filter(|&(_, byte)| byte == b'\n')
                .filter_map(|(offset, _)| u32::try_from(offset + 1).ok())
                .filter(|&start| (start as usize) < text.len()),
        );
        let mut characters = vec![0];
        for chunk in text.as_bytes().chunks(STRIDE) {
            characters.push(characters.last().copied().unwrap_or_default() + count_characters(chunk));
        }
        Self { lines, characters }
    }
}

/// The distance of counted places in a text, in bytes.
const STRIDE: usize = 4096;

/// An offset with its line and column, in half the room of a [`Position`]: there may be millions.
#[derive(Clone, Copy, Debug)]
struct KnownPlace {
    offset: u32,
    line: u32,
    column: u32,
}

impl Source {
    /// The name as the user gave it: a path, or `-`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many bytes the text has, whether it was kept or not.
    pub fn length(&self) -> usize {
        self.length
    }

    /// How many lines there are; a text without a final line end has its last line counted.
    pub fn line_count(&self) -> usize {
        self.lines().len()
    }

    /// Line and column of a byte, in O(log lines), however long the line; offsets past the end give the end. The
    /// first question about a text's lines walks over all of it once.
    /// Of a text that was not kept, those of the last known place up to there.
    pub fn position(&self, offset: usize) -> Position {
        if let Some(before) =
            self.known.partition_point(|known| known.offset as usize <= offset).checked_sub(1)
            && let Some(known) = self.known.get(before)
        {
            return Position { line: known.line as usize, column: known.column as usize };
        }
        let offset = floor_char(&self.text, offset);
        let line = self.lines().partition_point(|&start| start as usize <= offset).max(1);
        let start = self.lines().get(line - 1).map_or(0, |&start| start as usize);
        let column = self.characters_before(offset).saturating_sub(self.characters_before(start));
        Position { line, column: column + 1 }
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::new(&self.text))
    }

    fn lines(&self) -> &[u32] {
        &self.index().lines
    }

    fn characters_before(&self, offset: usize) -> usize {
        let counted = offset / STRIDE;
        let before = self.index().characters.get(counted).copied().unwrap_or_default();
        before + self.text.as_bytes().get(counted * STRIDE..offset).map_or(0, count_characters)
    }

    /// The byte range of a line (counted from 1) without its line end; empty past the last line.
    pub fn line(&self, line: usize) -> &str {
        let Some(&start) = line.checked_sub(1).and_then(|index| self.lines().get(index)) else { return "" };
        let end = self.lines().get(line).map_or(self.text.len(), |&next| next as usize);
        self.text.get(start as usize..end).unwrap_or("").trim_end_matches(['\n', '\r'])
    }

    /// The offset of the first byte of a line (counted from 1); the text's end past the last line.
    pub fn line_start(&self, line: usize) -> usize {
        line.checked_sub(1)
            .and_then(|index| self.lines().get(index))
            .map_or(self.text.len(), |&start| start as usize)
    }
}

/// Line and column, both counted from 1; the column counts characters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The source texts that spans point into. Cloning is cheap enough for a report, not for a hot path.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    sources: Vec<Source>,
}

impl SourceMap {
    /// A map without texts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a text in and says under which id its spans are made.
    ///
    /// Offsets are 32 bits: what lies past 4 GiB of a text cannot be pointed at (spans are clamped),
    /// which is why loaders refuse files long before that size.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> SourceId {
        let text = text.into();
        let length = text.len();
        self.push(Source { name: name.into(), text, length, known: Vec::new(), index: OnceLock::new() })
    }

    /// Takes in a text that is not kept, with what is known of places in it: bytes of the text, each with its
    /// line and column. Spans into it are clamped to its length, and the text under them is empty.
    ///
    /// ```
    /// use rolecall_source::{Position, SourceMap};
    ///
    /// let mut sources = SourceMap::new();
    /// let id = sources.add_unkept("a.yaml", 400, [(17, Position { line: 2, column: 7 })]);
    /// let span = sources.span(id, 17, 18);
    /// assert_eq!(sources.location(span), "a.yaml:2");
    /// assert_eq!(sources.text_of(span), "");
    /// ```
    pub fn add_unkept(
        &mut self,
        name: impl Into<Arc<str>>,
        length: usize,
        places: impl IntoIterator<Item = (usize, Position)>,
    ) -> SourceId {
        let mut known: Vec<_> = places
            .into_iter()
            .map(|(offset, Position { line, column })| KnownPlace {
                offset: clamp(offset),
                line: clamp(line),
                column: clamp(column),
            })
            .collect();
        known.sort_by_key(|known| known.offset);
        self.push(Source { name: name.into(), text: Arc::from(""), length, known, index: OnceLock::new() })
    }

    fn push(&mut self, source: Source) -> SourceId {
        let id = SourceId(u32::try_from(self.sources.len()).unwrap_or(u32::MAX));
        self.sources.push(source);
        id
    }

    /// A span that is clamped to the text and moved outwards to character borders.
    pub fn span(&self, source: SourceId, start: usize, end: usize) -> Span {
        let (start, end) = match self.get(source) {
            Some(source) if source.text.len() == source.length => {
                let start = floor_char(&source.text, start);
                (start, floor_char(&source.text, end.max(start)))
            }
            // Of a text that was not kept the borders cannot be seen, and nobody can slice it.
            Some(source) => {
                let start = start.min(source.length);
                (start, end.clamp(start, source.length))
            }
            None => (0, 0),
        };
        Span::new(source, clamp(start), clamp(end))
    }

    /// The id of the source at an index, as [`SourceId::index`] gives it.
    pub fn id(&self, index: usize) -> Option<SourceId> {
        (index < self.sources.len()).then(|| u32::try_from(index).ok().map(SourceId)).flatten()
    }

    /// The source of an id of this map.
    pub fn get(&self, source: SourceId) -> Option<&Source> {
        self.sources.get(source.index())
    }

    /// All sources in the order of addition.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        (0u32..).map(SourceId).zip(&self.sources)
    }

    /// The name of the file that the span points into.
    pub fn name_of(&self, span: Span) -> &str {
        self.get(span.source()).map_or("?", Source::name)
    }

    /// The text under the span.
    pub fn text_of(&self, span: Span) -> &str {
        self.get(span.source()).and_then(|source| source.text().get(span.start()..span.end())).unwrap_or("")
    }

    /// Line and column of the span's first byte.
    pub fn position(&self, span: Span) -> Position {
        self.get(span.source())
            .map_or(Position { line: 1, column: 1 }, |source| source.position(span.start()))
    }

    /// `file:line`, as grants are named in answers.
    pub fn location(&self, span: Span) -> String {
        format!("{}:{}", self.name_of(span), self.position(span).line)
    }
}

/// How many characters of UTF-8 begin in these bytes.
fn count_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0b1100_0000 != 0b1000_0000).count()
}

fn clamp(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

fn floor_char(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_never_leave_the_text_nor_split_a_character() {
        let mut sources = SourceMap::new();
        let id = sources.add("a", "é\r\nb");
        for start in 0..9 {
            for end in 0..9 {
                let span = sources.span(id, start, end);
                assert!(sources.get(id).unwrap().text().get(span.start()..span.end()).is_some());
            }
        }
    }

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let mut sources = SourceMap::new();
        let id = sources.add("a", "aé b\nc\n");
        let source = sources.get(id).unwrap();
        assert_eq!(source.position(0).to_string(), "1:1");
        assert_eq!(source.position(4).to_string(), "1:4");
        assert_eq!(source.position(6).to_string(), "2:1");
        assert_eq!(source.position(99).to_string(), "2:3");
        assert_eq!(source.line_count(), 2);
        assert_eq!(source.line(1), "aé b");
        assert_eq!(source.line(2), "c");
        assert_eq!(source.line(3), "");
    }

    #[test]
    fn of_a_text_that_is_not_kept_known_places_have_their_lines() {
        let mut sources = SourceMap::new();
        let places = [(9, Position { line: 3, column: 2 }), (4, Position { line: 2, column: 1 })];
        let id = sources.add_unkept("a", 12, places);
        let at = |offset| sources.position(sources.span(id, offset, offset + 1)).to_string();
        assert_eq!([0, 4, 8, 9, 99].map(at), ["1:1", "2:1", "2:1", "3:2", "3:2"]);
        let span = sources.span(id, 9, 99);
        assert_eq!((span.start(), span.end(), sources.text_of(span)), (9, 12, ""));
        assert_eq!(
            sources.get(id).map(|source| (source.length(), source.text(), source.line(3))),
            Some((12, "", ""))
        );
    }

    #[test]
    fn columns_of_long_lines_are_those_that_counting_gives() {
        let mixed = "aé名\n".repeat(3_000) + &"é名x".repeat(5_000);
        for text in [mixed, "x".repeat(STRIDE), "é".repeat(STRIDE)] {
            let mut sources = SourceMap::new();
            let id = sources.add("a", text.clone());
            let source = sources.get(id).unwrap();
            for (offset, _) in text.char_indices().step_by(37).chain([(text.len(), ' ')]) {
                let before = text.get(..offset).unwrap();
                let start = before.rfind('\n').map_or(0, |end| end + 1);
                let expected = Position {
                    line: before.matches('\n').count() + 1,
                    column: before.get(start..).unwrap().chars().count() + 1,
                };
                assert_eq!(source.position(offset), expected, "at {offset}");
            }
        }
    }
}
