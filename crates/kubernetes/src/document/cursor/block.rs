//! YAML in blocks, as programs print it and people write it.
//!
//! Known are: maps whose keys are words or in quotes; lists; words and texts in quotes on one line; words that go on in
//! further lines; blocks of text that begin with `|` or `|-`; lists of such words and texts in brackets, and `{}`;
//! comments. Not known, among others: anchors, aliases, tags, tabs, carriage returns, texts in quotes of several lines.

use std::borrow::Cow;

use rolecall_source::{SourceId, SourceMap, Span};

use super::{Cursor, DEPTH, Next, Scalar, Shape};
use crate::document::scalar::{self as resolution, Float, Tag};

/// The scanner of trees refuses keys of 1024 characters.
pub(super) const LONGEST_KEY: usize = 256;

/// A place in YAML.
///
/// Outside of a line's value it stands at the first byte, blanks apart, of a line in which there is something.
#[derive(Clone, Debug)]
pub(in crate::document) struct Block<'a> {
    sources: &'a SourceMap,
    source: SourceId,
    text: &'a str,
    at: usize,
    /// How far the line is indented, or in an entry of a list what stands after the `-`; `None` at the end of the document.
    column: Option<usize>,
    /// Whether something without meaning (a comment, an empty line) stands between this line and the last.
    gap: bool,
    due: Due,
    /// Where the block begins that the value is part of: what is indented more belongs to the value.
    outer: usize,
    /// Where the last value or key ends: so does the block that ends with it.
    last: usize,
    open: usize,
    depth: usize,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Due {
    /// `{}`
    Braces,
    /// A list in brackets.
    Brackets,
    /// A scalar in brackets.
    InBrackets,
    List,
    /// A list whose `-` stand in the column of the key that it is the value of.
    ListAtKey,
    Map,
    /// Nothing is written; it is taken to stand at this byte.
    Nothing(usize),
    Scalar,
}

/// A list or map whose end was not met yet.
#[derive(Debug)]
pub(in crate::document) struct Open {
    kind: Due,
    start: usize,
    column: usize,
    is_first: bool,
    /// For brackets, what they are part of.
    outer: usize,
}

/// Where the value of a document begins, after blank lines, comments and one separator; with the bytes in the line
/// before it.
pub(in crate::document) fn start(text: &str, at: usize) -> Option<usize> {
    let mut at = skip_meaningless(text, at);
    if let Some(rest) = text.get(at..)?.strip_prefix("---") {
        let line = rest.split('\n').next()?;
        if !line.bytes().all(|byte| byte == b' ') {
            return None;
        }
        at = skip_meaningless(text, at + 3 + line.len());
    }
    let rest = text.get(at..)?;
    let is_content = !rest.is_empty() && !rest.starts_with(['%', ' ', '.', '-']);
    is_content.then_some(at)
}

/// After the value of a document: where the document ends, if nothing else is in it.
pub(super) fn end_of_document(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let blanks = rest.len() - rest.trim_start_matches(' ').len();
    match rest.as_bytes().get(blanks) {
        None | Some(b'\n') => {}
        Some(b'#') if blanks > 0 => {}
        _ => return None,
    }
    let at = skip_meaningless(text, at + blanks);
    let rest = text.get(at..)?;
    (rest.is_empty() || is_separator(rest)).then_some(at)
}

/// Past what is left of a comment or a line, and past all lines without meaning: the beginning of the next line.
fn skip_meaningless(text: &str, mut at: usize) -> usize {
    loop {
        let rest = text.get(at..).unwrap_or("");
        let line = rest.split('\n').next().unwrap_or("");
        let word = line.trim_start_matches(' ');
        let is_whole = line.len() < rest.len();
        if (!word.is_empty() && !word.starts_with('#')) || rest.is_empty() {
            return at;
        }
        at += line.len() + usize::from(is_whole);
    }
}

/// Whether a line is a separator of documents.
fn is_separator(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n']))
}

impl<'a> Block<'a> {
    /// A map that begins at a byte, which begins a line.
    pub(in crate::document) fn new(
        sources: &'a SourceMap,
        source: SourceId,
        text: &'a str,
        at: usize,
        depth: usize,
    ) -> Self {
        Self {
            sources,
            source,
            text,
            at,
            column: Some(0),
            gap: false,
            due: Due::Map,
            outer: 0,
            last: at,
            open: 0,
            depth: depth.min(DEPTH),
        }
    }

    /// The first byte that was not read.
    pub(in crate::document) fn position(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) -> Option<u8> {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
        self.peek()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        self.sources.span(self.source, start, end)
    }

    /// Goes on to the next line in which there is something. What is left of this one has to be nothing.
    fn next_line(&mut self) -> Option<()> {
        let end = self.at;
        self.gap = false;
        match self.skip_blanks() {
            None => {}
            Some(b'\n') => self.at += 1,
            Some(b'#') if self.at > end => {
                self.gap = true;
                self.skip_line();
            }
            Some(_) => return None,
        }
        loop {
            let start = self.at;
            match self.skip_blanks() {
                None => {
                    self.column = None;
                    return Some(());
                }
                Some(b'\n') => {
                    self.gap = true;
                    self.at += 1;
                }
                Some(b'#') => {
                    self.gap = true;
                    self.skip_line();
                }
                Some(first) => {
                    self.column = Some(self.at - start);
                    if self.at == start && matches!(first, b'-' | b'.') {
                        let rest = self.text.get(start..)?;
                        if is_separator(rest) {
                            self.column = None;
                        } else if rest.starts_with("---") || rest.starts_with("...") {
                            return None;
                        }
                    }
                    return Some(());
                }
            }
        }
    }

    fn skip_line(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or("");
        self.at += rest.find('\n').map_or(rest.len(), |end| end + 1);
    }

    /// Whether the line belongs to the value that is part of a block.
    fn is_within(&self, outer: usize) -> bool {
        self.column.is_some_and(|column| column > outer)
    }

    /// Whether a `-` with a blank after it comes next.
    fn is_dash(&self) -> bool {
        matches!(self.rest(), [b'-', b' ' | b'\n', ..])
    }

    /// The length of the key that comes next, without its colon.
    fn key_length(&self) -> Option<usize> {
        let rest = self.rest();
        let length = match rest.first()? {
            quote @ (b'"' | b'\'') => {
                let inner = rest.get(1..)?;
                // Neither of several lines nor with an escape.
                let length = inner
                    .iter()
                    .take(LONGEST_KEY)
                    .position(|byte| byte == quote || matches!(byte, 0..b' ' | b'\\' | 0x7F..))?;
                if inner.get(length) != Some(quote) {
                    return None;
                }
                length + 2
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' => rest.iter().take(LONGEST_KEY).position(
                |byte| !matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'/'),
            )?,
            _ => return None,
        };
        matches!(rest.get(length..)?, [b':', b' ' | b'\n', ..] | [b':']).then_some(length)
    }

    /// Tells the value apart that stands in this line.
    fn look_at_value(&mut self, outer: usize) {
        self.outer = outer;
        self.due = match self.rest() {
            [b'{', ..] => Due::Braces,
            [b'[', ..] => Due::Brackets,
            _ => Due::Scalar,
        };
    }

    /// A text in quotes, of which the first is next.
    fn quoted(&mut self) -> Option<Cow<'a, str>> {
        let quote = self.peek()?;
        let start = self.at + 1;
        let text = self.text.get(start..)?;
        let is_end =
            |byte: &u8| *byte == quote || matches!(byte, 0..b' ') || (*byte == b'\\' && quote == b'"');
        let mut at = text.as_bytes().iter().position(is_end)?;
        let is_doubled = |at: usize| quote == b'\'' && text.as_bytes().get(at + 1) == Some(&quote);
        if text.as_bytes().get(at) == Some(&quote) && !is_doubled(at) {
            self.at = start + at + 1;
            return Some(Cow::Borrowed(text.get(..at)?));
        }
        let mut decoded = text.get(..at)?.to_owned();
        loop {
            match text.as_bytes().get(at..)? {
                [first, second, ..] if *first == b'\'' && first == second && quote == b'\'' => {
                    decoded.push('\'');
                    at += 2;
                }
                [first, ..] if *first == quote => {
                    self.at = start + at + 1;
                    return Some(Cow::Owned(decoded));
                }
                [b'\\', escape, ..] if quote == b'"' => {
                    decoded.push(match escape {
                        b'"' | b'\\' => char::from(*escape),
                        b'n' => '\n',
                        b't' => '\t',
                        _ => return None,
                    });
                    at += 2;
                }
                rest => {
                    let length = rest.iter().position(is_end)?;
                    if length == 0 {
                        return None;
                    }
                    decoded.push_str(text.get(at..at + length)?);
                    at += length;
                }
            }
        }
    }

    /// A word, up to the end of its line, or in brackets up to a comma or the end of them.
    fn word(&mut self, in_brackets: bool) -> Option<&'a str> {
        let rest = self.rest();
        let is_indicator = |byte: u8| b"-?:,[]{}#&*!|>'\"%@`".contains(&byte);
        if is_indicator(*rest.first()?) {
            return None;
        }
        let mut previous = b' ';
        let mut length = rest.len();
        for (at, &byte) in rest.iter().enumerate() {
            let is_end = match byte {
                b'\n' => true,
                b'#' => previous == b' ',
                b',' | b']' => in_brackets,
                b'[' | b'{' | b'}' | b'?' if in_brackets => return None,
                b':' if in_brackets || matches!(rest.get(at + 1), None | Some(b' ' | b'\n')) => return None,
                b' '..=b'~' => false,
                _ => return None,
            };
            if is_end {
                length = at;
                break;
            }
            previous = byte;
        }
        let word = self.text.get(self.at..self.at + length)?.trim_end_matches(' ');
        self.at += word.len();
        Some(word)
    }

    /// A word, with the lines in which it goes on.
    fn words(&mut self) -> Option<(Scalar<'a>, Span)> {
        let start = self.at;
        let first = self.word(false)?;
        let mut end = self.at;
        self.next_line()?;
        let mut folded: Option<String> = None;
        while self.is_within(self.outer) {
            // After a comment nothing can go on, and an empty line is a line end of the text.
            if self.gap {
                return None;
            }
            let more = self.word(false)?;
            end = self.at;
            self.next_line()?;
            let text = folded.get_or_insert_with(|| first.to_owned());
            text.push(' ');
            text.push_str(more);
        }
        self.last = end;
        let span = self.span(start, end);
        let scalar = match folded {
            None => resolve(first)?,
            // Of several words, none is anything but a text.
            Some(text) => Scalar::String(Cow::Owned(text)),
        };
        Some((scalar, span))
    }

    /// A block of text.
    fn literal(&mut self) -> Option<(Scalar<'a>, Span)> {
        self.at += 1;
        let strip = self.peek() == Some(b'-');
        self.at += usize::from(strip);
        if self.skip_blanks()? != b'\n' {
            return None;
        }
        self.at += 1;
        let indentation = self.rest().iter().take_while(|&&byte| byte == b' ').count();
        if indentation <= self.outer {
            return None;
        }
        let start = self.at + indentation;
        let mut text = String::new();
        let mut empty = 0;
        let mut end = start;
        loop {
            let line = self.rest();
            let blanks = line.iter().take_while(|&&byte| byte == b' ').count();
            match line.get(blanks) {
                None if blanks == 0 => break,
                // Whether there is a line end at the end of the text is for the tree to say.
                None => return None,
                Some(b'\n') if blanks <= indentation => {
                    // An empty first line is for the tree as well.
                    if text.is_empty() {
                        return None;
                    }
                    empty += 1;
                    self.at += blanks + 1;
                    continue;
                }
                Some(_) if blanks < indentation => break,
                Some(_) => {}
            }
            let begin = self.at + indentation;
            let content = self.text.get(begin..)?;
            let content = content.get(..content.find('\n')?)?;
            if content.bytes().any(|byte| matches!(byte, 0..b' ' | 0x7F)) || content.trim_end().is_empty() {
                return None;
            }
            text.extend(std::iter::repeat_n('\n', std::mem::take(&mut empty)));
            text.push_str(content);
            text.push('\n');
            end = begin + content.trim_end().len();
            self.at = begin + content.len() + 1;
        }
        if strip {
            text.truncate(text.len() - 1);
        }
        // The line that ended the block is looked at as any other: as if the cursor stood at the end of the last.
        self.at -= 1;
        self.next_line()?;
        if self.is_within(self.outer) {
            return None;
        }
        self.last = end;
        Some((Scalar::String(Cow::Owned(text)), self.span(start, end)))
    }
}

/// What a word without quotes is.
fn resolve(word: &str) -> Option<Scalar<'_>> {
    Some(match resolution::resolve(Cow::Borrowed(word), true, Tag::None).ok()? {
        resolution::Scalar::Bool(value) => Scalar::Bool(value),
        resolution::Scalar::Null => Scalar::Null,
        resolution::Scalar::Float(Float::Special) => return None,
        resolution::Scalar::Float(_) | resolution::Scalar::Integer(_) => Scalar::Number(word),
        resolution::Scalar::String(text) => Scalar::String(text),
    })
}

impl<'a> Cursor<'a> for Block<'a> {
    type Open = Open;

    fn shape(&self) -> Shape {
        match self.due {
            Due::Brackets | Due::List | Due::ListAtKey => Shape::List,
            Due::Braces | Due::Map => Shape::Map,
            Due::InBrackets | Due::Nothing(_) | Due::Scalar => Shape::Scalar,
        }
    }

    fn open(&mut self) -> Option<Open> {
        if self.open >= self.depth {
            return None;
        }
        self.open += 1;
        let open =
            Open { kind: self.due, start: self.at, column: self.column?, is_first: true, outer: self.outer };
        match self.due {
            Due::Braces => {
                self.at += 1;
                if self.skip_blanks()? != b'}' {
                    return None;
                }
            }
            Due::Brackets => self.at += 1,
            _ => {}
        }
        Some(open)
    }

    fn next_key(&mut self, open: &mut Open) -> Option<Next<'a>> {
        if open.kind == Due::Braces {
            self.at += 1;
            self.last = self.at;
            self.next_line()?;
            return (!self.is_within(open.outer)).then_some(Next::End);
        }
        match self.column {
            Some(column) if column > open.column => return None,
            Some(column) if column == open.column => {}
            _ => return Some(Next::End),
        }
        let start = self.at;
        let end = start + self.key_length()?;
        let written = self.text.get(start..end)?;
        let key = match written.as_bytes() {
            [b'"' | b'\'', ..] => written.get(1..written.len() - 1)?,
            _ => match resolve(written)? {
                Scalar::String(_) => written,
                _ => return None,
            },
        };
        self.at = end + 1;
        self.last = end;
        let colon = self.at;
        match self.skip_blanks() {
            None | Some(b'\n' | b'#') => {
                self.at = colon;
                self.next_line()?;
                self.outer = open.column;
                self.due = match self.column {
                    Some(column) if column == open.column && self.is_dash() => Due::ListAtKey,
                    Some(column) if column > open.column && self.is_dash() => Due::List,
                    Some(column) if column > open.column => Due::Map,
                    _ => Due::Nothing(end),
                };
            }
            Some(_) => self.look_at_value(open.column),
        }
        Some(Next::Key(Cow::Borrowed(key), self.span(start, end)))
    }

    fn next_item(&mut self, open: &mut Open) -> Option<bool> {
        let is_first = std::mem::replace(&mut open.is_first, false);
        if open.kind == Due::Brackets {
            let next = self.skip_blanks()?;
            if next == b']' {
                self.at += 1;
                self.last = self.at;
                self.next_line()?;
                return (!self.is_within(open.outer)).then_some(false);
            }
            if !is_first {
                if next != b',' {
                    return None;
                }
                self.at += 1;
                if self.skip_blanks()? == b']' {
                    return None;
                }
            }
            self.due = Due::InBrackets;
            return Some(true);
        }
        match self.column {
            Some(column) if column > open.column => return None,
            Some(column) if column == open.column && self.is_dash() => {}
            _ => return Some(false),
        }
        self.at += 1;
        if self.skip_blanks()? == b'\n' {
            return None;
        }
        if self.is_dash() {
            return None;
        }
        // To the scanner of trees a list without indentation begins with its first value.
        if is_first && open.kind == Due::ListAtKey {
            open.start = self.at;
        }
        if self.key_length().is_some() {
            let line = self.text.get(..self.at)?;
            self.column = Some(self.at - line.rfind('\n').map_or(0, |end| end + 1));
            self.due = Due::Map;
        } else {
            self.look_at_value(open.column);
        }
        Some(true)
    }

    fn close(&mut self, open: Open) -> Span {
        self.open = self.open.saturating_sub(1);
        self.span(open.start, self.last)
    }

    fn scalar(&mut self) -> Option<(Scalar<'a>, Span)> {
        let start = self.at;
        match self.due {
            Due::Scalar => {}
            Due::InBrackets => {
                // Brackets end with their line: a comma or a bracket comes next, whatever this is.
                let scalar = match self.peek()? {
                    b'"' | b'\'' => Scalar::String(self.quoted()?),
                    _ => resolve(self.word(true)?)?,
                };
                return Some((scalar, self.span(start, self.at)));
            }
            Due::Nothing(at) => return Some((Scalar::Null, self.span(at, at))),
            _ => return None,
        }
        match self.peek()? {
            b'"' | b'\'' => {
                let text = self.quoted()?;
                self.last = self.at;
                // To the scanner of trees a comment behind it is part of it.
                if self.skip_blanks() == Some(b'#') {
                    return None;
                }
                self.next_line()?;
                if self.is_within(self.outer) {
                    return None;
                }
                Some((Scalar::String(text), self.span(start, self.last)))
            }
            b'|' => self.literal(),
            _ => self.words(),
        }
    }

    fn is_at_end(&mut self) -> bool {
        self.column.is_none()
    }
}
