//! Source texts and places in them.
//!
//! Everything that can be named in a message (a rule, a binding, a misspelt field) carries a [`Span`].
//! Offsets are bytes everywhere; lines and columns are made only when something is printed.
//!
//! ```
//! use rolecall_source::SourceMap;
//!
//! let mut sources = SourceMap::new();
//! let id = sources.add("a.yaml", "kind: Role\nname: r\n");
//! let span = sources.span(id, 17, 18);
//! assert_eq!(sources.position(span).to_string(), "2:7");
//! assert_eq!(sources.text_of(span), "r");
//! ```

mod map;
mod span;

pub use map::{Position, Source, SourceMap};
pub use span::{SourceId, Span};
