//! Values read forwards, without a tree, as long as nothing about them is unusual.
//!
//! A tree of a whole text costs many times what reading it costs, and nearly all texts are written by programs, or as
//! programs write them. A [`Cursor`] goes through such a text and hands out keys and scalars as they stand in it. It
//! knows the part of JSON and YAML that such texts are of and gives up at whatever it does not know, for any reason:
//! then the text is read again as a tree, which knows the rest and says what is wrong. So a cursor never says that a
//! text is wrong, and what it does hand out is what the tree would hold, at the same places.

mod block;
mod json;
#[cfg(test)]
pub(crate) mod tests;

use std::borrow::Cow;

use rolecall_source::Span;

use super::{Entry, Names, Node, Value};

pub(super) use block::{Block, start};
pub(super) use json::{Flavour, Json};

/// A place in a text right before a value. Cloning it keeps the place, to come back to.
///
/// Every function that returns an `Option` gives up with `None`; nothing can be read after that.
pub(crate) trait Cursor<'a>: Clone {
    /// A list or map that was begun and whose end was not met yet.
    type Open;

    /// What the value is.
    fn shape(&self) -> Shape;

    /// Begins the list or map that comes next.
    fn open(&mut self) -> Option<Self::Open>;

    /// The next key of a map, before its value.
    fn next_key(&mut self, open: &mut Self::Open) -> Option<Next<'a>>;

    /// Whether a list has one more value, which then comes next.
    fn next_item(&mut self, open: &mut Self::Open) -> Option<bool>;

    /// Ends a list or map after its last value: where it stands.
    fn close(&mut self, open: Self::Open) -> Span;

    /// Reads a scalar.
    fn scalar(&mut self) -> Option<(Scalar<'a>, Span)>;

    /// After the value of a document: whether the document ends with it.
    fn is_at_end(&mut self) -> bool;
}

/// What a value is, told from its beginning.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shape {
    List,
    Map,
    Scalar,
}

/// What comes next in a map.
#[derive(Clone, Debug)]
pub(crate) enum Next<'a> {
    /// The map ends.
    End,
    /// A key, and where it stands.
    Key(Cow<'a, str>, Span),
}

/// A scalar, resolved as Kubernetes does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    Bool(bool),
    Null,
    /// As it is written.
    Number(&'a str),
    String(Cow<'a, str>),
}

/// How deeply a cursor follows lists and maps, whatever the limit: those who read with it call themselves.
pub(super) const DEPTH: usize = 64;

/// The tree of the next value.
pub(crate) fn node<'a, C: Cursor<'a>>(cursor: &mut C, names: &mut Names) -> Option<Node> {
    match cursor.shape() {
        Shape::List => {
            let mut open = cursor.open()?;
            let mut nodes = Vec::new();
            while cursor.next_item(&mut open)? {
                nodes.push(node(cursor, names)?);
            }
            Some(Node { span: cursor.close(open), value: Value::List(nodes) })
        }
        Shape::Map => {
            let mut open = cursor.open()?;
            let mut entries = Vec::new();
            while let Next::Key(key, key_span) = cursor.next_key(&mut open)? {
                let key = names.share(&key);
                entries.push(Entry { key, key_span, value: node(cursor, names)? });
            }
            Some(Node { span: cursor.close(open), value: Value::Map(entries) })
        }
        Shape::Scalar => {
            let (scalar, span) = cursor.scalar()?;
            let value = match scalar {
                Scalar::Bool(value) => Value::Bool(value),
                Scalar::Null => Value::Null,
                Scalar::Number(text) => Value::Number(names.share(text)),
                Scalar::String(text) => Value::String(names.share(&text)),
            };
            Some(Node { span, value })
        }
    }
}

/// Goes past the next value; gives up where [`node`] would.
pub(crate) fn skip<'a, C: Cursor<'a>>(cursor: &mut C) -> Option<()> {
    match cursor.shape() {
        Shape::List => {
            let mut open = cursor.open()?;
            while cursor.next_item(&mut open)? {
                skip(cursor)?;
            }
            cursor.close(open);
        }
        Shape::Map => {
            let mut open = cursor.open()?;
            while let Next::Key(..) = cursor.next_key(&mut open)? {
                skip(cursor)?;
            }
            cursor.close(open);
        }
        Shape::Scalar => {
            cursor.scalar()?;
        }
    }
    Some(())
}

/// Somebody who reads a document with a cursor, of whatever kind.
pub(crate) trait ReadForwards {
    /// What was read.
    type Read;

    /// Reads the value of a document to its end, or gives up.
    fn read<'a, C: Cursor<'a>>(&mut self, cursor: &mut C, names: &mut Names) -> Option<Self::Read>;
}

/// Reads a tree.
#[derive(Debug)]
pub(super) struct Tree;

impl ReadForwards for Tree {
    type Read = Node;

    fn read<'a, C: Cursor<'a>>(&mut self, cursor: &mut C, names: &mut Names) -> Option<Node> {
        let node = node(cursor, names)?;
        cursor.is_at_end().then_some(node)
    }
}
