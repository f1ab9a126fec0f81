//! The selectors of a review: what of them Kubernetes understands.
//!
//! RBAC and ABAC never look at a selector. All that matters here is what a review is told about the selectors that it
//! brought: that one was ignored, or a part of one.
//!
//! Source: `spec/authorization/attributes.md` section 6, `spec/authorization/reviews.md` sections 3 and 5.

use crate::label_selector::{is_label_key, is_label_value};

/// How much of a selector is understood.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Understood {
    /// All of it.
    All,
    /// Nothing; the request is decided as if there were no selector.
    Nothing,
    /// Some requirements.
    Some,
}

impl Understood {
    /// The sum over requirements, each of which is understood or not.
    pub(super) fn of(requirements: impl Iterator<Item = bool>) -> Self {
        let (mut good, mut bad) = (false, false);
        for understood in requirements {
            good |= understood;
            bad |= !understood;
        }
        match (good, bad) {
            (_, false) => Self::All,
            (true, true) => Self::Some,
            (false, true) => Self::Nothing,
        }
    }

    /// A selector in its textual form is understood as a whole or not at all.
    pub(super) fn whole(understood: bool) -> Self {
        if understood { Self::All } else { Self::Nothing }
    }
}

/// Whether a field requirement can be evaluated: `In` and `NotIn`, with exactly one value.
pub(super) fn understands_field_requirement(operator: &str, values: usize) -> bool {
    matches!(operator, "In" | "NotIn") && values == 1
}

/// Whether a label requirement, whose key and values are valid, can be evaluated.
pub(super) fn understands_label_requirement(operator: &str) -> bool {
    matches!(operator, "DoesNotExist" | "Exists" | "In" | "NotIn")
}

/// Whether a text is a field selector: terms `key=value`, `key==value` or `key!=value` between commas, with `\\`, `\,` and `\=`
/// in values.
pub(super) fn is_field_selector(text: &str) -> bool {
    let mut start = 0;
    let mut escaped = false;
    for (offset, byte) in text.bytes().enumerate() {
        if escaped {
            escaped = false;
        } else if byte == b'\\' {
            escaped = true;
        } else if byte == b',' {
            if !text.get(start..offset).is_some_and(is_field_term) {
                return false;
            }
            start = offset + 1;
        }
    }
    text.get(start..).is_some_and(is_field_term)
}

fn is_field_term(term: &str) -> bool {
    if term.is_empty() {
        return true;
    }
    let value = term.char_indices().find_map(|(offset, _)| {
        let rest = term.get(offset..)?;
        ["!=", "==", "="].into_iter().find_map(|operator| rest.strip_prefix(operator))
    });
    value.is_some_and(is_field_value)
}

fn is_field_value(value: &str) -> bool {
    let mut escaped = false;
    for byte in value.bytes() {
        match (escaped, byte) {
            (true, b'\\' | b',' | b'=') => escaped = false,
            (true, _) | (false, b',' | b'=') => return false,
            (false, b'\\') => escaped = true,
            (false, _) => {}
        }
    }
    !escaped
}

/// Whether a text is a label selector: `a`, `!a`, `a=b`, `a==b`, `a!=b`, `a in (b, c)`, `a notin (b)`, `a > 1`, `a < 1` between commas.
pub(super) fn is_label_selector(text: &str) -> bool {
    LabelParser { tokens: Lexer { rest: text.as_bytes(), text, offset: 0 }, ahead: None }.selector().is_some()
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Token<'a> {
    Close,
    Comma,
    End,
    Equals,
    In,
    Greater,
    Less,
    Not,
    NotEquals,
    NotIn,
    Open,
    Word(&'a str),
    Wrong,
}

/// Cuts a label selector into tokens.
struct Lexer<'a> {
    text: &'a str,
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Token<'a> {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.rest.first() {
            self.advance(1);
        }
        let length = match self.rest {
            // Kubernetes takes a NUL for the end of the text.
            [] | [0, ..] => return Token::End,
            [b'=' | b'!', b'=', ..] => 2,
            [first, ..] if is_symbol(*first) => 1,
            _ => {
                self.rest.iter().take_while(|&&byte| !is_symbol(byte) && !is_space(byte) && byte != 0).count()
            }
        };
        let word = self.text.get(self.offset..self.offset + length);
        self.advance(length);
        if self.rest.first() == Some(&0) {
            // A NUL that ends a token is swallowed with it.
            self.advance(1);
        }
        match word {
            Some("!") => Token::Not,
            Some("!=") => Token::NotEquals,
            Some("(") => Token::Open,
            Some(")") => Token::Close,
            Some(",") => Token::Comma,
            Some("<") => Token::Less,
            Some("=" | "==") => Token::Equals,
            Some(">") => Token::Greater,
            Some("in") => Token::In,
            Some("notin") => Token::NotIn,
            Some(word) => Token::Word(word),
            None => Token::Wrong,
        }
    }

    fn advance(&mut self, count: usize) {
        self.offset += count;
        self.rest = self.rest.get(count..).unwrap_or_default();
    }
}

fn is_symbol(byte: u8) -> bool {
    matches!(byte, b'=' | b'!' | b'(' | b')' | b',' | b'>' | b'<')
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Recognises label selectors; `None` means that the text is none.
struct LabelParser<'a> {
    tokens: Lexer<'a>,
    ahead: Option<Token<'a>>,
}

impl<'a> LabelParser<'a> {
    fn selector(&mut self) -> Option<()> {
        loop {
            match self.peek() {
                Token::End => return Some(()),
                Token::Not | Token::Word(_) => self.requirement()?,
                _ => return None,
            }
            match self.take() {
                Token::End => return Some(()),
                Token::Comma if matches!(self.peek(), Token::Not | Token::Word(_)) => {}
                _ => return None,
            }
        }
    }

    fn requirement(&mut self) -> Option<()> {
        let mut key = self.take();
        let negated = key == Token::Not;
        if negated {
            key = self.take();
        }
        let Token::Word(key) = key else { return None };
        if !is_label_key(key) {
            return None;
        }
        if negated || matches!(self.peek(), Token::End | Token::Comma) {
            return Some(());
        }
        match self.take_operator() {
            Token::Equals | Token::NotEquals => self.value().map(|_| ()),
            Token::Greater | Token::Less => self.value()?.parse::<i64>().is_ok().then_some(()),
            Token::In | Token::NotIn => self.values(),
            _ => None,
        }
    }

    /// One value, which may be empty.
    fn value(&mut self) -> Option<&'a str> {
        if matches!(self.peek(), Token::End | Token::Comma) {
            return Some("");
        }
        match self.take() {
            Token::Word(value) => is_label_value(value).then_some(value),
            _ => None,
        }
    }

    /// `(a, b)`; any of the values may be left out.
    fn values(&mut self) -> Option<()> {
        if self.take() != Token::Open {
            return None;
        }
        if self.peek() == Token::Close {
            self.take();
            return Some(());
        }
        loop {
            match self.take() {
                Token::Word(value) if is_label_value(value) => match self.peek() {
                    Token::Comma => {}
                    Token::Close => break,
                    _ => return None,
                },
                Token::Comma => match self.peek() {
                    Token::Close => break,
                    Token::Comma => {
                        self.take();
                    }
                    _ => {}
                },
                _ => return None,
            }
        }
        (self.take() == Token::Close).then_some(())
    }

    /// The next token; `in` and `notin` are words wherever no operator is expected.
    fn peek(&mut self) -> Token<'a> {
        let token = *self.ahead.get_or_insert_with(|| self.tokens.next());
        as_value(token)
    }

    fn take(&mut self) -> Token<'a> {
        as_value(self.take_operator())
    }

    fn take_operator(&mut self) -> Token<'a> {
        self.ahead.take().unwrap_or_else(|| self.tokens.next())
    }
}

fn as_value(token: Token<'_>) -> Token<'_> {
    match token {
        Token::In => Token::Word("in"),
        Token::NotIn => Token::Word("notin"),
        token => token,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_selectors() {
        for text in [
            "",
            ",",
            "a=b",
            "a==b",
            "a!=b",
            "a=b,c=d",
            "=x",
            "a=",
            "a=b,",
            ",,a=b",
            r"a=\,\=\\",
            "a!=b c",
            "é=ü",
        ] {
            assert!(is_field_selector(text), "{text}");
        }
        for text in ["a", "a=b=c", r"a=\x", r"a=\", "a,b=c", "a=b,c", "a===b", r"a\=b\=c=d"] {
            assert!(!is_field_selector(text), "{text}");
        }
    }

    #[test]
    fn label_selectors() {
        let good = [
            "",
            " ",
            "a",
            "!a",
            "! a",
            "a=b",
            "a = b",
            "a==b",
            "a!=b",
            "a=",
            "a=,b",
            "a in (b)",
            "a in (b, c)",
            "a notin (b),!c",
            "a in ()",
            "a in (,)",
            "a in (b,)",
            "a in (,,b)",
            "a in (b,,c)",
            "a>1",
            "a < 1",
            "in",
            "in in (in, notin)",
            "notin=in",
            "example.com/a=b",
            "a>+1\t",
            "a,b",
        ];
        for text in good {
            // A value must begin with a letter or a digit, so `+1` is an integer and still refused.
            assert_eq!(is_label_selector(text), !text.contains('+'), "{text}");
        }
        let bad = [
            "a b",
            "a=b,",
            ",a",
            "a>x",
            "a>",
            "a in (b",
            "a in b",
            "a in",
            "a in (b c)",
            "a in (!)",
            "!",
            "!a=b",
            "!!a",
            "-bad-",
            "a=-b",
            "a=b c",
            "a===b",
            "()",
            "a in (b))",
            "a/b/c",
            "é",
            "a=é",
            "a in (-)",
            "=a",
            "a in (b),",
        ];
        for text in bad {
            assert!(!is_label_selector(text), "{text}");
        }
    }

    #[test]
    fn requirements_are_understood_one_by_one() {
        assert!(understands_field_requirement("In", 1) && understands_field_requirement("NotIn", 1));
        assert!(!understands_field_requirement("In", 2) && !understands_field_requirement("Exists", 0));
        assert!(!understands_field_requirement("Gt", 1) && !understands_field_requirement("in", 1));
        assert!(understands_label_requirement("Exists") && !understands_label_requirement("Gt"));
        assert_eq!(Understood::of([].into_iter()), Understood::All);
        assert_eq!(Understood::of([true].into_iter()), Understood::All);
        assert_eq!(Understood::of([true, false].into_iter()), Understood::Some);
        assert_eq!(Understood::of([false].into_iter()), Understood::Nothing);
    }
}
