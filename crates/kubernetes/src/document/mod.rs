//! Texts as trees of values, each with the place where it stands: YAML 1.1 as Kubernetes reads it, and JSON.
//!
//! [`take_in`] makes a text of bytes, [`Documents`] reads it, one [`Document`] at a time, and a [`Node`] is a value
//! with its place. What is wrong with a text is a finding in words of the format that its author meant.
//! Nothing here knows what the values are for: repeated keys are kept, unknown ones as well.
//!
//! ```
//! use rolecall_kubernetes::document::{Documents, Limits, take_in};
//! use rolecall_source::SourceMap;
//!
//! let mut sources = SourceMap::new();
//! let limits = Limits::default();
//! let id = take_in(&mut sources, "a.yaml", b"kind: Role\nverbs: [yes]\n---\nkind: Role\n".to_vec(), &limits).unwrap();
//! let documents: Result<Vec<_>, _> = Documents::new(&sources, id, &limits).collect();
//! let documents = documents.unwrap();
//! assert_eq!(documents.len(), 2);
//! let verbs = &documents[0].root.get("verbs").unwrap().value;
//! // YAML 1.1: an unquoted `yes` is a boolean.
//! assert_eq!(verbs.as_list().unwrap()[0].kind_name(), "boolean");
//! assert_eq!(sources.position(verbs.span).to_string(), "2:8");
//! ```

pub(crate) mod cursor;
mod encoding;
mod hint;
mod json;
mod merge;
mod names;
mod node;
mod offsets;
mod repair;
mod scalar;
mod stream;
mod yaml;

#[cfg(test)]
mod tests;

pub use encoding::take_in;
pub(crate) use names::Names;
pub use node::{Entry, Node, Value};
pub use stream::{Documents, json_value};

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
    /// 1 GiB of text; 100 levels; 1,000,000 values by aliases, which take less than 100 MB.
    fn default() -> Self {
        Self { bytes: 1 << 30, depth: 100, alias_nodes: 1_000_000 }
    }
}

/// One document of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The value; [`Value::Null`] for an empty document.
    pub root: Node,
}
