//! One YAML document as a tree: events of the scanner in, spanned values out.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use rolecall_diagnostics::Finding;
use rolecall_source::{SourceId, SourceMap, Span};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError};

use super::{
    Entry, Limits, Names, Node, Value,
    cursor::{self, Block, Flavour, Json, ReadForwards},
    hint,
    merge::Merging,
    offsets::Offsets,
    repair::{self, Repairs},
    scalar::{self, Float, Refusal, Scalar, Tag},
};

/// Reads one document after the other out of a text of the source map.
///
/// Each document has a scanner of its own: so anchors end with their document, and nothing of a document is
/// kept when the next one is read.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    sources: &'a SourceMap,
    source: SourceId,
    text: &'a str,
    /// Whether the whole text is ASCII.
    ascii: bool,
    /// Whether there is a tab in it.
    tabs: bool,
    /// Whether there is a byte order mark in it.
    marked: bool,
    limits: Limits,
    /// Where the next document begins.
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a SourceMap, source: SourceId, start: usize, limits: Limits) -> Self {
        let text = sources.get(source).map_or("", |source| source.text());
        // Blanks in the last line are no line to Kubernetes' reader, and one to the scanner.
        let trimmed = text.trim_end_matches(' ');
        let text = if trimmed.ends_with('\n') { trimmed } else { text };
        let ascii = text.is_ascii();
        let marked = !ascii && text.contains('\u{FEFF}');
        Self { sources, source, text, ascii, tabs: text.contains('\t'), marked, limits, at: start }
    }

    /// Where the next document begins, or something without meaning before it.
    #[cfg(test)]
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Reads the next document with a cursor, if there is nothing unusual about it.
    pub(super) fn read_forwards<R: ReadForwards>(
        &mut self,
        reader: &mut R,
        names: &mut Names,
    ) -> Option<R::Read> {
        // A byte order mark within a document is an error.
        if self.marked {
            return None;
        }
        let (sources, source, text, depth) = (self.sources, self.source, self.text, self.limits.depth);
        let start = cursor::start(text, self.at)?;
        let (read, at) = if text.as_bytes().get(start) == Some(&b'{') {
            let mut cursor = Json::new(sources, source, text, start, depth, Flavour::Yaml);
            (reader.read(&mut cursor, names)?, cursor.position())
        } else {
            let mut cursor = Block::new(sources, source, text, start, depth);
            (reader.read(&mut cursor, names)?, cursor.position())
        };
        self.at = at;
        Some(read)
    }

    /// The value of the next document, if there is one.
    pub(super) fn document(&mut self, names: &mut Names) -> Result<Option<Node>, Finding> {
        let mut repairs = Repairs::default();
        let mut keep_anchored = false;
        loop {
            let repaired = if repairs.is_empty() { None } else { Some(repairs.apply(self.text, self.at)) };
            let attempt = match &repaired {
                None => {
                    self.attempt(self.text.get(self.at..).unwrap_or(""), names, &mut repairs, keep_anchored)
                }
                Some(text) => self.attempt(text, names, &mut repairs, keep_anchored),
            };
            match attempt {
                Ok(node) => return Ok(node),
                Err(Stop::Alias) => keep_anchored = true,
                Err(Stop::Repair) => {}
                Err(Stop::Refused(finding)) => {
                    let template = hint::template(self.sources, self.source, self.at, &finding);
                    return Err(template.unwrap_or(*finding));
                }
            }
        }
    }

    /// Reads the next document. Values that have an anchor are only kept (which takes their memory once more)
    /// when that is asked for; without, the first alias stops the attempt.
    fn attempt(
        &mut self,
        text: &str,
        names: &mut Names,
        repairs: &mut Repairs,
        keep_anchored: bool,
    ) -> Result<Option<Node>, Stop> {
        let start = self.at;
        let ascii = self.ascii;
        let mut parser = Parser::new_from_str(text);
        let mut builder = Builder {
            reader: self,
            offsets: Offsets::new(text, ascii),
            repairs,
            read: Marker::default(),
            names,
            keep_anchored,
            open: Vec::new(),
            root: None,
            anchored: HashMap::new(),
            alias_nodes: 0,
        };
        loop {
            let (event, span) = match parser.next_event() {
                None => return Ok(None),
                Some(Ok(event)) => event,
                Some(Err(error)) => {
                    let stop = builder.syntax(&error);
                    return Err(stop);
                }
            };
            let unwritten = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text.is_empty());
            builder.read = if unwritten { span.start } else { span.end };
            match event {
                Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => {}
                Event::StreamEnd => return Ok(None),
                Event::DocumentEnd => {
                    let end = builder.span(span.start, span.start);
                    let root = builder.root.take().unwrap_or(Node { span: end, value: Value::Null });
                    let rest = self.text.get(end.end()..).unwrap_or("");
                    let at = end.end() + if rest.starts_with("...") { 3 } else { 0 };
                    if at <= start {
                        return Err(hint::syntax(self.sources, self.source, start, "").into());
                    }
                    self.at = at;
                    return Ok(Some(root));
                }
                Event::Alias(anchor) => builder.alias(anchor, span.start, span.end)?,
                Event::Scalar(text, style, anchor, tag) => {
                    let tag = tag.map_or(Tag::None, |tag| tag_of(&tag.handle, &tag.suffix));
                    builder.scalar(text, style, anchor, tag, span.start, span.end)?;
                }
                Event::SequenceStart(anchor, _) => builder.open(false, anchor, span.start)?,
                Event::MappingStart(anchor, _) => builder.open(true, anchor, span.start)?,
                Event::SequenceEnd | Event::MappingEnd => builder.close(span.start)?,
            }
        }
    }
}

/// Why an attempt to read a document ended early.
enum Stop {
    /// There is an alias, and anchored values were not kept.
    Alias,
    /// A repair was found.
    Repair,
    Refused(Box<Finding>),
}

impl From<Finding> for Stop {
    fn from(finding: Finding) -> Self {
        Self::Refused(Box::new(finding))
    }
}

/// The tree of one document while it grows. Lists and maps that are open stand on a stack that is no deeper
/// than the limit.
struct Builder<'r, 'a> {
    reader: &'r Reader<'a>,
    offsets: Offsets<'r>,
    repairs: &'r mut Repairs,
    /// Up to where the events have come.
    read: Marker,
    names: &'r mut Names,
    keep_anchored: bool,
    open: Vec<Frame>,
    root: Option<Node>,
    /// By the scanner's number of the anchor, which is new for each definition.
    anchored: HashMap<usize, Anchored>,
    /// How many values aliases have added, and anchors have kept.
    alias_nodes: usize,
}

/// A list or map whose end was not met yet.
struct Frame {
    start: usize,
    anchor: usize,
    /// In brackets or braces, so that it has an end of its own.
    flow: bool,
    size: Size,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<Key>, merging: Option<Merging> },
}

enum Key {
    Merge,
    Text(Arc<str>, Span),
}

/// How much an alias of a value adds.
#[derive(Clone, Copy)]
struct Size {
    nodes: usize,
    depth: usize,
}

struct Anchored {
    node: Node,
    size: Size,
}

impl Builder<'_, '_> {
    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Tag,
        start: Marker,
        end: Marker,
    ) -> Result<(), Stop> {
        let plain = style == ScalarStyle::Plain;
        if !matches!(style, ScalarStyle::Folded | ScalarStyle::Literal) {
            self.check_tabs(start)?;
        }
        let text = self.without_added_end(text, style, end);
        let span = self.scalar_span(&text, style, anchor > 0 || tag != Tag::None, start, end);
        if plain && text == "<<" && matches!(tag, Tag::None | Tag::Merge) && self.is_key_due() {
            self.set_key(Key::Merge);
            return Ok(());
        }
        let resolved =
            scalar::resolve(text, plain, tag).map_err(|refusal| self.refuse_scalar(refusal, span))?;
        let value = match resolved {
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => Value::Bool(value),
            Scalar::String(text) => Value::String(self.names.share(&text)),
            Scalar::Float(Float::Special) if !self.is_key_due() => {
                let written = self.quote(span);
                return Err(Finding::error(
                    "unsupported-number",
                    format!("`{written}` is a number that JSON and so Kubernetes does not have"),
                )
                .at(span, "infinity, or no number")
                .help(format!("put quotes around it if a text is meant: \"{written}\""))
                .into());
            }
            Scalar::Float(_) | Scalar::Integer(_) => {
                // A tag makes a number of a text in quotes.
                let written = self.reader.sources.text_of(span).trim_matches(['"', '\'']);
                Value::Number(self.names.share(written))
            }
        };
        self.attach(Node { span, value }, Size { nodes: 1, depth: 0 }, anchor, false)
    }

    /// Kubernetes' reader refuses a tab before whatever could begin a key: at the beginning of a line and after
    /// `-` and `?`, outside of brackets. The scanner is more lenient.
    fn check_tabs(&mut self, start: Marker) -> Result<(), Stop> {
        if !self.reader.tabs || self.open.iter().any(|frame| frame.flow) {
            return Ok(());
        }
        let at = self.byte(start);
        let before = self.reader.text.get(..at).unwrap_or("");
        let blanks = before.trim_end_matches([' ', '\t']).len();
        let could_begin_a_key =
            matches!(before.as_bytes().get(..blanks), Some([] | [.., b'\n' | b'-' | b'?']));
        match before.get(blanks..).and_then(|blanks| blanks.find('\t')) {
            Some(tab) if could_begin_a_key => {
                Err(hint::syntax(self.reader.sources, self.reader.source, blanks + tab, "tab").into())
            }
            _ => Ok(()),
        }
    }

    /// The scanner ends a block of text with its line, even where the whole text ends without a line end;
    /// Kubernetes' reader has no line end there that is not written.
    fn without_added_end<'t>(
        &mut self,
        mut text: Cow<'t, str>,
        style: ScalarStyle,
        end: Marker,
    ) -> Cow<'t, str> {
        let is_block = matches!(style, ScalarStyle::Folded | ScalarStyle::Literal);
        let at_end =
            is_block && !self.reader.text.ends_with('\n') && self.byte(end) >= self.reader.text.len();
        if at_end && let Some(shorter) = text.strip_suffix('\n').map(str::len) {
            text.to_mut().truncate(shorter);
        }
        text
    }

    /// Takes a value as the key that is due: Kubernetes makes texts of booleans and numbers.
    fn key(&mut self, node: Node) -> Result<(), Stop> {
        let span = node.span;
        let text = match node.value {
            Value::String(text) => Some(text),
            Value::Bool(value) => Some(self.names.share(if value { "true" } else { "false" })),
            Value::Number(written) => {
                let number = scalar::resolve(Cow::Borrowed(&written), true, Tag::None).ok();
                number.and_then(scalar::key_text).map(|text| self.names.share(&text))
            }
            other => {
                return Err(refuse_key(span, &with_article(other.kind_name())).into());
            }
        };
        let Some(text) = text else {
            return Err(refuse_key(span, "a number that Kubernetes cannot hold").into());
        };
        self.set_key(Key::Text(text, span));
        Ok(())
    }

    fn set_key(&mut self, due: Key) {
        if let Some(Frame { content: Content::Map { key, .. }, .. }) = self.open.last_mut() {
            *key = Some(due);
        }
    }

    fn alias(&mut self, anchor: usize, start: Marker, end: Marker) -> Result<(), Stop> {
        let span = self.span(start, end);
        if let Some(frame) = self.open.iter().find(|frame| frame.anchor == anchor) {
            let outer = self.reader.sources.span(self.reader.source, frame.start, frame.start);
            return Err(Finding::error(
                "alias-of-itself",
                format!("the alias `{}` stands within the value that it stands for", self.quote(span)),
            )
            .at(span, "this alias")
            .at(outer, "its anchor's value begins here and contains itself")
            .help("write out what is meant")
            .into());
        }
        if !self.keep_anchored {
            return Err(Stop::Alias);
        }
        let Some(Anchored { node, size }) = self.anchored.get(&anchor) else {
            return Err(hint::undefined_alias(self.reader.sources, span, self.reader.at).into());
        };
        let size = *size;
        // Both limits are looked at before anything is copied.
        if self.alias_nodes.saturating_add(size.nodes) > self.reader.limits.alias_nodes {
            return Err(self.refuse_expansion(span).into());
        }
        if self.open.len() + size.depth > self.reader.limits.depth {
            return Err(self.refuse_depth(span).into());
        }
        let node = Node { span, value: node.value.clone() };
        self.alias_nodes += size.nodes;
        self.attach(node, size, 0, true)
    }

    fn open(&mut self, is_map: bool, anchor: usize, start: Marker) -> Result<(), Stop> {
        self.check_tabs(start)?;
        let start = self.content_start(start);
        if self.open.len() >= self.reader.limits.depth {
            let span = self.reader.sources.span(self.reader.source, start, start + 1);
            return Err(self.refuse_depth(span).into());
        }
        let bracket = self.reader.text.as_bytes().get(start);
        let content = if is_map {
            Content::Map { entries: Vec::new(), key: None, merging: None }
        } else {
            Content::List(Vec::new())
        };
        self.open.push(Frame {
            start,
            anchor,
            flow: matches!((is_map, bracket), (true, Some(b'{')) | (false, Some(b'['))),
            size: Size { nodes: 1, depth: 1 },
            content,
        });
        Ok(())
    }

    fn close(&mut self, end: Marker) -> Result<(), Stop> {
        let Some(frame) = self.open.pop() else { return Ok(()) };
        let last = match &frame.content {
            Content::List(nodes) => nodes.last().map(|node| node.span.end()),
            Content::Map { entries, .. } => {
                entries.last().map(|entry| entry.value.span.end().max(entry.key_span.end()))
            }
        };
        // A block has no end of its own: it ends with its last value, if that is not an alias's from elsewhere.
        let mark = self.byte(end);
        let end = match last {
            _ if frame.flow => mark + 1,
            Some(last) if (frame.start..=mark).contains(&last) => last,
            _ => self.reader.text.get(..mark).map_or(mark, |text| text.trim_end().len()).max(frame.start),
        };
        let value = match frame.content {
            Content::List(nodes) => Value::List(nodes),
            Content::Map { entries, .. } => Value::Map(entries),
        };
        let span = self.reader.sources.span(self.reader.source, frame.start, end);
        self.attach(Node { span, value }, frame.size, frame.anchor, false)
    }

    /// Puts a whole value where one is due: into the innermost open list or map, or at the root.
    fn attach(&mut self, node: Node, size: Size, anchor: usize, aliased: bool) -> Result<(), Stop> {
        if anchor > 0 && self.keep_anchored {
            // A value in anchors within anchors is kept once for each: beyond the first, that counts.
            if self.open.iter().any(|frame| frame.anchor > 0) {
                self.alias_nodes = self.alias_nodes.saturating_add(size.nodes);
            }
            if self.alias_nodes > self.reader.limits.alias_nodes {
                return Err(self.refuse_expansion(node.span).into());
            }
            self.anchored.insert(anchor, Anchored { node: node.clone(), size });
        }
        let Some(frame) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        frame.size.nodes = frame.size.nodes.saturating_add(size.nodes);
        frame.size.depth = frame.size.depth.max(size.depth + 1);
        let Content::Map { entries, key, merging } = &mut frame.content else {
            if let Content::List(nodes) = &mut frame.content {
                nodes.push(node);
            }
            return Ok(());
        };
        match key.take() {
            None => return self.key(node),
            Some(Key::Text(key, key_span)) => {
                let entry = Entry { key, key_span, value: node };
                match merging {
                    None => entries.push(entry),
                    Some(merging) => merging.own(entries, entry),
                }
            }
            Some(Key::Merge) => {
                let merging = merging.get_or_insert_with(|| Merging::new(entries));
                merging.merge(entries, node, aliased).map_err(|(span, kind)| {
                    Finding::error(
                        "invalid-merge",
                        format!(
                            "the merge key `<<` needs a map or a list of maps, not {}",
                            with_article(kind)
                        ),
                    )
                    .at(span, "no map")
                    .help("if a key of that name is meant, put it in quotes: \"<<\"")
                })?;
            }
        }
        Ok(())
    }

    fn is_key_due(&self) -> bool {
        matches!(self.open.last(), Some(Frame { content: Content::Map { key: None, .. }, .. }))
    }

    /// Where a scalar's text stands, without tag and anchor.
    fn scalar_span(
        &mut self,
        text: &str,
        style: ScalarStyle,
        has_properties: bool,
        start: Marker,
        end: Marker,
    ) -> Span {
        let (sources, source) = (self.reader.sources, self.reader.source);
        if style == ScalarStyle::Plain && text.is_empty() {
            // Nothing is written: the place is right after what it belongs to, not wherever the next token is.
            let after = match self.open.last() {
                Some(Frame { content: Content::Map { key: Some(Key::Text(_, key)), .. }, .. }) => key.end(),
                _ => self.byte(start),
            };
            return sources.span(source, after, after);
        }
        // What looks like a tag in a block scalar is text.
        let start = if has_properties { self.content_start(start) } else { self.byte(start) };
        let end = self.byte(end);
        let written = self.reader.text.get(start..end).unwrap_or("").trim_end();
        sources.span(source, start, start + written.len())
    }

    /// Skips the tag and the anchor that stand before a value.
    fn content_start(&mut self, start: Marker) -> usize {
        let mut at = self.byte(start);
        while let Some(b'&' | b'!') = self.reader.text.as_bytes().get(at) {
            let rest = self.reader.text.get(at..).unwrap_or("");
            let property = rest.find(|character: char| character.is_ascii_whitespace());
            let mut next = at + property.unwrap_or(rest.len());
            loop {
                let rest = self.reader.text.get(next..).unwrap_or("");
                let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
                next += blanks;
                match self.reader.text.get(next..) {
                    Some(rest) if blanks > 0 && rest.starts_with('#') => {
                        next += rest.find('\n').unwrap_or(rest.len());
                    }
                    _ => break,
                }
            }
            at = next;
        }
        at
    }

    fn span(&mut self, start: Marker, end: Marker) -> Span {
        let start = self.byte(start);
        let end = self.byte(end);
        self.reader.sources.span(self.reader.source, start, end)
    }

    fn quote(&self, span: Span) -> &str {
        self.reader.sources.text_of(span)
    }

    fn syntax(&mut self, error: &ScanError) -> Stop {
        let at = self.byte(*error.marker());
        let (sources, source, document) = (self.reader.sources, self.reader.source, self.reader.at);
        match error.info() {
            "recursion limit exceeded" => return self.refuse_depth(sources.span(source, at, at + 1)).into(),
            "while parsing node, found unknown anchor" => {
                let rest = self.reader.text.get(at..).unwrap_or("");
                let is_end = |character: char| character.is_whitespace() || "[]{},".contains(character);
                let end = at + rest.find(is_end).unwrap_or(rest.len());
                return hint::undefined_alias(sources, sources.span(source, at, end), document).into();
            }
            _ => {}
        }
        let from = self.byte(self.read);
        let mut in_flow = self.open.iter().filter(|frame| frame.flow).map(|frame| frame.start);
        let (opened, more) = (in_flow.next(), in_flow.count());
        let open = usize::from(opened.is_some()) + more;
        let fault = repair::Fault { document, from, open, opened, at, said: error.info() };
        if self.repairs.find(self.reader.text, &fault) {
            return Stop::Repair;
        }
        let said = if fault.is_unclosed(self.reader.text) { "flow construct" } else { error.info() };
        hint::syntax(sources, source, at, said).into()
    }

    /// The byte of the text at a mark of the scanner.
    fn byte(&mut self, mark: Marker) -> usize {
        let at = self.offsets.byte(mark.index());
        self.repairs.original(self.reader.at, at)
    }

    fn refuse_depth(&self, span: Span) -> Finding {
        too_deep(span, self.reader.limits.depth)
    }

    fn refuse_expansion(&self, span: Span) -> Finding {
        Finding::error(
            "alias-bomb",
            format!(
                "with its aliases written out, this document has over {} values more than it shows",
                self.reader.limits.alias_nodes
            ),
        )
        .at(span, "too much at this alias")
        .help("write fewer aliases of aliases; no manifest needs so many")
    }

    fn refuse_scalar(&self, refusal: Refusal, span: Span) -> Finding {
        let message = match refusal {
            Refusal::Mismatch(expected) => {
                format!("`{}` is no {expected}, as its tag says", self.quote(span))
            }
            Refusal::NotBase64 => "the text of a `!!binary` value is no base64".to_owned(),
        };
        Finding::error("invalid-tag", message).at(span, "").help("take the tag away, or mend the value")
    }
}

/// A list or map that is nested deeper than the limit.
pub(super) fn too_deep(span: Span, limit: usize) -> Finding {
    Finding::error("too-deep", format!("lists and maps are nested deeper than the limit of {limit} levels"))
        .at(span, "one level too many")
        .help("no Kubernetes object is nested so deeply: look for brackets or indentation that went wrong")
}

fn refuse_key(span: Span, what: &str) -> Finding {
    Finding::error("invalid-key", format!("a key of a map must be a text, and this key is {what}"))
        .at(span, "not usable as a key")
        .help("put quotes around it if a text is meant")
}

fn with_article(kind: &str) -> Cow<'_, str> {
    if kind == "null" { Cow::Borrowed(kind) } else { Cow::Owned(format!("a {kind}")) }
}

fn tag_of(handle: &str, suffix: &str) -> Tag {
    // A tag that is written out (`!<tag:yaml.org,2002:str>`) has no handle.
    let suffix = match (handle, suffix.strip_prefix(CORE)) {
        (CORE, _) => suffix,
        ("", Some(suffix)) => suffix,
        _ => return Tag::Text,
    };
    match suffix {
        "binary" => Tag::Binary,
        "bool" => Tag::Bool,
        "float" => Tag::Float,
        "int" => Tag::Int,
        "merge" => Tag::Merge,
        "null" => Tag::Null,
        "timestamp" => Tag::Timestamp,
        _ => Tag::Text,
    }
}

const CORE: &str = "tag:yaml.org,2002:";
