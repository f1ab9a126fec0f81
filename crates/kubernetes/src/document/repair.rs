//! What YAML allows Kubernetes to read and our scanner would refuse: white space that means nothing.
//!
//! The scanner follows YAML 1.2 to the letter: within brackets, braces and quotes it wants every line indented
//! more than the block around it, after `:` no tab, and before `#` a blank. Kubernetes' reader (as libyaml, from which it descends)
//! does not mind, and real manifests have both. So where the scanner stops for such a reason, the document is
//! read again from a copy in which blanks are put before what is in question, or in the place of the tabs.
//! Neither can change a value: the indentation of lines within a text in quotes is folded away, and between
//! values all white space is alike.

/// Changes to the text of one document, which add white space and keep everything else.
#[derive(Clone, Debug, Default)]
pub(super) struct Repairs {
    /// INVARIANT: ascending, without repeats.
    blanks: Vec<Blanks>,
    /// Where the added blanks end in the repaired text, and the byte of the text that comes then; ascending.
    places: Vec<(usize, usize)>,
    /// How much text was read again for their sake, and how often.
    read_again: usize,
    times: usize,
}

/// Blanks to be put before a byte, or in its place.
#[derive(Clone, Copy, Debug)]
struct Blanks {
    at: usize,
    count: usize,
    replace: bool,
}

/// Where the scanner stopped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault<'a> {
    /// Where the document begins.
    pub(super) document: usize,
    /// Up to here all is read.
    pub(super) from: usize,
    /// So many brackets and braces are open there, and the first of them stands here.
    pub(super) open: usize,
    pub(super) opened: Option<usize>,
    pub(super) at: usize,
    /// The scanner's reason.
    pub(super) said: &'a str,
}

impl Repairs {
    pub(super) fn is_empty(&self) -> bool {
        self.blanks.is_empty()
    }

    /// Looks for a repair of a fault. Says whether there is one, and it is worth while to read again.
    pub(super) fn find(&mut self, text: &str, fault: &Fault<'_>) -> bool {
        let found = if fault.said.contains("must be followed by a valid YAML whitespace") {
            self.tabs(text, fault.at)
        } else if fault.said == "invalid indentation in quoted scalar" {
            self.indent(text, fault, fault.at, quoted_end(text, fault.at))
        } else if fault.said.starts_with("comments must be separated") {
            let is_comment = text.as_bytes().get(fault.at) == Some(&b'#');
            is_comment && self.add(Blanks { at: fault.at, count: 1, replace: false })
        } else if fault.is_indentation() {
            let end = flow_end(text, fault.from, fault.open);
            fault.flow_start(text).is_some_and(|begin| self.indent(text, fault, begin, end))
        } else {
            false
        };
        if found {
            self.times += 1;
            self.read_again += document_end(text, fault.at).saturating_sub(fault.document);
        }
        found && (self.times < FEW_TIMES || self.read_again < MOST_READ_AGAIN)
    }

    /// The text of a document with the repairs made.
    pub(super) fn apply(&mut self, text: &str, document: usize) -> String {
        let last = self.blanks.last().map_or(document, |blanks| blanks.at);
        let end = document_end(text, last);
        let added: usize = self.blanks.iter().map(|blanks| blanks.count).sum();
        let mut repaired = String::with_capacity(end.saturating_sub(document) + added);
        let mut done = document;
        self.places.clear();
        for blanks in &self.blanks {
            repaired.push_str(text.get(done..blanks.at).unwrap_or(""));
            repaired.extend(std::iter::repeat_n(' ', blanks.count));
            done = blanks.at + usize::from(blanks.replace);
            if !blanks.replace {
                self.places.push((repaired.len(), blanks.at));
            }
        }
        repaired.push_str(text.get(done..end).unwrap_or(""));
        repaired
    }

    /// The byte of the text that stands at a byte of the repaired document.
    pub(super) fn original(&self, document: usize, repaired: usize) -> usize {
        let place = self.places.partition_point(|&(at, _)| at <= repaired);
        let (at, original) = match place.checked_sub(1).and_then(|place| self.places.get(place)) {
            Some(&place) => place,
            None => (0, document),
        };
        let found = original + (repaired - at);
        // What stands in the added blanks stands where they were put.
        self.places.get(place).map_or(found, |&(_, next)| found.min(next))
    }

    /// The tabs right before a byte.
    fn tabs(&mut self, text: &str, at: usize) -> bool {
        let before = text.get(..at).unwrap_or("");
        let start = before.trim_end_matches([' ', '\t']).len();
        let tabs = text.bytes().enumerate().take(at).skip(start).filter(|&(_, byte)| byte == b'\t');
        let mut found = false;
        for (at, _) in tabs {
            found |= self.add(Blanks { at, count: 1, replace: true });
        }
        found
    }

    /// Indents the lines from that of a fault to an end further than the place where the brackets, braces or quotes
    /// around them begin.
    fn indent(&mut self, text: &str, fault: &Fault<'_>, begin: usize, end: Option<usize>) -> bool {
        let Some(end) = end else { return false };
        let line_of =
            |at: usize| text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
        let count = begin - line_of(begin).max(fault.document).min(begin) + 1;
        let first = line_of(fault.at).max(begin + 1);
        let before = first - 1;
        let lines = text.get(before..end).unwrap_or("").match_indices('\n').map(|(at, _)| before + at + 1);
        let lines: Vec<usize> = lines.filter(|&at| !is_marker(text, at)).collect();
        let mut found = false;
        for at in lines {
            found |= self.add(Blanks { at, count, replace: false });
        }
        found
    }

    fn add(&mut self, blanks: Blanks) -> bool {
        let place = self.blanks.partition_point(|known| known.at < blanks.at);
        if self.blanks.get(place).is_some_and(|known| known.at == blanks.at) {
            return false;
        }
        self.blanks.insert(place, blanks);
        true
    }
}

impl Fault<'_> {
    /// Whether it comes of brackets or braces that are never closed, so that a block's next lines are in them.
    pub(super) fn is_unclosed(&self, text: &str) -> bool {
        (self.is_indentation() || self.said.contains("':' indicator"))
            && self.flow_start(text).is_some()
            && flow_end(text, self.from, self.open).is_none()
    }

    fn is_indentation(&self) -> bool {
        self.said.starts_with("invalid indentation")
    }

    /// Where the first of the brackets or braces stands that are open at the fault.
    fn flow_start(&self, text: &str) -> Option<usize> {
        self.opened.or_else(|| flow_start(text, self.from, self.at))
    }
}

/// So often a document is read again whatever its size, and more often only up to so many bytes in all: what needs
/// more has an odd line at every turn.
const FEW_TIMES: usize = 8;
const MOST_READ_AGAIN: usize = 1 << 26;

/// Where the document ends that a byte belongs to: at a separator, which nothing in YAML can contain.
fn document_end(text: &str, at: usize) -> usize {
    let mut start = at;
    while let Some(line) = text.get(start..).and_then(|rest| rest.find('\n')) {
        start += line + 1;
        if is_marker(text, start) {
            return start;
        }
    }
    text.len()
}

/// Whether a line begins with `---` or `...`.
fn is_marker(text: &str, line: usize) -> bool {
    let rest = text.get(line..).unwrap_or("");
    let after = rest.strip_prefix("---").or_else(|| rest.strip_prefix("..."));
    after.is_some_and(|after| after.is_empty() || after.starts_with([' ', '\t', '\r', '\n']))
}

/// Where the text in quotes ends that begins at a byte.
fn quoted_end(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let mut escaped = false;
    rest.char_indices().skip(1).find_map(|(at, character)| {
        // In single quotes `''` stands for one: it ends the text and begins another, which is as well here.
        if escaped {
            escaped = false;
        } else if character == '\\' && quote == '"' {
            escaped = true;
        } else if character == quote {
            return Some(start + at + 1);
        }
        None
    })
}

/// The first bracket or brace between two places that begins a list or map.
fn flow_start(text: &str, from: usize, to: usize) -> Option<usize> {
    Tokens { text, at: from, open: 0 }
        .take_while(|&(at, _)| at < to)
        .find(|&(_, open)| open == 1)
        .map(|(at, _)| at)
}

/// Where everything is closed that is open at a byte, or is opened after it.
fn flow_end(text: &str, from: usize, open: usize) -> Option<usize> {
    let mut begun = open > 0;
    Tokens { text, at: from, open }.find_map(|(at, open)| {
        begun |= open > 0;
        (begun && open == 0).then_some(at + 1)
    })
}

/// The brackets and braces of a text that are neither in quotes, in a comment nor within a word: where each stands,
/// and how many are open after it.
struct Tokens<'a> {
    text: &'a str,
    at: usize,
    open: usize,
}

impl Iterator for Tokens<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.text.get(self.at..)?;
            let first = rest.chars().next()?;
            match first {
                '[' | '{' => self.open += 1,
                ']' | '}' => self.open = self.open.saturating_sub(1),
                '"' | '\'' => {
                    self.at = quoted_end(self.text, self.at)?;
                    continue;
                }
                '#' => {
                    self.at += rest.find('\n').unwrap_or(rest.len());
                    continue;
                }
                ' ' | '\t' | '\r' | '\n' | ',' => {
                    self.at += 1;
                    continue;
                }
                _ => {
                    self.at += word_length(rest, self.open > 0);
                    continue;
                }
            }
            let place = self.at;
            self.at += 1;
            return Some((place, self.open));
        }
    }
}

/// How long the word is that a text begins with: up to `: `, ` #`, or in brackets anything that belongs to them. It
/// may go on in the next line, where a quote is part of it.
fn word_length(text: &str, in_flow: bool) -> usize {
    let mut characters = text.char_indices().peekable();
    let mut previous = ' ';
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map_or(' ', |&(_, next)| next);
        let flow_end = in_flow && matches!(character, ',' | '[' | ']' | '{' | '}');
        let key_end = character == ':'
            && (next.is_ascii_whitespace() || (in_flow && matches!(next, ',' | '[' | ']' | '{' | '}')));
        let comment = character == '#' && previous.is_ascii_whitespace();
        if (flow_end || comment) && at > 0 {
            return at;
        }
        if key_end || (at == 0 && matches!(character, '-' | '?' | ':') && next.is_ascii_whitespace()) {
            return at + 1;
        }
        // Whatever is no plain word ends with the word: an anchor, an alias, a tag.
        if character.is_ascii_whitespace() && text.starts_with(['&', '*', '!']) {
            return at;
        }
        if character == '\n' && !in_flow {
            return at;
        }
        previous = character;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_found_outside_of_quotes_words_and_comments() {
        for (text, end) in [
            ("[a, 'b]', \"c\\\"]\", d'e]", 22),
            ("[a # ]\n]", 8),
            ("{a: [b], c: {}}", 15),
            ("- ? &x !t [a:b, c: ]d", 20),
            ("['it''s]' ]", 11),
            ("[a\n 'b]", 7),
            ("[http://x#y]", 12),
            ("[*a ]", 5),
        ] {
            assert_eq!(flow_end(text, 0, 0), Some(end), "{text}");
        }
        assert_eq!(flow_end("]", 0, 2), None);
        assert_eq!(flow_end("] }", 0, 2), Some(3));
        assert_eq!(flow_end("['a]", 0, 0), None);
        assert_eq!(flow_start("a: [", 0, 4), Some(3));
    }

    #[test]
    fn places_are_found_again() {
        let text = "---\na: [\nb,\nc\n]\nd: 1\n---\n[";
        let mut repairs = Repairs::default();
        let fault = Fault { document: 4, from: 4, open: 0, opened: None, at: 9, said: "invalid indentation" };
        assert!(repairs.find(text, &fault));
        let repaired = repairs.apply(text, 4);
        assert_eq!(repaired, "a: [\n    b,\n    c\n    ]\nd: 1\n");
        for (at, character) in repaired.char_indices().filter(|(_, character)| character.is_alphanumeric()) {
            let rest = text.get(repairs.original(4, at)..).unwrap();
            assert!(rest.starts_with(character), "{at}");
        }
        assert_eq!(repairs.original(4, repaired.len()), 21);
        assert!(!repairs.find(text, &fault), "the same again is no progress");
    }
}
