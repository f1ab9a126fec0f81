//! Values with the places where they stand.

use std::sync::Arc;

use rolecall_source::Span;

/// One value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where: the scalar's text, or the whole list or map.
    pub span: Span,
    /// What.
    pub value: Value,
}

/// A value, resolved as Kubernetes does (YAML 1.1: an unquoted `yes` is a boolean).
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~`, or nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number, as it is written.
    Number(Arc<str>),
    /// A text.
    String(Arc<str>),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the text. A key that is repeated stands in it repeatedly (the last counts
    /// for a decoder that does not mind); merge keys are resolved.
    Map(Vec<Entry>),
}

/// A key of a map and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key, as a text.
    pub key: Arc<str>,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The entry of a key, if this is a map that has it; of a repeated key the last, as Kubernetes' decoder
    /// takes it. Cost: linear in the entries.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.as_map()?.iter().rev().find(|entry| &*entry.key == key)
    }

    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of the list, if this is one.
    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.value {
            Value::List(nodes) => Some(nodes),
            _ => None,
        }
    }

    /// The entries of the map, if this is one.
    pub fn as_map(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// What this is, in a word for messages.
    pub fn kind_name(&self) -> &'static str {
        self.value.kind_name()
    }
}

impl Value {
    /// What this is, in a word for messages: `list`, `map`, `string`, `number`, `boolean`, `null`.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::List(_) => "list",
            Self::Map(_) => "map",
        }
    }
}
