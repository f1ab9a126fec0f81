//! What must happen to a nasty file, and whether it did.
//!
//! Source: `corpus/nasty/expected.json`, whose `_about` entry explains the fields.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use regex::RegexBuilder;
use rolecall_kubernetes::load::Validate;
use rolecall_model::{Binding, PolicySet, Rule, Subject};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{command::Run, conformance::load_files, report::Report, shared};

/// The files of a folder with what must happen to each.
///
/// # Panics
///
/// When the folder's `expected.json` names none, or uses a word that is not known here.
pub fn expectations(folder: &Path) -> BTreeMap<String, Expectation> {
    let mut entries: Map<String, Value> =
        serde_json::from_str(&shared::text(&folder.join("expected.json"))).unwrap();
    entries.remove("_about");
    assert!(!entries.is_empty(), "{} holds no case", folder.display());
    let read = |(name, entry): (String, Value)| {
        let expectation: Expectation =
            serde_json::from_value(entry).unwrap_or_else(|error| panic!("{name}: {error}"));
        for fact in expectation.more.keys() {
            let known = OF_OTHER_PROGRAMS.contains(&fact.as_str()) || Fact::parse(fact).is_some();
            assert!(known, "{name}: nobody looks at `{fact}`");
        }
        (name, expectation)
    };
    entries.into_iter().map(read).collect()
}

/// What must happen to a file.
#[derive(Debug, Deserialize)]
pub struct Expectation {
    expect: Verdict,
    objects: Option<BTreeMap<String, usize>>,
    #[serde(default)]
    mention: Vec<String>,
    line: Option<(u64, u64)>,
    field: Option<String>,
    max_seconds: Option<f64>,
    max_mib: Option<f64>,
    output_must_not_contain: Option<String>,
    #[serde(default)]
    warning_will_do: bool,
    /// Totals, lists of single rules, and what is told for comparison only.
    #[serde(flatten)]
    more: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
enum Verdict {
    #[serde(rename = "either")]
    Either,
    #[serde(rename = "err")]
    Refused,
    #[serde(rename = "ok")]
    Taken,
}

/// What `rolecall check` made of a file, as text and as JSON.
#[derive(Debug)]
pub struct Checked {
    /// The run that prints for people.
    pub text: Run,
    /// The run that prints for programs.
    pub json: Run,
}

/// What `rolecall check -o json` prints, as far as it is looked at.
#[derive(Debug, Deserialize)]
struct Output {
    files: Vec<Map<String, Value>>,
    findings: Vec<Found>,
}

#[derive(Debug, Deserialize)]
struct Found {
    severity: String,
    line: Option<u64>,
    field: Option<String>,
}

impl Expectation {
    /// Compares what was to happen with what happened. `slack` widens the limits of time, which are those
    /// of a release build.
    pub fn judge(&self, name: &str, path: &Path, checked: &Checked, slack: f64, report: &mut Report) {
        let Checked { text, json } = checked;
        let both_ended = text.ended_well() && json.ended_well();
        report.check(both_ended, || format!("{name}: crashed: {:?}, {:?}", tail(text), tail(json)));
        if !both_ended {
            return;
        }
        self.judge_cost(name, text, slack, report);
        if let Some(forbidden) = &self.output_must_not_contain {
            let raw = unescaped(forbidden);
            report.check(!text.output().contains(forbidden), || format!("{name}: prints {forbidden}"));
            for run in [text, json] {
                report.check(!run.output().contains(&raw), || format!("{name}: prints {raw:?}"));
            }
        }
        report.check(text.code == json.code, || {
            format!("{name}: exit {:?} as text and {:?} as JSON", text.code, json.code)
        });
        let output = match serde_json::from_str::<Output>(&json.stdout) {
            Ok(output) => output,
            Err(error) => {
                report.failure(format!("{name}: no JSON ({error}): {}", cut(&json.output())));
                return;
            }
        };
        let taken = text.code == Some(0);
        match self.expect {
            Verdict::Taken => report.check(taken, || format!("{name}: refused: {}", cut(&text.output()))),
            Verdict::Refused if self.warning_will_do => {
                report.check(!output.findings.is_empty(), || format!("{name}: not a word about it"));
            }
            Verdict::Refused => {
                report.check(!taken, || format!("{name}: taken: {}", cut(&text.output())));
            }
            Verdict::Either => {}
        }
        let complains = self.expect == Verdict::Refused || !taken;
        if complains {
            self.judge_words(name, text, &output, taken, report);
        }
        if taken {
            self.judge_objects(name, path, &output, report);
        }
    }

    fn judge_cost(&self, name: &str, run: &Run, slack: f64, report: &mut Report) {
        let seconds = run.elapsed.as_secs_f64();
        let allowed = self.max_seconds.map(|limit| limit * slack);
        report.check(allowed.is_none_or(|limit| seconds <= limit), || {
            format!("{name}: {seconds:.1} s, at most {allowed:?}")
        });
        let (mib, limit) = (run.peak_mib.unwrap_or_default(), self.max_mib);
        report.check(limit.is_none_or(|limit| mib <= limit), || {
            format!("{name}: {mib:.0} MiB, at most {limit:?}")
        });
    }

    /// The message says what it must, names the line and the field.
    fn judge_words(&self, name: &str, text: &Run, output: &Output, taken: bool, report: &mut Report) {
        let message = text.output();
        for pattern in &self.mention {
            let expression = braces_escaped(pattern);
            let expression = RegexBuilder::new(&expression).case_insensitive(true).build().unwrap();
            let fits = expression.is_match(&message);
            report.check(fits, || format!("{name}: {pattern:?} is not in the message: {}", cut(&message)));
        }
        let severity = if taken { "warning" } else { "error" };
        let meant = || output.findings.iter().filter(|finding| finding.severity == severity);
        if let Some((first, last)) = self.line {
            let lines: Vec<_> = meant().map(|finding| finding.line).collect();
            let named = lines.iter().flatten().any(|line| {
                // The line that an independent reader names for the same fault is as good.
                (first..=last).contains(line) || self.other_reader_says(&format!(", line {line},"))
            });
            report.check(named, || {
                format!("{name}: names the lines {lines:?}, not {first} to {last}: {}", cut(&message))
            });
        }
        if let Some(field) = &self.field {
            let fields: Vec<_> = meant().filter_map(|finding| finding.field.as_deref()).collect();
            report.check(fields.iter().any(|found| is_close(found, field)), || {
                format!("{name}: names the fields {fields:?}, not {field}: {}", cut(&message))
            });
        }
    }

    fn other_reader_says(&self, words: &str) -> bool {
        let message = self.more.get("pyyaml").and_then(|said| said.get("message")).and_then(Value::as_str);
        message.is_some_and(|message| message.contains(words))
    }

    /// The objects that came out are the ones that had to.
    fn judge_objects(&self, name: &str, path: &Path, output: &Output, report: &mut Report) {
        if let Some(objects) = &self.objects {
            let mut found = BTreeMap::new();
            for (kind, count) in output.files.iter().filter_map(|file| file["objects"].as_object()).flatten()
            {
                *found.entry(kind.clone()).or_insert(0) += usize::try_from(count.as_u64().unwrap()).unwrap();
            }
            report.check(&found == objects, || format!("{name}: found {found:?}, expected {objects:?}"));
        }
        let facts: Vec<_> =
            self.more.iter().filter_map(|(key, value)| Some((Fact::parse(key)?, key, value))).collect();
        let mut loaded: Option<PolicySet> = None;
        for (fact, key, expected) in facts {
            let found = if fact == Fact::Total {
                let total: u64 = output.files.iter().filter_map(|file| file[key].as_u64()).sum();
                Value::from(total)
            } else {
                let policies = loaded.get_or_insert_with(|| {
                    let paths = [PathBuf::from(path)];
                    load_files(&paths, Validate::Strict, None).policies.unwrap_or_default()
                });
                fact.of(policies)
            };
            report.check(&found == expected, || format!("{name}: {key} is {found}, expected {expected}"));
        }
    }
}

/// A fact about the objects of a file, by the name that `expected.json` has for it.
#[derive(Debug, Eq, PartialEq)]
enum Fact {
    /// `names`: the names of all objects.
    Names,
    /// `verbs_of_rule_1`: a list of a rule, counted from 1.
    OfRule(String, usize),
    /// `subject_1`: a subject, counted from 1.
    Subject(usize),
    /// `rules`: a total that the command prints.
    Total,
}

impl Fact {
    fn parse(key: &str) -> Option<Self> {
        if TOTALS.contains(&key) {
            return Some(Self::Total);
        }
        if key == "names" {
            return Some(Self::Names);
        }
        if let Some(number) = key.strip_prefix("subject_") {
            return number.parse().ok().map(Self::Subject);
        }
        let (list, number) = key.split_once("_of_rule_")?;
        Some(Self::OfRule(list.to_owned(), number.parse().ok()?))
    }

    fn of(&self, policies: &PolicySet) -> Value {
        match self {
            Self::Names => {
                let roles = policies.roles().iter().map(|role| role.name.as_str());
                let bindings = policies.bindings().iter().map(|binding| binding.name.as_str());
                roles.chain(bindings).collect()
            }
            Self::OfRule(list, number) => {
                let rule = policies.roles().iter().flat_map(|role| &role.rules).nth(number - 1);
                rule.map_or(Value::Null, |rule| list_of(rule, list))
            }
            Self::Subject(number) => {
                let subjects = policies
                    .bindings()
                    .iter()
                    .flat_map(|binding| binding.subjects.iter().map(move |s| (binding, s)));
                subjects.skip(number - 1).map(|(binding, subject)| described(binding, subject)).next().into()
            }
            Self::Total => Value::Null,
        }
    }
}

fn list_of(rule: &Rule, list: &str) -> Value {
    fn texts<T: AsRef<str>>(list: &[T]) -> Value {
        list.iter().map(AsRef::as_ref).collect()
    }
    match list {
        "apiGroups" => texts(&rule.api_groups),
        "nonResourceURLs" => texts(&rule.non_resource_urls),
        "resourceNames" => texts(&rule.resource_names),
        "resources" => texts(&rule.resources),
        "verbs" => texts(&rule.verbs),
        _ => Value::Null,
    }
}

fn described(binding: &Binding, subject: &Subject) -> String {
    match subject {
        Subject::Group(name) => format!("Group {name}"),
        Subject::ServiceAccount { namespace, name } => {
            let own = binding.namespace.as_ref().filter(|_| namespace.as_str().is_empty());
            format!("system:serviceaccount:{}:{name}", own.unwrap_or(namespace))
        }
        Subject::Unknown { kind, name } => format!("{kind} {name}"),
        Subject::User(name) => format!("User {name}"),
    }
}

/// A pattern of Python's, where a brace that cannot begin a repetition stands for itself; none of the patterns
/// repeats anything.
fn braces_escaped(pattern: &str) -> String {
    let mut escaped = String::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                escaped.push(character);
                escaped.extend(characters.next());
            }
            '{' | '}' => escaped.extend(['\\', character]),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// The text that an escape such as `\u001b` stands for.
fn unescaped(text: &str) -> String {
    serde_json::from_str(&format!("\"{text}\"")).unwrap_or_else(|_| text.to_owned())
}

/// Whether a path names the field, or one in it, or begins further out.
fn is_close(path: &str, field: &str) -> bool {
    path == field
        || path.ends_with(&format!(".{field}"))
        || path.strip_prefix(field).is_some_and(|rest| rest.starts_with(['.', '[']))
}

fn tail(run: &Run) -> (Option<i32>, String) {
    (run.code, cut(&run.output()))
}

/// The beginning of an output, for a failure.
fn cut(text: &str) -> String {
    text.chars().take(1_500).collect()
}

const TOTALS: [&str; 9] = [
    "aggregated",
    "apiGroups",
    "nonResourceURLs",
    "policies",
    "resourceNames",
    "resources",
    "rules",
    "subjects",
    "verbs",
];

/// Entries that tell what the file is and what other programs made of it; and the words that allow a remark.
const OF_OTHER_PROGRAMS: [&str; 8] =
    ["found", "kubectl", "kubectl_note", "kubectl_typed", "note_welcome", "pyyaml", "warning_welcome", "why"];
