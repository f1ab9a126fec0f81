//! Findings for a person at a terminal, in the form that rustc made familiar.

use std::{borrow::Cow, collections::HashMap, fmt::Write, ops::Range};

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use rolecall_source::{SourceMap, Span};

use super::{
    escape::printable,
    excerpt::{excerpt, fit_together},
};
use crate::{Finding, Label, Severity};

/// How many findings of one name and severity are shown before the rest is only counted.
const SHOWN_OF_A_KIND: usize = 10;

/// How many characters of a message are shown: it may quote a name of many megabytes.
const SHOWN_OF_A_TEXT: usize = 2_000;

/// All findings, in their order, each with the lines that it is about; ends with a line end unless empty.
///
/// Of more than ten findings of one name and severity, ten are shown and the others counted. Long lines
/// are cut to the part that is meant. Nothing from a file is printed as it is where a terminal would act
/// on it. `styled` adds colours as ANSI sequences and changes nothing else.
///
/// Cost: of what is shown, and one pass over the findings.
pub fn terminal(findings: &[Finding], sources: &SourceMap, styled: bool) -> String {
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    // Lines were cut before; cutting them again would lose the place.
    let renderer = renderer.term_width(usize::from(u16::MAX));
    let mut counts: HashMap<(&str, Severity), usize> = HashMap::new();
    let mut folded: Vec<(&str, Severity)> = Vec::new();
    let mut out = String::new();
    for finding in findings {
        let kind = (finding.name, finding.severity);
        let count = counts.entry(kind).or_default();
        *count += 1;
        if *count > SHOWN_OF_A_KIND {
            if *count == SHOWN_OF_A_KIND + 1 {
                folded.push(kind);
            }
            continue;
        }
        out.push_str(&one(finding, sources, &renderer));
        out.push_str("\n\n");
    }
    for kind in folded {
        let count = counts.get(&kind).copied().unwrap_or_default();
        let (name, severity) = kind;
        let text = format!("{} more like these, {count} in all", count - SHOWN_OF_A_KIND);
        let title = level(severity).primary_title(text).id(in_line(name));
        out.push_str(&renderer.render(&[Group::with_title(title)]));
        out.push_str("\n\n");
    }
    out
}

fn one(finding: &Finding, sources: &SourceMap, renderer: &Renderer) -> String {
    let mut places = Places::default();
    let title = level(finding.severity).primary_title(in_line(&finding.message)).id(in_line(finding.name));
    let mut group = Group::with_title(title);
    for part in parts(&finding.labels, sources) {
        group = group.element(part.snippet(sources, &mut places));
    }
    if finding.labels.is_empty()
        && let Some(file) = &finding.file
    {
        let line = finding.line.map_or(String::new(), |line| format!(":{line}"));
        group = group.element(Origin::path(places.take(format!("{}{line}", in_line(file)))));
    }
    for message in messages(finding) {
        group = group.element(message);
    }
    places.put_back(&renderer.render(&[group]))
}

fn messages(finding: &Finding) -> impl Iterator<Item = Element<'_>> {
    let within = match (&finding.object, &finding.field) {
        (Some(object), Some(field)) => Some(format!("in {}, {}", in_line(object), in_line(field))),
        (Some(one), None) | (None, Some(one)) => Some(format!("in {}", in_line(one))),
        (None, None) => None,
    };
    let within = within.map(|text| Level::NOTE.no_name().message(text));
    let kubernetes =
        finding.kubernetes.as_ref().map(|text| Level::NOTE.with_name("Kubernetes").message(in_line(text)));
    let help = finding.help.as_ref().map(|text| Level::HELP.message(in_line(text)));
    [within, kubernetes, help].into_iter().flatten().map(Element::from)
}

/// A text for one line: nothing hidden in it, and no longer than somebody would read.
fn in_line(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN_OF_A_TEXT) {
        None => printable(text),
        Some((end, _)) => format!("{}…", printable(text.get(..end).unwrap_or(""))).into(),
    }
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Note => Level::NOTE,
        Severity::Warning => Level::WARNING,
    }
}

/// Labels that are shown in one line of a text.
struct Part<'a> {
    labels: Vec<(&'a Label, Range<usize>, AnnotationKind)>,
    line: usize,
    text: &'a str,
    first: Span,
}

/// The labels in their order, those of one line together where they fit.
fn parts<'a>(labels: &'a [Label], sources: &'a SourceMap) -> Vec<Part<'a>> {
    let mut parts: Vec<Part<'a>> = Vec::new();
    for (index, label) in labels.iter().enumerate() {
        // A span of another map is clamped anew: it may point anywhere.
        let span = sources.span(label.span.source(), label.span.start(), label.span.end());
        let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let line = sources.position(span).line;
        let source = sources.get(span.source());
        let text = source.map_or("", |source| source.line(line));
        let begin = source.map_or(0, |source| source.line_start(line));
        // What goes on over several lines is shown by its first.
        let place = span.start().saturating_sub(begin).min(text.len())
            ..span.end().saturating_sub(begin).min(text.len());
        let fitting = parts.iter_mut().find(|part| {
            part.first.source() == span.source()
                && part.line == line
                && part.labels.iter().all(|(_, other, _)| fit_together(text, other, &place))
        });
        match fitting {
            Some(part) => part.labels.push((label, place, kind)),
            None => parts.push(Part { labels: vec![(label, place, kind)], line, text, first: span }),
        }
    }
    parts
}

impl<'a> Part<'a> {
    fn snippet(
        self,
        sources: &SourceMap,
        places: &mut Places,
    ) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let ranges: Vec<_> = self.labels.iter().map(|(_, place, _)| place.clone()).collect();
        let shown = excerpt(self.text, &ranges);
        let annotations = self.labels.iter().zip(shown.spans).map(|((label, _, kind), span)| {
            let text = (!label.text.is_empty()).then(|| in_line(&label.text).into_owned());
            kind.span(span).label(text)
        });
        let position = sources.position(self.first);
        let place = format!("{}:{position}", in_line(sources.name_of(self.first)));
        Snippet::source(shown.text)
            .line_start(self.line)
            .path(places.take(place))
            .annotations(annotations.collect::<Vec<_>>())
    }
}

/// Stands for the places in what the renderer gets.
///
/// The renderer counts columns in the text that it is given, which is an excerpt: its count is wrong as
/// soon as a line was cut in front. So it gets a mark that no printable text contains as the path, and
/// the mark is replaced together with the line and column behind it.
#[derive(Default)]
struct Places {
    texts: Vec<String>,
}

/// A noncharacter: [`printable`] leaves none in any text.
const MARK: char = '\u{fdd0}';

impl Places {
    fn take(&mut self, text: String) -> String {
        self.texts.push(text);
        format!("{MARK}{}{MARK}", self.texts.len() - 1)
    }

    fn put_back(&self, rendered: &str) -> String {
        let mut out = String::with_capacity(rendered.len());
        let mut pieces = rendered.split(MARK);
        out.push_str(pieces.next().unwrap_or(""));
        while let (Some(number), Some(behind)) = (pieces.next(), pieces.next()) {
            let text = number.parse::<usize>().ok().and_then(|number| self.texts.get(number));
            // Writing to a `String` cannot fail.
            let _ = write!(out, "{}", text.map_or("?", String::as_str));
            out.push_str(
                behind.trim_start_matches(|character: char| character == ':' || character.is_ascii_digit()),
            );
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[track_caller]
    fn check(finding: impl FnOnce(&mut SourceMap) -> Finding, expected: &str) {
        let mut sources = SourceMap::new();
        let finding = finding(&mut sources);
        let printed = terminal(&[finding], &sources, false);
        assert_eq!(printed.trim_end(), expected.trim_end(), "printed:\n{printed}");
    }

    #[test]
    fn a_finding_shows_its_line_its_object_and_the_way_out() {
        check(
            |sources| {
                let id =
                    sources.add("ci.yaml", "rules:\n- resourcesNames: [\"app-config\"]\n  verbs: [get]\n");
                Finding::error("unknown-field", "Kubernetes ignores `resourcesNames`")
                    .at(sources.span(id, 9, 23), "did you mean `resourceNames`?")
                    .object("Role ci/deployer")
                    .field("rules[0]")
                    .kubernetes("unknown field \"rules[0].resourcesNames\"")
                    .help("remove it")
            },
            "\
error[unknown-field]: Kubernetes ignores `resourcesNames`
 --> ci.yaml:2:3
  |
2 | - resourcesNames: [\"app-config\"]
  |   ^^^^^^^^^^^^^^ did you mean `resourceNames`?
  |
  = in Role ci/deployer, rules[0]
  = Kubernetes: unknown field \"rules[0].resourcesNames\"
  = help: remove it
",
        );
    }

    #[test]
    fn labels_of_other_lines_and_files_follow() {
        check(
            |sources| {
                let one = sources.add("one.yaml", "a: 1\nb: 2\na: 3\n");
                let two = sources.add("two.yaml", "c: 4\n");
                Finding::warning("duplicate-field", "`a` is given twice")
                    .at(sources.span(one, 10, 11), "again")
                    .at(sources.span(one, 0, 1), "first here")
                    .at(sources.span(two, 3, 4), "")
            },
            "\
warning[duplicate-field]: `a` is given twice
 --> one.yaml:3:1
  |
3 | a: 3
  | ^ again
  |
 ::: one.yaml:1:1
  |
1 | a: 1
  | - first here
  |
 ::: two.yaml:1:4
  |
1 | c: 4
  |    -
",
        );
    }

    #[test]
    fn a_finding_without_a_text_names_its_file() {
        check(
            |_| Finding::error("invalid-encoding", "this is no UTF-8").in_file("a\u{1b}.yaml", Some(3)),
            "\
error[invalid-encoding]: this is no UTF-8
--> a\\u{1b}.yaml:3
",
        );
    }

    #[test]
    fn nothing_of_a_file_is_printed_raw() {
        check(
            |sources| {
                let id = sources.add("e\u{202e}.yaml", "name: \"\u{1b}[2J\u{202e}x\"\n");
                Finding::note("name", "the name `\u{1b}[2J` is odd")
                    .at(sources.span(id, 6, 99), "\u{9b}here\n")
            },
            "\
note[name]: the name `\\u{1b}[2J` is odd
 --> e\\u{202e}.yaml:1:7
  |
1 | name: \"␛[2J�x\"
  |       ^^^^^^^^ \\u{9b}here\\n
",
        );
    }

    #[test]
    fn the_column_is_that_of_the_file_where_a_line_was_cut() {
        let mut sources = SourceMap::new();
        let id = sources.add("long.json", "x".repeat(1_000_000));
        let finding = Finding::error("e", "m").at(sources.span(id, 500_000, 500_003), "here");
        let printed = terminal(&[finding], &sources, false);
        assert!(printed.contains(" --> long.json:1:500001\n"), "{printed}");
        assert!(printed.len() < 1_000, "{printed}");
    }

    #[test]
    fn a_message_that_quotes_megabytes_is_cut() {
        let finding = Finding::error("e", "x".repeat(10_000_000)).help("y".repeat(10_000_000));
        assert!(terminal(&[finding], &SourceMap::new(), false).len() < 5_000);
    }

    #[test]
    fn five_hundred_of_a_kind_fold_to_ten_and_a_count() {
        let finding = Finding::warning("dangling-role", "this binding grants nothing");
        let mut findings = vec![finding; 500];
        findings.push(Finding::error("dangling-role", "an error is never folded into warnings"));
        let printed = terminal(&findings, &SourceMap::new(), false);
        assert_eq!(printed.matches("grants nothing").count(), 10);
        assert!(printed.contains("warning[dangling-role]: 490 more like these, 500 in all"), "{printed}");
        assert!(printed.contains("error[dangling-role]"), "{printed}");
    }

    #[test]
    fn colours_add_nothing_but_colours() {
        let mut sources = SourceMap::new();
        let id = sources.add("a", "b: c\n");
        let findings = [Finding::error("e", "m").at(sources.span(id, 0, 1), "l").help("h").object("o")];
        let styled = terminal(&findings, &sources, true);
        let mut plain = String::new();
        let mut rest = styled.as_str();
        while let Some((before, behind)) = rest.split_once('\u{1b}') {
            plain.push_str(before);
            rest = behind.split_once('m').unwrap().1;
        }
        plain.push_str(rest);
        assert_ne!(styled, plain);
        assert_eq!(plain, terminal(&findings, &sources, false));
    }

    proptest! {
        #[test]
        fn any_spans_in_any_texts_can_be_printed(
            texts in vec("([a-zé名\u{1b}\u{fdd0}\u{202e}\t\r\n: ]|.){0,80}", 1..3),
            message in any::<String>(),
            labels in vec((0usize..4, 0usize..200, 0usize..200, any::<String>()), 0..5),
            file in proptest::option::of(any::<String>()),
            styled in any::<bool>(),
        ) {
            let mut sources = SourceMap::new();
            // Spans come from a map with other, longer texts: the printer must clamp them itself.
            let mut others = SourceMap::new();
            for text in texts {
                sources.add(text.clone(), text);
            }
            let ids: Vec<_> = (0..4).map(|_| others.add("", "é".repeat(100))).collect();
            let mut finding = Finding::error("name", message.clone());
            finding.file = file;
            for (id, start, end, text) in labels {
                finding = finding.at(others.span(ids[id], start, end), text);
            }
            finding = finding.help(message.clone()).object(message.clone()).field(message);
            let printed = terminal(&[finding], &sources, styled);
            let raw = ['\u{202e}', '\u{fdd0}', '\r', '\t'].into_iter().chain((!styled).then_some('\u{1b}'));
            for character in raw {
                prop_assert!(!printed.contains(character), "{:?} in {}", character, printed);
            }
        }
    }
}
