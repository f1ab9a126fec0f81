//! A line as fields with places, whether it is JSON or YAML.

use std::{borrow::Cow, collections::HashSet, fmt, ops::Range};

use rolecall_diagnostics::Finding;
use rolecall_source::SourceMap;
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use crate::document::{Document, Documents, Limits, Node, Value as DocumentValue};

use super::Place;

/// What stands on a line.
pub(super) struct Line<'a> {
    /// JSON, as the format wants it, not YAML.
    pub(super) is_json: bool,
    pub(super) value: Value<'a>,
}

/// A value, as deep as a policy goes.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Bool(bool),
    List,
    /// Fields in the order of the line; repeated ones stand in it repeatedly.
    Map(Vec<Field<'a>>),
    Null,
    Number,
    Text(Cow<'a, str>),
}

impl Value<'_> {
    /// Go's word for the kind of value.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::List => "array",
            Self::Map(_) => "object",
            Self::Null => "null",
            Self::Number => "number",
            Self::Text(_) => "string",
        }
    }
}

/// A field, with places counted from the beginning of the line.
#[derive(Debug)]
pub(super) struct Field<'a> {
    pub(super) key: Cow<'a, str>,
    pub(super) key_place: Range<usize>,
    pub(super) value: Value<'a>,
    pub(super) place: Range<usize>,
}

/// Reads a line: JSON if it begins with a brace, else YAML, as Kubernetes' decoder does.
pub(super) fn parse<'a>(place: &Place<'a>) -> Result<Line<'a>, Box<Finding>> {
    if place.line.trim_start().starts_with('{') {
        let value = parse_json(place)?;
        return Ok(Line { is_json: true, value });
    }
    Ok(Line { is_json: false, value: parse_yaml(place)? })
}

fn parse_json<'a>(place: &Place<'a>) -> Result<Value<'a>, Box<Finding>> {
    let object: Object<'a> = serde_json::from_str(place.line)
        .map_err(|error| Box::new(no_json(place, &error, error.column().saturating_sub(1))))?;
    let fields = object.fields(place.line, DEEPEST).map_err(|BadText { start, error }| {
        // Kubernetes reads half of a surrogate pair as U+FFFD; here it is no name of anybody.
        Box::new(no_json(place, &error, start))
    })?;
    Ok(Value::Map(fields))
}

/// How many levels of fields are looked at: the policy and its `spec`.
const DEEPEST: usize = 2;

/// The keys and values of a JSON object as they stand in the text.
struct Object<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'a> Object<'a> {
    fn fields(self, line: &'a str, depth: usize) -> Result<Vec<Field<'a>>, BadText> {
        let field = |(key, value): (&'a RawValue, &'a RawValue)| {
            Ok(Field {
                key: json_text(key.get(), line)?,
                key_place: place_in(line, key.get()),
                value: json_value(value.get(), line, depth - 1)?,
                place: place_in(line, value.get()),
            })
        };
        self.0.into_iter().map(field).collect()
    }
}

/// A text that is well-formed and still stands for no characters.
struct BadText {
    start: usize,
    error: serde_json::Error,
}

/// A value that is known to be JSON. Below the depth that a policy has, nothing is looked at.
fn json_value<'a>(raw: &'a str, line: &'a str, depth: usize) -> Result<Value<'a>, BadText> {
    Ok(match raw.as_bytes().first() {
        Some(b'{') if depth == 0 => Value::Map(Vec::new()),
        Some(b'{') => {
            let object: Object<'a> = serde_json::from_str(raw)
                .map_err(|error| BadText { start: place_in(line, raw).start, error })?;
            Value::Map(object.fields(line, depth)?)
        }
        Some(b'[') => Value::List,
        Some(b'"') => Value::Text(json_text(raw, line)?),
        Some(b't') => Value::Bool(true),
        Some(b'f') => Value::Bool(false),
        Some(b'n') => Value::Null,
        _ => Value::Number,
    })
}

fn json_text<'a>(raw: &'a str, line: &str) -> Result<Cow<'a, str>, BadText> {
    match serde_json::from_str::<Text<'a>>(raw) {
        Ok(Text(text)) => Ok(text),
        Err(error) => Err(BadText { start: place_in(line, raw).start, error }),
    }
}

fn place_in(line: &str, part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
    start..start + part.len()
}

fn no_json(place: &Place<'_>, error: &serde_json::Error, offset: usize) -> Finding {
    let text = error.to_string();
    let cause = match text.split_once(" at line ") {
        _ if error.is_eof() => "it ends too early",
        Some((cause, _)) => cause,
        None => &text,
    };
    let finding =
        Finding::error("malformed-policy-line", format!("line {} is no JSON object: {cause}", place.number))
            .at(place.span(offset, offset + 1), cause)
            .help("a policy is one JSON object on one line");
    if error.is_eof() {
        let kubernetes =
            place.kubernetes("couldn't get version/kind; json parse error: unexpected end of JSON input");
        return finding.kubernetes(kubernetes);
    }
    finding
}

/// Reads a line as YAML; there must be one document in it.
fn parse_yaml<'a>(place: &Place<'_>) -> Result<Value<'a>, Box<Finding>> {
    let mut sources = SourceMap::new();
    let text = place.line.trim_start_matches('\u{feff}');
    let skipped = place.line.len() - text.len();
    let source = sources.add("", text);
    let limits = Limits { bytes: super::LONGEST_LINE, depth: 32, alias_nodes: 1000 };
    let mut documents = Documents::new(&sources, source, &limits);
    let refuse = |message: String, start: usize, end: usize| {
        Box::new(
            Finding::error("malformed-policy-line", message)
                .at(place.span(start, end), "")
                .help("a policy is one JSON object on one line"),
        )
    };
    match (documents.next(), documents.next()) {
        (Some(Ok(Document { root })), None) => Ok(yaml_value(&root, skipped, DEEPEST)),
        (Some(Err(finding)), _) | (_, Some(Err(finding))) => {
            let (start, end) = finding.span().map_or((0, 0), |span| (span.start(), span.end()));
            let message = format!("line {} is neither JSON nor YAML: {}", place.number, finding.message);
            Err(refuse(message, skipped + start, skipped + end))
        }
        (None, _) | (_, Some(Ok(_))) => {
            let message = format!("line {} is not one policy", place.number);
            Err(refuse(message, 0, place.line.len()))
        }
    }
}

fn yaml_value<'a>(node: &Node, skipped: usize, depth: usize) -> Value<'a> {
    match &node.value {
        DocumentValue::Null => Value::Null,
        DocumentValue::Bool(value) => Value::Bool(*value),
        DocumentValue::Number(_) => Value::Number,
        DocumentValue::String(text) => Value::Text(Cow::Owned(text.to_string())),
        DocumentValue::List(_) => Value::List,
        DocumentValue::Map(_) if depth == 0 => Value::Map(Vec::new()),
        DocumentValue::Map(entries) => {
            // On its way through a Go map the last of equal keys takes the place of the others; in JSON they are read one
            // after the other.
            let mut seen = HashSet::new();
            let mut fields = Vec::new();
            for entry in entries.iter().rev().filter(|entry| seen.insert(&*entry.key)) {
                fields.push(Field {
                    key: Cow::Owned(entry.key.to_string()),
                    key_place: skipped + entry.key_span.start()..skipped + entry.key_span.end(),
                    value: yaml_value(&entry.value, skipped, depth - 1),
                    place: skipped + entry.value.span.start()..skipped + entry.value.span.end(),
                });
            }
            fields.reverse();
            Value::Map(fields)
        }
    }
}

/// A text that is borrowed where nothing is escaped in it.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Object(entries))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}
