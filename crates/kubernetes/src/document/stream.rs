//! The documents of a text, whichever format it is in.

use std::ops::Range;

use rolecall_diagnostics::Finding;
use rolecall_source::{Source, SourceId, SourceMap};

use super::{
    Document, Limits, Names, Node,
    cursor::{Flavour, Json, ReadForwards, Tree},
    hint,
    json::{self, Fault, FaultKind},
    yaml,
};

/// The documents of a text, one after the other; ends after the first error.
///
/// Memory: that of one document. Time: linear in the text.
#[derive(Debug)]
pub struct Documents<'a> {
    sources: &'a SourceMap,
    source: SourceId,
    limits: Limits,
    names: Names,
    format: Format<'a>,
}

/// How the rest of the text is read.
#[derive(Debug)]
enum Format<'a> {
    Ended,
    Json(json::Reader<'a>),
    /// Nothing was read yet.
    Unknown,
    Yaml(yaml::Reader<'a>),
}

impl<'a> Documents<'a> {
    /// Reads a text of the source map. Whether it is YAML, JSON, or JSON values one after the other (one a
    /// line, for instance) follows from the text itself.
    pub fn new(sources: &'a SourceMap, source: SourceId, limits: &Limits) -> Self {
        Self { sources, source, limits: *limits, names: Names::new(), format: Format::Unknown }
    }

    /// Reads the next document with a cursor, if there is nothing unusual about it. If there is, or none is left,
    /// nothing has happened.
    pub(crate) fn read_forwards<R: ReadForwards>(&mut self, reader: &mut R) -> Option<R::Read> {
        if matches!(self.format, Format::Unknown) {
            let mut json = self.json_reader();
            match json.skip_blanks() {
                Some(b'{') => {
                    let (read, end) = self.read_json(json.position(), reader)?;
                    json.go_to(end);
                    self.format = Format::Json(json);
                    return Some(read);
                }
                Some(b'[') => return None,
                _ => {}
            }
            if unreadable_character(self.sources, self.source, 0).is_some() {
                return None;
            }
            self.format = Format::Yaml(yaml::Reader::new(self.sources, self.source, 0, self.limits));
        }
        match &mut self.format {
            Format::Ended | Format::Unknown => None,
            Format::Json(json) => {
                if json.skip_blanks() != Some(b'{') {
                    return None;
                }
                let start = json.position();
                let (read, end) = self.read_json(start, reader)?;
                if let Format::Json(json) = &mut self.format {
                    json.go_to(end);
                }
                Some(read)
            }
            Format::Yaml(yaml) => yaml.read_forwards(reader, &mut self.names),
        }
    }

    fn read_json<R: ReadForwards>(&mut self, start: usize, reader: &mut R) -> Option<(R::Read, usize)> {
        let mut cursor =
            Json::new(self.sources, self.source, self.text(), start, self.limits.depth, Flavour::Json);
        let read = reader.read(&mut cursor, &mut self.names)?;
        Some((read, cursor.position()))
    }

    /// A text that begins with a bracket or a brace is JSON if its first value is; if not, it may still be YAML,
    /// which has brackets as well.
    fn first(&mut self) -> Result<Option<Node>, Finding> {
        let text = self.text();
        let mut reader = self.json_reader();
        let Some(b'[' | b'{') = reader.skip_blanks() else { return self.yaml(0) };
        let start = reader.position();
        match reader.value(&mut self.names) {
            Ok(node) => {
                self.format = Format::Json(reader);
                Ok(Some(node))
            }
            Err(fault) if matches!(fault.kind, FaultKind::TooDeep) => Err(self.refuse(&fault)),
            Err(fault) => self.yaml(0).map_err(|finding| {
                let refused = self.refuse(&fault);
                if finding.name != "yaml-syntax" {
                    return finding;
                }
                // Whoever writes `{"` or `[{` means JSON.
                let mut inside = text.get(start + 1..).unwrap_or("").trim_start().chars();
                let json = matches!((text.as_bytes().get(start), inside.next()), (Some(b'{'), Some('"')))
                    || matches!((text.as_bytes().get(start), inside.next()), (Some(b'['), Some('"' | '{')));
                if json { refused } else { finding }
            }),
        }
    }

    /// The JSON value that comes next. A document separator or a comment shows that the text is YAML after all, of
    /// which JSON is a part.
    fn json(&mut self, mut reader: json::Reader<'a>) -> Result<Option<Node>, Finding> {
        let first = reader.skip_blanks();
        let at = reader.position();
        let rest = self.text().get(at..).unwrap_or("");
        if first == Some(b'#') || rest.starts_with("---") || rest.starts_with("...") {
            let start = if rest.starts_with("...") { at + 3 } else { at };
            return self.yaml(start);
        }
        if first.is_none() {
            return Ok(None);
        }
        let node = reader.value(&mut self.names).map_err(|fault| {
            let finding = self.refuse(&fault);
            hint::template(self.sources, self.source, at, &finding).unwrap_or(finding)
        })?;
        self.format = Format::Json(reader);
        Ok(Some(node))
    }

    fn yaml(&mut self, start: usize) -> Result<Option<Node>, Finding> {
        if let Some(finding) = unreadable_character(self.sources, self.source, start) {
            return Err(finding);
        }
        let mut reader = yaml::Reader::new(self.sources, self.source, start, self.limits);
        let node = self.yaml_document(&mut reader)?;
        self.format = Format::Yaml(reader);
        Ok(node)
    }

    fn yaml_document(&mut self, reader: &mut yaml::Reader<'a>) -> Result<Option<Node>, Finding> {
        match reader.read_forwards(&mut Tree, &mut self.names) {
            Some(node) => Ok(Some(node)),
            None => reader.document(&mut self.names),
        }
    }

    fn text(&self) -> &'a str {
        self.sources.get(self.source).map_or("", Source::text)
    }

    fn json_reader(&self) -> json::Reader<'a> {
        json::Reader::new(self.sources, self.source, 0, self.text().len(), self.limits.depth)
    }

    fn refuse(&self, fault: &Fault) -> Finding {
        refuse_json(self.sources, self.source, fault, &self.limits)
    }
}

impl Iterator for Documents<'_> {
    type Item = Result<Document, Finding>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = match std::mem::replace(&mut self.format, Format::Ended) {
            Format::Ended => Ok(None),
            Format::Json(reader) => self.json(reader),
            Format::Unknown => self.first(),
            Format::Yaml(mut reader) => {
                let read = self.yaml_document(&mut reader);
                self.format = Format::Yaml(reader);
                read
            }
        };
        if !matches!(read, Ok(Some(_))) {
            self.format = Format::Ended;
        }
        read.transpose().map(|read| read.map(|root| Document { root }))
    }
}

/// Reads exactly one JSON value in a part of a text: a line of an ABAC policy file, for instance.
///
/// # Errors
///
/// One finding when there is none, or something after it.
pub fn json_value(
    sources: &SourceMap,
    source: SourceId,
    part: Range<usize>,
    limits: &Limits,
) -> Result<Node, Finding> {
    let mut reader = json::Reader::new(sources, source, part.start, part.end, limits.depth);
    let node =
        reader.value(&mut Names::new()).map_err(|fault| refuse_json(sources, source, &fault, limits))?;
    if reader.skip_blanks().is_some() {
        let kind = FaultKind::Syntax("nothing is due after the value");
        let fault = Fault { start: reader.position(), end: reader.position() + 1, kind };
        return Err(refuse_json(sources, source, &fault, limits));
    }
    Ok(node)
}

fn refuse_json(sources: &SourceMap, source: SourceId, fault: &Fault, limits: &Limits) -> Finding {
    match fault.kind {
        FaultKind::TooDeep => yaml::too_deep(sources.span(source, fault.start, fault.end), limits.depth),
        FaultKind::Cut(_) | FaultKind::Syntax(_) => hint::json(sources, source, fault),
    }
}

/// A character that YAML does not have, or that Kubernetes' reader takes for the end of a line and ours would
/// not: what stands behind it would mean something else there.
///
/// Source: YAML 1.1, 4.1 "printable" and 4.2 "line breaks"; YAML 1.2 took the breaks away.
pub(super) fn unreadable_character(sources: &SourceMap, source: SourceId, start: usize) -> Option<Finding> {
    let text = sources.get(source)?.text().get(start..)?;
    if text.is_ascii() && !text.as_bytes().contains(&0x7F) {
        return None;
    }
    let (at, character) = text.char_indices().find(|(_, character)| {
        matches!(character, '\u{7F}'..='\u{9F}' | '\u{2028}' | '\u{2029}' | '\u{FFFE}' | '\u{FFFF}')
    })?;
    let code = u32::from(character);
    let span = sources.span(source, start + at, start + at + character.len_utf8());
    Some(if matches!(character, '\u{85}' | '\u{2028}' | '\u{2029}') {
        Finding::error(
            "line-separator",
            format!(
                "U+{code:04X} is the end of a line to Kubernetes, and an invisible character to most programs"
            ),
        )
        .at(span, "here")
        .help("take it out, or write it as an escape in double quotes")
    } else {
        Finding::error(
            "control-character",
            format!("the control character U+{code:04X} cannot stand in YAML"),
        )
        .at(span, "here")
        .help("take it out, or write it as an escape in double quotes")
    })
}
