//! JSON, as a file of its own and as a document of YAML.

use std::borrow::Cow;

use rolecall_source::{SourceId, SourceMap, Span};

use super::{Cursor, DEPTH, Next, Scalar, Shape, block};

/// What JSON is part of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::document) enum Flavour {
    /// Of nothing: values one after the other.
    Json,
    /// Of YAML, which reads numbers, escapes and lines in its own way: those on which the two agree are known.
    Yaml,
}

/// A place in JSON.
#[derive(Clone, Debug)]
pub(in crate::document) struct Json<'a> {
    sources: &'a SourceMap,
    source: SourceId,
    text: &'a str,
    at: usize,
    open: usize,
    depth: usize,
    flavour: Flavour,
}

/// A list or map whose end was not met yet.
#[derive(Debug)]
pub(in crate::document) struct Open {
    start: usize,
    is_first: bool,
}

impl<'a> Json<'a> {
    /// A value that begins at a byte.
    pub(in crate::document) fn new(
        sources: &'a SourceMap,
        source: SourceId,
        text: &'a str,
        at: usize,
        depth: usize,
        flavour: Flavour,
    ) -> Self {
        Self { sources, source, text, at, open: 0, depth: depth.min(DEPTH), flavour }
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
        loop {
            match self.peek() {
                Some(b' ') => self.at += 1,
                Some(b'\t' | b'\n' | b'\r') if self.flavour == Flavour::Json => self.at += 1,
                other => return other,
            }
        }
    }

    /// Goes past a comma, or up to the end of a list or map.
    fn has_next(&mut self, open: &mut Open, end: u8) -> Option<bool> {
        let next = self.skip_blanks()?;
        let is_first = std::mem::replace(&mut open.is_first, false);
        if next == end {
            return Some(false);
        }
        if !is_first {
            if next != b',' {
                return None;
            }
            self.at += 1;
            if self.skip_blanks()? == end {
                return None;
            }
        }
        Some(true)
    }

    fn span(&self, start: usize) -> Span {
        self.sources.span(self.source, start, self.at)
    }

    /// A text in double quotes, of which the first is next.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        let start = self.at + 1;
        let text = self.text.get(start..)?;
        let is_end = |byte: &u8| matches!(byte, 0..b' ' | b'"' | b'\\');
        let length = text.as_bytes().iter().position(is_end)?;
        let plain = text.get(..length)?;
        if text.as_bytes().get(length) == Some(&b'"') {
            self.at = start + length + 1;
            return Some(Cow::Borrowed(plain));
        }
        let mut decoded = plain.to_owned();
        self.at = start + length;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(Cow::Owned(decoded));
                }
                b'\\' => decoded.push(self.escape()?),
                _ => {
                    let length = self.rest().iter().position(is_end)?;
                    // A control character is no beginning of anything.
                    if length == 0 {
                        return None;
                    }
                    decoded.push_str(self.text.get(self.at..self.at + length)?);
                    self.at += length;
                }
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let character = match self.rest().get(1)? {
            byte @ (b'"' | b'\\') => char::from(*byte),
            b'n' => '\n',
            b't' => '\t',
            b'/' if self.flavour == Flavour::Json => '/',
            b'r' if self.flavour == Flavour::Json => '\r',
            b'u' if self.flavour == Flavour::Json => {
                let digits = self.text.get(self.at + 2..self.at + 6)?;
                if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return None;
                }
                let character = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
                self.at += 6;
                return Some(character);
            }
            _ => return None,
        };
        self.at += 2;
        Some(character)
    }

    /// A number without point and exponent, which has the same meaning wherever it stands.
    fn number(&mut self) -> Option<Scalar<'a>> {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = self.text.get(self.at..self.at + digits)?;
        if digits > 15 || (digits > 1 && number.starts_with('0')) {
            return None;
        }
        self.at += digits;
        (digits > 0).then_some(Scalar::Number(number))
    }

    fn word(&mut self, word: &str, value: Scalar<'a>) -> Option<Scalar<'a>> {
        if !self.rest().starts_with(word.as_bytes()) {
            return None;
        }
        self.at += word.len();
        Some(value)
    }
}

impl<'a> Cursor<'a> for Json<'a> {
    type Open = Open;

    fn shape(&self) -> Shape {
        match self.peek() {
            Some(b'[') => Shape::List,
            Some(b'{') => Shape::Map,
            _ => Shape::Scalar,
        }
    }

    fn open(&mut self) -> Option<Open> {
        if self.open >= self.depth {
            return None;
        }
        self.open += 1;
        let start = self.at;
        self.at += 1;
        Some(Open { start, is_first: true })
    }

    fn next_key(&mut self, open: &mut Open) -> Option<Next<'a>> {
        if !self.has_next(open, b'}')? {
            return Some(Next::End);
        }
        if self.peek() != Some(b'"') {
            return None;
        }
        let start = self.at;
        let key = self.string()?;
        let span = self.span(start);
        if self.flavour == Flavour::Yaml && self.at - start > block::LONGEST_KEY {
            return None;
        }
        let colon = if self.flavour == Flavour::Json { self.skip_blanks() } else { self.peek() };
        if colon != Some(b':') {
            return None;
        }
        self.at += 1;
        self.skip_blanks()?;
        Some(Next::Key(key, span))
    }

    fn next_item(&mut self, open: &mut Open) -> Option<bool> {
        self.has_next(open, b']')
    }

    fn close(&mut self, open: Open) -> Span {
        // What ended the list or map is next.
        self.at += 1;
        self.open = self.open.saturating_sub(1);
        self.span(open.start)
    }

    fn scalar(&mut self) -> Option<(Scalar<'a>, Span)> {
        let start = self.at;
        let scalar = match self.peek()? {
            b'"' => Scalar::String(self.string()?),
            b'0'..=b'9' => self.number()?,
            b't' => self.word("true", Scalar::Bool(true))?,
            b'f' => self.word("false", Scalar::Bool(false))?,
            b'n' => self.word("null", Scalar::Null)?,
            _ => return None,
        };
        Some((scalar, self.span(start)))
    }

    fn is_at_end(&mut self) -> bool {
        match self.flavour {
            Flavour::Json => true,
            Flavour::Yaml => match block::end_of_document(self.text, self.at) {
                Some(end) => {
                    self.at = end;
                    true
                }
                None => false,
            },
        }
    }
}
