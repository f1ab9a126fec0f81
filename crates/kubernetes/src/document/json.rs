//! JSON values with their places, as Go's decoder reads them.

use std::sync::Arc;

use rolecall_source::{SourceId, SourceMap, Span};

use super::{Entry, Node, Value, names::Names};

/// Why a text is no JSON value.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: FaultKind,
}

#[derive(Debug)]
pub(super) enum FaultKind {
    /// The text ends within the value.
    Cut(&'static str),
    /// Something else is due here.
    Syntax(&'static str),
    TooDeep,
}

/// Reads JSON values out of a text of the source map.
///
/// Lists and maps that are open are kept on a stack of its own, which is no deeper than the limit. What they hold so
/// far stands on two more, so that a list or map gets its memory at once when it ends.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    sources: &'a SourceMap,
    source: SourceId,
    text: &'a str,
    at: usize,
    depth: usize,
    open: Vec<Frame>,
    nodes: Vec<Node>,
    entries: Vec<Entry>,
}

impl<'a> Reader<'a> {
    /// A reader that begins at a byte and takes the text to end at another.
    pub(super) fn new(
        sources: &'a SourceMap,
        source: SourceId,
        start: usize,
        end: usize,
        depth: usize,
    ) -> Self {
        let text = sources.get(source).map_or("", |source| source.text());
        Self {
            sources,
            source,
            text: text.get(..end).unwrap_or(text),
            at: start,
            depth,
            open: Vec::new(),
            nodes: Vec::new(),
            entries: Vec::new(),
        }
    }

    /// The first byte that was not read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Goes to a byte after values that somebody else has read.
    pub(super) fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    /// Skips blanks and line ends; the byte after them, if any.
    pub(super) fn skip_blanks(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
        self.peek()
    }

    /// Reads one value; blanks before it are skipped. After a fault nothing more can be read.
    pub(super) fn value(&mut self, names: &mut Names) -> Result<Node, Fault> {
        loop {
            // A value is due.
            let start = self.at_token();
            let mut node = match self.peek() {
                Some(bracket @ (b'[' | b'{')) => {
                    if self.open.len() >= self.depth {
                        return Err(self.fault(start, FaultKind::TooDeep));
                    }
                    self.at += 1;
                    let is_map = bracket == b'{';
                    if self.skip_blanks() == Some(if is_map { b'}' } else { b']' }) {
                        self.at += 1;
                        let value = if is_map { Value::Map(Vec::new()) } else { Value::List(Vec::new()) };
                        Node { span: self.span(start), value }
                    } else {
                        let frame = if is_map {
                            Frame::Map { start, first: self.entries.len(), key: self.key(names)? }
                        } else {
                            Frame::List { start, first: self.nodes.len() }
                        };
                        self.open.push(frame);
                        continue;
                    }
                }
                _ => self.scalar(names)?,
            };
            // The value belongs to the innermost open list or map, which may end with it, and so on.
            loop {
                let Some(frame) = self.open.last() else { return Ok(node) };
                let is_map = match frame {
                    Frame::List { .. } => {
                        self.nodes.push(node);
                        false
                    }
                    Frame::Map { key: (key, key_span), .. } => {
                        self.entries.push(Entry { key: Arc::clone(key), key_span: *key_span, value: node });
                        true
                    }
                };
                match (self.skip_blanks(), is_map) {
                    (Some(b','), false) => {
                        self.at += 1;
                        if self.skip_blanks() == Some(b']') {
                            return Err(self.here("a value is due after the comma, not the end of the list"));
                        }
                        break;
                    }
                    (Some(b','), true) => {
                        self.at += 1;
                        if self.skip_blanks() == Some(b'}') {
                            return Err(self.here("a key is due after the comma, not the end of the map"));
                        }
                        let due = self.key(names)?;
                        if let Some(Frame::Map { key, .. }) = self.open.last_mut() {
                            *key = due;
                        }
                        break;
                    }
                    (Some(b']'), false) | (Some(b'}'), true) => {
                        self.at += 1;
                        let Some(frame) = self.open.pop() else {
                            return Err(self.here("a value is due here"));
                        };
                        node = self.close(&frame);
                    }
                    (_, false) => return Err(self.here("`,` or `]` is due here")),
                    (_, true) => return Err(self.here("`,` or `}` is due here")),
                }
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn at_token(&mut self) -> usize {
        self.skip_blanks();
        self.at
    }

    fn close(&mut self, frame: &Frame) -> Node {
        match *frame {
            Frame::List { start, first } => {
                let nodes = self.nodes.drain(first.min(self.nodes.len())..).collect();
                Node { span: self.span(start), value: Value::List(nodes) }
            }
            Frame::Map { start, first, .. } => {
                let entries = self.entries.drain(first.min(self.entries.len())..).collect();
                Node { span: self.span(start), value: Value::Map(entries) }
            }
        }
    }

    fn key(&mut self, names: &mut Names) -> Result<(Arc<str>, Span), Fault> {
        if self.skip_blanks() != Some(b'"') {
            return Err(self.here("a key in double quotes is due here"));
        }
        let start = self.at;
        let key = self.string(names)?;
        let span = self.span(start);
        if self.skip_blanks() != Some(b':') {
            return Err(self.here("`:` is due after a key"));
        }
        self.at += 1;
        Ok((key, span))
    }

    fn scalar(&mut self, names: &mut Names) -> Result<Node, Fault> {
        let start = self.at;
        let value = match self.peek() {
            Some(b'"') => Value::String(self.string(names)?),
            Some(b'-' | b'0'..=b'9') => self.number(names)?,
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            _ => return Err(self.here("a value is due here")),
        };
        Ok(Node { span: self.span(start), value })
    }

    fn word(&mut self, word: &'static str, value: Value) -> Result<Value, Fault> {
        let rest = self.text.get(self.at..).unwrap_or("");
        let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        if rest.get(..length) != Some(word) {
            return Err(self.here("a value is due here: a text needs double quotes"));
        }
        self.at += length;
        Ok(value)
    }

    fn number(&mut self, names: &mut Names) -> Result<Value, Fault> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(Value::Number(names.share(self.text.get(start..self.at).unwrap_or(""))))
    }

    fn digits(&mut self) -> Result<(), Fault> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.here("a digit is due here"));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    /// A text in double quotes, of which the first is next.
    fn string(&mut self, names: &mut Names) -> Result<Arc<str>, Fault> {
        let open = self.at;
        self.at += 1;
        let mut decoded = String::new();
        loop {
            let rest = self.text.get(self.at..).unwrap_or("");
            let end = rest.bytes().position(|byte| matches!(byte, 0..b' ' | b'"' | b'\\'));
            let piece = end.and_then(|end| rest.get(..end)).unwrap_or(rest);
            self.at += piece.len();
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    if decoded.is_empty() {
                        return Ok(names.share(piece));
                    }
                    decoded.push_str(piece);
                    return Ok(names.share(&decoded));
                }
                Some(b'\\') => {
                    decoded.push_str(piece);
                    decoded.push(self.escape()?);
                }
                Some(_) => return Err(self.here("a text ends with its line: `\"` is due here")),
                None => {
                    let end = self.at;
                    let kind = FaultKind::Cut("the end of this text in quotes is missing");
                    return Err(Fault { start: open, end, kind });
                }
            }
        }
    }

    /// An escape, of which the backslash is next. Half a surrogate pair is U+FFFD, as in Go.
    fn escape(&mut self) -> Result<char, Fault> {
        let escape = self.text.as_bytes().get(self.at + 1).copied();
        let character = match escape {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.here("this escape is none of JSON's")),
        };
        self.at += 2;
        Ok(character)
    }

    fn unicode_escape(&mut self) -> Result<char, Fault> {
        let Some(first) = self.code_unit(self.at) else {
            return Err(self.here("four hexadecimal digits are due after `\\u`"));
        };
        self.at += 6;
        if let Some(character) = char::from_u32(u32::from(first)) {
            return Ok(character);
        }
        let second = self.code_unit(self.at);
        match second.and_then(|second| char::decode_utf16([first, second]).next()) {
            Some(Ok(character)) => {
                self.at += 6;
                Ok(character)
            }
            _ => Ok(char::REPLACEMENT_CHARACTER),
        }
    }

    /// The four digits of `\uXXXX` at a place.
    fn code_unit(&self, at: usize) -> Option<u16> {
        let escape = self.text.get(at..at.checked_add(6)?)?;
        let digits = escape.strip_prefix("\\u")?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
    }

    fn span(&self, start: usize) -> Span {
        self.sources.span(self.source, start, self.at)
    }

    fn here(&self, message: &'static str) -> Fault {
        let kind = if self.peek().is_some() { FaultKind::Syntax(message) } else { FaultKind::Cut(message) };
        self.fault(self.at, kind)
    }

    fn fault(&self, at: usize, kind: FaultKind) -> Fault {
        // What is missing at the end is missing after the last that is there, not on some empty line.
        let at = at.min(self.text.trim_end().len());
        let rest = self.text.get(at..).unwrap_or("");
        let word = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        let length = if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) };
        Fault { start: at, end: at + length, kind }
    }
}

/// A list or map whose end was not met yet.
#[derive(Debug)]
enum Frame {
    /// `first`: from where on the nodes on the stack are its own.
    List { start: usize, first: usize },
    /// `first`: from where on the entries on the stack are its own.
    Map { start: usize, first: usize, key: (Arc<str>, Span) },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Node, SourceMap), Fault> {
        let mut sources = SourceMap::new();
        let id = sources.add("a.json", text);
        let mut reader = Reader::new(&sources, id, 0, text.len(), 100);
        let node = reader.value(&mut Names::new())?;
        assert_eq!(reader.skip_blanks(), None, "{text}");
        Ok((node, sources))
    }

    #[test]
    fn values_stand_where_they_are_written() {
        let (node, sources) = read(" {\"a\" : [1, {}, [ ]],\t\"b\":null, \"a\": -0.5e+3}").unwrap();
        let text = |node: &Node| sources.text_of(node.span).to_owned();
        let entries = node.as_map().unwrap();
        assert_eq!(entries.len(), 3);
        assert_eq!(sources.text_of(entries[0].key_span), "\"a\"");
        assert_eq!(text(&entries[0].value), "[1, {}, [ ]]");
        let list = entries[0].value.as_list().unwrap();
        assert_eq!(list.iter().map(text).collect::<Vec<_>>(), ["1", "{}", "[ ]"]);
        assert_eq!(list.iter().map(Node::kind_name).collect::<Vec<_>>(), ["number", "map", "list"]);
        assert!(entries[1].value.is_null());
        assert_eq!(node.get("a").map(|entry| &entry.value.value), Some(&Value::Number("-0.5e+3".into())));
    }

    #[test]
    fn escapes_are_decoded_as_go_does() {
        let (node, _) = read(r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\ud83dx\ude00\ud800\u0041 é""#).unwrap();
        assert_eq!(node.as_str(), Some("\"\\/\u{8}\u{c}\n\r\té😀\u{FFFD}x\u{FFFD}\u{FFFD}A é"));
    }

    #[test]
    fn what_is_no_json_is_refused_where_it_goes_wrong() {
        for (text, at) in [
            ("{\"a\":1,}", 7),
            ("[1,]", 3),
            ("[1 2]", 3),
            ("{a:1}", 1),
            ("{\"a\" 1}", 5),
            ("{\"a\":yes}", 5),
            ("[tru]", 1),
            ("[truex]", 1),
            ("[01]", 2),
            ("[1.]", 3),
            ("[-]", 2),
            ("[1e]", 3),
            ("[\"a\nb\"]", 3),
            ("[\"\\x\"]", 2),
            ("[\"\\u12g4\"]", 2),
            ("", 0),
            ("[1", 2),
            ("{\"a\":", 5),
            ("[\"abc", 1),
            ("[1}", 2),
            ("[+1]", 1),
            ("['a']", 1),
            ("{]", 1),
        ] {
            let fault = read(text).unwrap_err();
            assert_eq!(fault.start, at, "{text}: {fault:?}");
        }
    }

    #[test]
    fn depth_is_limited_without_recursion() {
        for unit in ["[", "{\"a\":"] {
            assert!(matches!(read(&unit.repeat(100_000)).unwrap_err().kind, FaultKind::TooDeep));
            assert!(matches!(read(&unit.repeat(100)).unwrap_err().kind, FaultKind::Cut(_)));
        }
        assert!(read(&("[".repeat(100) + &"]".repeat(100))).is_ok());
    }
}
