//! A place in a source text.

/// Which source text of a [`SourceMap`](crate::SourceMap) a span points into.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SourceId(pub(crate) u32);

impl SourceId {
    /// The number of the source in its map, counted from 0 in the order of addition.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A run of bytes in one source text.
///
/// Only a [`SourceMap`](crate::SourceMap) makes spans, and it clamps them to the text and to
/// character borders: whoever holds a span may slice with it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Span {
    source: SourceId,
    start: u32,
    end: u32,
}

impl Span {
    pub(crate) fn new(source: SourceId, start: u32, end: u32) -> Self {
        Self { source, start, end }
    }

    /// The text that the span points into.
    pub fn source(self) -> SourceId {
        self.source
    }

    /// The first byte.
    pub fn start(self) -> usize {
        self.start as usize
    }

    /// The byte after the last one.
    pub fn end(self) -> usize {
        self.end as usize
    }

    /// The smallest span that covers both; `self` when they are of different sources.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        if self.source != other.source {
            return self;
        }
        Self::new(self.source, self.start.min(other.start), self.end.max(other.end))
    }
}
