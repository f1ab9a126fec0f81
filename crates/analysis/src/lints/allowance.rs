//! What is meant to be as it is: comments and annotations that take findings away.

use std::{cell::Cell, collections::BTreeMap};

use rolecall_diagnostics::{Finding, Severity, did_you_mean};
use rolecall_source::{SourceId, SourceMap, Span};

use super::{Levels, all};

/// The name of findings about suppressions that give no reason.
pub const SUPPRESSION_WITHOUT_REASON: &str = "suppression-without-reason";
/// The name of findings about suppressions of something that does not exist.
pub const UNKNOWN_SUPPRESSION: &str = "unknown-suppression";
/// The name of findings about suppressions that suppress nothing.
pub const UNUSED_SUPPRESSION: &str = "unused-suppression";

/// Suppressions, as they stand in texts: `# rolecall: allow NAME because REASON` on the line of a finding or on
/// the line before it, and annotations of objects: `rolecall.dev/allow: "NAME: REASON"`, one a line.
#[derive(Debug, Default)]
pub struct Allowances {
    objects: Vec<Allowance>,
    lines: BTreeMap<(SourceId, usize), Vec<Allowance>>,
    findings: Vec<Finding>,
}

/// One name that is allowed.
#[derive(Debug)]
struct Allowance {
    name: String,
    /// Where the suppression stands.
    place: Span,
    /// For an annotation: the object.
    object: Option<Span>,
    used: Cell<bool>,
}

impl Allowances {
    /// Reads the comments of all texts, and annotations given as the whole object, the place of the value and
    /// the value. `known` are the names of all findings there are. Cost: linear in the texts.
    pub fn read<'a>(
        sources: &SourceMap,
        annotations: impl IntoIterator<Item = (Span, Span, &'a str)>,
        known: &[&str],
    ) -> Self {
        let mut allowances = Self::default();
        for (object, place, text) in annotations {
            let mut of_object = Vec::new();
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                let (name, reason) = line.split_once(':').unwrap_or((line, ""));
                if let Some(mut allowance) = allowances.checked(name.trim(), reason, place, known) {
                    allowance.object = Some(object);
                    push(&mut of_object, allowance);
                }
            }
            allowances.objects.append(&mut of_object);
        }
        allowances.objects.sort_by_key(|allowance| allowance.object);
        for (id, source) in sources.iter() {
            // Comments in a row are about the same line: it is looked for once.
            let mut meant = 0;
            for (offset, _) in source.text().match_indices(MARK) {
                let position = source.position(offset);
                let begin = source.line_start(position.line);
                let line = source.line(position.line);
                let Some(before) = line.get(..offset - begin).and_then(comment) else { continue };
                let written = line.get(offset - begin + MARK.len()..).unwrap_or("").trim();
                let place = sources.span(id, begin + before, begin + line.len());
                let Some(allowance) = allowances.of_comment(written, place, known) else { continue };
                let own_line = line.get(..before).is_some_and(|before| before.trim().is_empty());
                if own_line && position.line >= meant {
                    meant = next_line(source, position.line);
                }
                let line = if own_line { meant } else { position.line };
                push(allowances.lines.entry((id, line)).or_default(), allowance);
            }
        }
        allowances
    }

    fn of_comment(&mut self, written: &str, place: Span, known: &[&str]) -> Option<Allowance> {
        let Some(rest) = written.strip_prefix("allow ") else {
            self.findings.push(
                Finding::warning(UNKNOWN_SUPPRESSION, "this comment says nothing that is understood")
                    .at(place, "not taken for a suppression")
                    .help("write `# rolecall: allow NAME because REASON`"),
            );
            return None;
        };
        let rest = rest.trim();
        let (name, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let reason = reason.trim().strip_prefix("because").unwrap_or("");
        self.checked(name, reason, place, known)
    }

    fn checked(&mut self, name: &str, reason: &str, place: Span, known: &[&str]) -> Option<Allowance> {
        if !known.contains(&name) {
            let meant = did_you_mean(name, known.iter().copied());
            let label = meant.map_or("no such name".to_owned(), |meant| format!("did you mean `{meant}`?"));
            self.findings.push(
                Finding::warning(UNKNOWN_SUPPRESSION, format!("no finding is called `{name}`"))
                    .at(place, label),
            );
            return None;
        }
        if reason.trim().is_empty() {
            self.findings.push(
                Finding::warning(
                    SUPPRESSION_WITHOUT_REASON,
                    format!("`{name}` is to be allowed here, but nothing says why"),
                )
                .at(place, "allows nothing without a reason")
                .help(format!(
                    "write `# rolecall: allow {name} because REASON`, in an annotation `{name}: REASON`"
                )),
            );
            return None;
        }
        Some(Allowance { name: name.to_owned(), place, object: None, used: Cell::new(false) })
    }

    /// Takes the findings away that are meant to be. Errors stay, but for those of lints, which are errors only
    /// because a level makes them so.
    pub fn apply(&self, findings: &mut Vec<Finding>, sources: &SourceMap) {
        if self.objects.is_empty() && self.lines.is_empty() {
            return;
        }
        let lints: Vec<_> = all().iter().map(|lint| lint.name).collect();
        findings.retain(|finding| {
            let fixed = finding.severity == Severity::Error && !lints.contains(&finding.name);
            fixed || !self.allows(finding, sources)
        });
    }

    fn allows(&self, finding: &Finding, sources: &SourceMap) -> bool {
        let Some(span) = finding.span() else { return false };
        let line = (span.source(), sources.position(span).line);
        let of_line = self.lines.get(&line).into_iter().flatten();
        // Objects do not overlap, but for items of a list in it: those that begin before are few to look at.
        let end = self.objects.partition_point(|one| {
            one.object
                .is_some_and(|object| (object.source(), object.start()) <= (span.source(), span.start()))
        });
        let of_objects = self.objects.get(..end).unwrap_or_default().iter().rev().take_while(|one| {
            one.object.is_some_and(|object| object.source() == span.source() && object.end() >= span.end())
        });
        let mut allowed = false;
        for one in of_line.chain(of_objects).filter(|one| one.name == finding.name) {
            one.used.set(true);
            allowed = true;
        }
        allowed
    }

    /// What is wrong with the suppressions themselves. Those that were of no use are named only where all lints
    /// ran (`complete`), and their own lint with them.
    pub fn findings(self, levels: &Levels, complete: bool) -> Vec<Finding> {
        let mut findings = self.findings;
        let runs = |name: &str| {
            all()
                .iter()
                .find(|lint| lint.name == name)
                .is_none_or(|lint| levels.severity(lint.name, lint.default).is_some())
        };
        let unused = self.objects.iter().chain(self.lines.values().flatten()).filter(|one| !one.used.get());
        findings.extend(unused.filter(|one| complete && runs(&one.name)).map(|one| {
            Finding::note(UNUSED_SUPPRESSION, format!("there is no `{}` here to allow", one.name))
                .at(one.place, "of no use")
                .help("take it out")
        }));
        levels.settle(&mut findings);
        findings
    }
}

/// Adds one, unless its name is allowed there already: so there are never more in a place than there are names.
fn push(list: &mut Vec<Allowance>, allowance: Allowance) {
    if !list.iter().any(|one| one.name == allowance.name) {
        list.push(allowance);
    }
}

const MARK: &str = "rolecall:";

/// Where a comment begins, given the part of its line in front of [`MARK`]; `None` if that is no comment.
fn comment(before: &str) -> Option<usize> {
    let sign = before.trim_end().strip_suffix('#')?;
    // A sign within a quoted text is none.
    let even = |quote: char| sign.matches(quote).count() % 2 == 0;
    let apart = sign.is_empty() || sign.ends_with(char::is_whitespace);
    (apart && even('"') && even('\'')).then_some(sign.len())
}

/// The next line that is no comment.
fn next_line(source: &rolecall_source::Source, line: usize) -> usize {
    let mut next = line + 1;
    while source.line(next).trim_start().starts_with('#') {
        next += 1;
    }
    next
}
