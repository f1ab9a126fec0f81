//! A case of the vectors through the loader and every implementation.

use std::{collections::BTreeMap, fs, path::PathBuf};

use regex::Regex;
use rolecall_diagnostics::{Finding, Severity};
use rolecall_kubernetes::{
    load::{DefaultRoles, Load, LoadOptions, Loader, Validate},
    reason::review_status,
    review::{Rejection, Review},
    rules_review::rules_status,
};
use rolecall_model::{Authorizer, Determination, Modes, PolicySet};
use serde_json::{Value, json};

use crate::{
    case::{self, Answer, Case, Expected, ExpectedError, ExpectedStatus, Listing, Outcome, RefusedObject},
    implementation::{self, Implementation},
    report::Report,
};

/// Runs all cases of a section of the vectors.
///
/// # Panics
///
/// At a difference, after all cases were run.
pub fn run_section(section: &str) {
    let Some(cases) = case::all(section) else { return };
    let suite = format!("conformance/{section}");
    let (report, counts) = run(&cases);
    report.finish(&suite, &counts.to_string());
}

/// Runs those cases of a section that need nothing but policy files and modes of this project.
///
/// # Panics
///
/// At a difference, after all cases were run; and when no case could be run.
pub fn run_section_within_reach(section: &str) {
    let Some((cases, left)) = case::within_reach(section) else { return };
    assert!(!cases.is_empty(), "conformance/{section} holds no case that can be run");
    let (report, counts) = run(&cases);
    report.finish(&format!("conformance/{section}"), &format!("{counts}, {left} cases left for the chain"));
}

/// What a suite has run.
#[derive(Debug, Default)]
struct Counts {
    cases: usize,
    requests: usize,
    listings: usize,
    refused_objects: usize,
    refused_policies: usize,
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let implementations: Vec<_> = implementation::all().iter().map(|each| each.name).collect();
        write!(
            f,
            "{} cases ({} refused policies), {} requests and {} listings through {}; {} refused objects",
            self.cases,
            self.refused_policies,
            self.requests,
            self.listings,
            implementations.join(", "),
            self.refused_objects
        )
    }
}

fn run(cases: &[Case]) -> (Report, Counts) {
    let (mut report, mut counts) = (Report::default(), Counts::default());
    for case in cases {
        counts.cases += 1;
        match &case.outcome {
            Outcome::Refused(text) => {
                counts.refused_policies += 1;
                run_refused(case, text, &mut report);
            }
            Outcome::Answers(answers) => {
                counts.requests += answers.len();
                counts.listings += case.listings.len();
                counts.refused_objects += case.refused.as_ref().map_or(0, Vec::len);
                run_answers(case, answers, &mut report);
                run_validation(case, &mut report);
            }
        }
    }
    (report, counts)
}

/// A policy that Kubernetes refuses is refused in every mode of validation, on the same line.
fn run_refused(case: &Case, text: &str, report: &mut Report) {
    let expected_line = line_in(text);
    for validate in [Validate::Ignore, Validate::Warn, Validate::Strict] {
        let load = load(case, validate);
        report.check(load.policies.is_none(), || {
            format!("{} ({validate:?}): loaded, but Kubernetes says {text:?}", case.name)
        });
        let line = errors(&load).filter_map(|finding| line_of(&load, finding)).min();
        report.check(expected_line.is_none() || line == expected_line, || {
            format!("{} ({validate:?}): refused at line {line:?}, but Kubernetes says {text:?}", case.name)
        });
    }
}

fn run_answers(case: &Case, answers: &[Answer], report: &mut Report) {
    let load = load(case, Validate::Ignore);
    let Some(policies) = &load.policies else {
        let messages: Vec<_> = errors(&load).map(|finding| finding.message.as_str()).collect();
        report.failure(format!("{}: not loaded: {}", case.name, messages.join("; ")));
        return;
    };
    let authorizers = authorizers(policies);
    for (index, answer) in answers.iter().enumerate() {
        let line = index + 1;
        match Review::parse(answer.request.as_bytes(), None) {
            Ok(review) => run_review(case, line, &review, &answer.expected, policies, &authorizers, report),
            Err(rejection) => run_rejection(case, line, &rejection, &answer.expected, report),
        }
    }
    for (index, listing) in case.listings.iter().enumerate() {
        run_listing(case, index + 1, listing, policies, &authorizers, report);
    }
}

fn run_review(
    case: &Case,
    line: usize,
    review: &Review,
    expected: &Expected,
    policies: &PolicySet,
    authorizers: &[(&Implementation, Box<dyn Authorizer + '_>)],
    report: &mut Report,
) {
    let Expected::Status(expected_review, expected_status) = expected else {
        report.failure(format!("{}:{line}: taken, but Kubernetes says {expected:?}", case.name));
        return;
    };
    let mut first: Option<Determination> = None;
    for (implementation, authorizer) in authorizers {
        let request = review.request();
        let place = || format!("{}:{line} ({})", case.name, implementation.name);
        let determination = authorizer.determine(&request);
        let decision = authorizer.authorize(&request);
        report.check(decision == determination.decision(), || {
            format!("{}: authorize says {decision:?}, determine {determination:?}", place())
        });
        let answer = review.answer(&review_status(policies, &determination));
        report.check(!answer.contains('\n'), || format!("{}: more than a line: {answer}", place()));
        match split_answer(&answer) {
            Some((review, status)) => {
                report.check(&status == expected_status, || {
                    format!("{}: {status:?}, but Kubernetes says {expected_status:?}", place())
                });
                report.check(&review == expected_review, || {
                    format!("{}: the review came back as {review}", place())
                });
            }
            None => report.failure(format!("{}: no answer: {answer}", place())),
        }
        let first = first.get_or_insert_with(|| determination.clone());
        report.check(*first == determination, || {
            format!("{}: rests on {determination:?}, but for the others on {first:?}", place())
        });
    }
}

fn run_rejection(case: &Case, line: usize, rejection: &Rejection, expected: &Expected, report: &mut Report) {
    let found = ExpectedError {
        code: rejection.code,
        reason: rejection.reason.to_owned(),
        message: rejection.message.clone(),
    };
    let Expected::Error(expected) = expected else {
        report.failure(format!("{}:{line}: refused with {found:?}, but Kubernetes answers", case.name));
        return;
    };
    report.check(&found == expected, || {
        format!("{}:{line}: {found:?}, but Kubernetes says {expected:?}", case.name)
    });
    let status: Value = serde_json::from_str(&rejection.to_json(line)).unwrap_or_default();
    report.check(status == failure_status(expected, line), || {
        format!("{}:{line}: written as {status}", case.name)
    });
}

fn run_listing(
    case: &Case,
    line: usize,
    listing: &Listing,
    policies: &PolicySet,
    authorizers: &[(&Implementation, Box<dyn Authorizer + '_>)],
    report: &mut Report,
) {
    let groups: Vec<_> = listing.groups.iter().map(String::as_str).collect();
    for (implementation, authorizer) in authorizers {
        let rules = authorizer.rules_for(&listing.user, &groups, &listing.namespace);
        let status = serde_json::to_value(rules_status(policies, &rules)).unwrap();
        report.check(status == listing.status, || {
            format!(
                "{} rules.jsonl:{line} ({}): {status}, but Kubernetes says {}",
                case.name, implementation.name, listing.status
            )
        });
    }
}

/// What an API server would refuse is found in its own words, and is left out or refused; nothing else is.
fn run_validation(case: &Case, report: &mut Report) {
    let expected = case.refused.as_deref().unwrap_or_default();
    let by_object = expected_errors(expected);
    for validate in [Validate::Warn, Validate::Strict] {
        let load = load(case, validate);
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for finding in &load.findings {
            if let (Some(object), Some(text)) = (&finding.object, &finding.kubernetes) {
                found.entry(object.clone()).or_default().push(text.clone());
            }
        }
        for texts in found.values_mut() {
            texts.sort();
        }
        report.check(found == by_object, || {
            format!("{} ({validate:?}): {found:#?}, but Kubernetes says {by_object:#?}", case.name)
        });
        if validate == Validate::Warn {
            report.check(load.policies.is_some(), || format!("{} ({validate:?}): not loaded", case.name));
            let left_out = &load.left_out;
            let refused: Vec<_> = expected.iter().map(name_of).collect();
            report.check(*left_out == refused, || {
                format!("{} ({validate:?}): left out {left_out:?}, refused {refused:?}", case.name)
            });
        } else if !expected.is_empty() {
            report.check(load.policies.is_none(), || {
                format!("{} ({validate:?}): loaded in spite of {by_object:?}", case.name)
            });
        }
    }
}

fn expected_errors(objects: &[RefusedObject]) -> BTreeMap<String, Vec<String>> {
    let mut by_object: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for object in objects {
        by_object.entry(name_of(object)).or_default().extend(object.errors.iter().cloned());
    }
    for errors in by_object.values_mut() {
        errors.sort();
    }
    by_object
}

/// An object as findings name it, and kubectl too.
fn name_of(object: &RefusedObject) -> String {
    let RefusedObject { kind, namespace, name, .. } = object;
    if namespace.is_empty() { format!("{kind} {name}") } else { format!("{kind} {namespace}/{name}") }
}

/// What stands in the place of an answer to a review that is refused.
pub fn failure_status(error: &ExpectedError, line: usize) -> Value {
    let ExpectedError { code, reason, message } = error;
    json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure",
        "code": code, "reason": reason, "message": message, "details": {"line": line},
    })
}

/// An answered review without its status, and the status; `None` when it is not that.
pub fn split_answer(line: &str) -> Option<(Value, ExpectedStatus)> {
    let mut review: Value = serde_json::from_str(line).ok()?;
    let status = review.as_object_mut()?.remove("status")?;
    status.get("allowed")?;
    Some((review, serde_json::from_value(status).ok()?))
}

/// The number in a text that says `line 3`.
///
/// # Panics
///
/// Never: the pattern is one.
pub fn line_in(text: &str) -> Option<usize> {
    let pattern = Regex::new(r"\bline ([0-9]+)").unwrap();
    pattern.captures(text).and_then(|captures| captures[1].parse().ok())
}

fn authorizers(policies: &PolicySet) -> Vec<(&'static Implementation, Box<dyn Authorizer + '_>)> {
    implementation::all().iter().map(|each| (each, (each.build)(policies))).collect()
}

fn load(case: &Case, validate: Validate) -> Load {
    let modes = case.known_modes().unwrap_or_else(|| panic!("{}: modes {}", case.name, case.modes));
    load_files(&case.policy_paths(), validate, Some(modes))
}

/// Loads files without any default role.
///
/// # Panics
///
/// When one cannot be read.
pub fn load_files(paths: &[PathBuf], validate: Validate, modes: Option<Modes>) -> Load {
    let mut loader = Loader::new(LoadOptions {
        validate,
        default_roles: DefaultRoles::None,
        modes,
        ..LoadOptions::default()
    });
    for path in paths {
        let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        loader.add(&path.to_string_lossy(), bytes);
    }
    loader.finish()
}

/// The errors among the findings of a load.
pub fn errors(load: &Load) -> impl Iterator<Item = &Finding> {
    load.findings.iter().filter(|finding| finding.severity == Severity::Error)
}

/// The line that a finding names.
pub fn line_of(load: &Load, finding: &Finding) -> Option<usize> {
    finding.span().map(|span| load.sources.position(span).line).or(finding.line)
}
