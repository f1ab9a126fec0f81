//! What is wrong with a text that is no YAML or JSON, in words that lead to a way out.

use rolecall_diagnostics::Finding;
use rolecall_source::{Source, SourceId, SourceMap, Span};

use super::json::{Fault, FaultKind};

/// The message for a place where a text stops being YAML; `said` is what the scanner says of it.
pub(super) fn syntax(sources: &SourceMap, source: SourceId, at: usize, said: &str) -> Finding {
    let Some(text) = sources.get(source).map(Source::text) else {
        return Finding::error("yaml-syntax", "this is no YAML");
    };
    // A fault that shows at the end of the text is the last line's.
    let at =
        if text.get(at..).is_none_or(|rest| rest.trim().is_empty()) { text.trim_end().len() } else { at };
    let at = if said == "while scanning a plain scalar, found a tab" { indenting_tab(text, at) } else { at };
    let place = Place::new(text, at);
    let Explanation { name, start, message, label, help } =
        conflict(text, at).or_else(|| tab(&place)).unwrap_or_else(|| place.explain(said));
    let length = text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, |first| match first {
        '\n' | '\r' => 0,
        _ => first.len_utf8(),
    });
    Finding::error(name, message).at(sources.span(source, start, start + length), label).help(help)
}

/// The message for an alias that nothing defines.
pub(super) fn undefined_alias(sources: &SourceMap, alias: Span, document: usize) -> Finding {
    let written = sources.text_of(alias);
    let name = written.strip_prefix('*').unwrap_or(written);
    let before =
        sources.get(alias.source()).and_then(|source| source.text().get(..alias.start())).unwrap_or("");
    let finding = Finding::error(
        "undefined-alias",
        format!("the alias `{written}` refers to an anchor `&{name}` that this document does not define"),
    )
    .at(alias, "no such anchor above");
    let is_name = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_');
    if name.chars().all(is_name) {
        match before.rfind(&format!("&{name}")).filter(|&anchor| anchor < document) {
            Some(anchor) => finding
                .at(
                    sources.span(alias.source(), anchor, anchor + 1 + name.len()),
                    "defined in another document",
                )
                .help("anchors end with their document (`---`): define it in this document as well"),
            None => finding.help(format!(
                "define it before (`&{name}`), or put quotes around it if a text is meant: \"{written}\""
            )),
        }
    } else {
        finding.help(format!("a text that begins with `*` needs quotes: \"{written}\""))
    }
}

/// If a document that is no YAML looks like a template, the message that says so.
pub(super) fn template(
    sources: &SourceMap,
    source: SourceId,
    document: usize,
    finding: &Finding,
) -> Option<Finding> {
    if !matches!(finding.name, "json-syntax" | "yaml-syntax" | "invalid-key" | "undefined-alias") {
        return None;
    }
    let text = sources.get(source)?.text();
    let fault = finding.span()?.start();
    let line_end = text.get(fault..)?.find('\n').map_or(text.len(), |length| fault + length);
    let line_start = text.get(..fault)?.rfind('\n').map_or(0, |end| end + 1);
    let here = marker(text, line_start, line_end);
    let at = here.or_else(|| unquoted_marker(text, document, line_start))?;
    let marker = text.get(at..at + 2)?;
    let example = text.get(at..)?.lines().next()?.chars().take(40).collect::<String>();
    Some(
        Finding::error(
            "looks-like-a-template",
            format!("this looks like a template, not like YAML: `{example}`"),
        )
        .at(sources.span(source, at, at + 2), format!("`{marker}` is the language of templates"))
        .help("render it first (`helm template CHART | … -f -`) and give what comes out"),
    )
}

/// The message for a place where a text stops being JSON.
pub(super) fn json(sources: &SourceMap, source: SourceId, fault: &Fault) -> Finding {
    let span = sources.span(source, fault.start, fault.end);
    let found = printable(sources.text_of(span));
    match fault.kind {
        FaultKind::TooDeep => Finding::error("too-deep", "").at(span, ""),
        FaultKind::Cut(message) => {
            Finding::error("json-syntax", format!("this JSON ends too early: {message}"))
                .at(span, "cut here")
                .help("the file is not whole: write it again")
        }
        FaultKind::Syntax(message) if found.is_empty() => {
            Finding::error("json-syntax", format!("this is no JSON: {message}")).at(span, "")
        }
        FaultKind::Syntax(message) => Finding::error("json-syntax", format!("this is no JSON: {message}"))
            .at(span, format!("not `{found}`")),
    }
}

/// A message, what is written under the place, and a way out.
type Words = (String, &'static str, String);

struct Explanation {
    name: &'static str,
    start: usize,
    message: String,
    label: &'static str,
    help: String,
}

/// A merge conflict that was left in.
fn conflict(text: &str, at: usize) -> Option<Explanation> {
    let before = text.get(..at)?;
    let start = text
        .get(..)?
        .match_indices("<<<<<<< ")
        .map(|(start, _)| start)
        .find(|&start| start == 0 || text.as_bytes().get(start - 1) == Some(&b'\n'))?;
    let lines_between = before.get(start..).map_or(0, |between| between.lines().count());
    (start <= at + 1 && lines_between < 1000).then(|| Explanation {
        name: "yaml-syntax",
        start,
        message: "a merge conflict was left in: `<<<<<<<`".to_owned(),
        label: "it begins here",
        help: "resolve it, and take the three marks out".to_owned(),
    })
}

/// The first tab that indents a line of the word at a byte: the scanner names the word, Kubernetes' reader the tab.
fn indenting_tab(text: &str, word: usize) -> usize {
    let lines = text.get(word..).unwrap_or("").match_indices('\n').map(|(end, _)| word + end + 1);
    let tab_of = |start: usize| {
        let line = text.get(start..)?;
        let blanks = line.len() - line.trim_start_matches(' ').len();
        line.get(blanks..)?.starts_with('\t').then_some(start + blanks)
    };
    lines.map(tab_of).find_map(|tab| tab).unwrap_or(word)
}

/// A line that is indented with a tab.
fn tab(place: &Place<'_>) -> Option<Explanation> {
    let indentation = place.line.len() - place.line.trim_start_matches([' ', '\t']).len();
    let tab = place.line.get(..indentation)?.find('\t')?;
    (place.line_start + tab <= place.at).then(|| Explanation {
        name: "yaml-syntax",
        start: place.line_start + tab,
        message: "a tab cannot indent in YAML".to_owned(),
        label: "this is a tab",
        help: "indent with blanks".to_owned(),
    })
}

/// The place of a fault, and what stands there.
struct Place<'a> {
    text: &'a str,
    at: usize,
    line_start: usize,
    line: &'a str,
}

impl<'a> Place<'a> {
    fn new(text: &'a str, at: usize) -> Self {
        let line_start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
        let line = text.get(line_start..).unwrap_or("").lines().next().unwrap_or("");
        Self { text, at, line_start, line }
    }

    fn explain(&self, said: &str) -> Explanation {
        let (message, label, help) = self.explain_marks(said).unwrap_or_else(|| self.explain_structure(said));
        Explanation { name: "yaml-syntax", start: self.at, message, label, help }
    }

    /// Faults with a mark of YAML's: a quote, a bracket, a star.
    fn explain_marks(&self, said: &str) -> Option<Words> {
        let word = self.word();
        Some(if said.contains("expected alphabetic or numeric character") {
            let (mark, what) = if word.starts_with('&') { ('&', "an anchor") } else { ('*', "an alias") };
            (
                format!("a `{mark}` without quotes begins {what}, and this one has no name"),
                "needs quotes",
                format!("put it in quotes: \"{mark}\""),
            )
        } else if said.contains("escape") || said.contains("hexadecimal") {
            (
                "a text in double quotes has an escape that YAML does not know".to_owned(),
                "this escape",
                "double the backslash, or use single quotes, in which it means nothing".to_owned(),
            )
        } else if said.contains("end of stream") || said.contains("unexpected document indicator") {
            (
                "the quote that begins this text is never closed".to_owned(),
                "where is its end?",
                "close it; if the file was cut, write it again".to_owned(),
            )
        } else if said.contains("trailing content after double-quoted") {
            (
                format!("after a text in quotes, `{word}` cannot stand"),
                "the quotes have ended before",
                "write quotes in the text as `\\\"`, or put the whole in single quotes".to_owned(),
            )
        } else if said.contains("flow sequence") {
            self.unclosed("`,` or `]` is due in a list in brackets", "close the list with `]`")
        } else if said.contains("flow mapping") {
            self.unclosed("`,` or `}` is due in a map in braces", "close the map with `}`")
        } else if said.contains("flow construct") {
            self.unclosed("`]` or `}` is due: a list or map in brackets is still open", "close it")
        } else if said.contains("misplaced bracket") {
            (
                format!("`{word}` closes nothing that is open"),
                "one too many",
                "take it away, or put quotes around it if a text is meant".to_owned(),
            )
        } else if said.contains("mapping values are not allowed") || said.contains("':' indicator") {
            (
                "a `:` cannot make a key here: wrong indentation, or a text with `: ` in it".to_owned(),
                "no key is allowed here",
                "let all keys of a map begin in one column; put texts with `: ` in quotes".to_owned(),
            )
        } else if said.contains("unexpected character") {
            (
                format!("a text cannot begin with `{}` without quotes", word.chars().next().unwrap_or(' ')),
                "needs quotes",
                format!("put it in quotes: \"{word}\""),
            )
        } else {
            return None;
        })
    }

    /// Faults with lines and columns.
    fn explain_structure(&self, said: &str) -> Words {
        let word = self.word();
        if said.contains("unexpected eof") || self.at >= self.text.trim_end().len() {
            (
                "the text ends in the middle of something".to_owned(),
                "the end",
                "if the file was cut, write it again".to_owned(),
            )
        } else if said.contains("indentation") || said.contains("wrongly indented") {
            (
                format!("the indentation of `{word}` fits nothing above it"),
                "wrong indentation",
                "indent it as far as what it belongs to".to_owned(),
            )
        } else if said.contains("simple key") || said.contains("expected key") || said.contains("':'") {
            (
                format!("a key and a `:` are due here, not `{word}`"),
                "no key, or wrong indentation",
                "let all keys of a map begin in one column, each followed by `: `".to_owned(),
            )
        } else if said.contains("'-' indicator") || said.contains("block sequence entries") {
            (
                format!("an entry of a list (`- `) is due here, not `{word}`"),
                "wrong indentation?",
                "let all `-` of a list stand in one column".to_owned(),
            )
        } else if said.contains("document start") || said.contains("document end") {
            (
                format!("the document has ended, and `{word}` is not `---`"),
                "what does this belong to?",
                "check the indentation above, or begin another document with `---`".to_owned(),
            )
        } else if said.contains("tab") {
            ("a tab cannot stand here in YAML".to_owned(), "near here", "use blanks in its place".to_owned())
        } else if said.contains("comment") {
            (
                "a comment cannot stand here".to_owned(),
                "in the middle of a text, or without a blank before it",
                "put a blank before `#`, and no comment between the lines of one text".to_owned(),
            )
        } else if said.contains("byte order mark") {
            (
                "a byte order mark (U+FEFF) stands within a document".to_owned(),
                "invisible, but here",
                "take it out: files that are joined each bring one".to_owned(),
            )
        } else {
            (
                format!("YAML does not allow `{word}` here"),
                "not allowed here",
                "check the quotes and the indentation around it".to_owned(),
            )
        }
    }

    fn unclosed(&self, message: &str, help: &str) -> Words {
        let word = self.word();
        let found = if word.is_empty() { String::new() } else { format!(", not `{word}`") };
        (format!("{message}{found}"), "found this instead", help.to_owned())
    }

    /// What stands at the place, as far as it is one word.
    fn word(&self) -> String {
        let rest = self.text.get(self.at..).unwrap_or("");
        let word = rest.split(char::is_whitespace).next().unwrap_or("");
        printable(&word.chars().take(30).collect::<String>())
    }
}

/// Text for a message: what a terminal would act upon, or nobody can see, is escaped.
fn printable(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control()
            || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
        {
            result.extend(character.escape_unicode());
        } else {
            result.push(character);
        }
    }
    result
}

/// `{{` or `{%` between two places.
fn marker(text: &str, start: usize, end: usize) -> Option<usize> {
    let between = text.get(start..end)?;
    [between.find("{{"), between.find("{%")].into_iter().flatten().min().map(|at| start + at)
}

/// `{{` or `{%` where a line, a value or an entry begins, between two places: in YAML nobody means that.
fn unquoted_marker(text: &str, start: usize, end: usize) -> Option<usize> {
    let mut at = start;
    while let Some(found) = marker(text, at, end) {
        let line = text.get(start..found)?.rsplit('\n').next().unwrap_or("");
        let before = line.trim_end_matches([' ', '\t']);
        if before.is_empty() || before.ends_with([':', '-']) {
            return Some(found);
        }
        at = found + 2;
    }
    None
}
