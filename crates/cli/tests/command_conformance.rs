//! The built command, held to Kubernetes' own answers: one process a case of the vectors.

use std::path::Path;

use rolecall_tests::{
    case::{self, Answer, Case, Expected, Outcome},
    command::{self, Run},
    conformance::{failure_status, line_in, split_answer},
    report::Report,
    shared,
};
use serde_json::Value;

#[test]
fn role_based_cases_are_reviewed_as_kubernetes_does() {
    review_section("rbac");
}

#[test]
fn attribute_based_cases_are_reviewed_as_kubernetes_does() {
    review_section("abac");
}

#[test]
fn default_roles_are_reviewed_as_kubernetes_does() {
    review_section("bootstrap");
}

#[test]
fn chains_within_reach_are_reviewed_as_kubernetes_does() {
    if let Some((cases, left)) = case::within_reach("chain") {
        let (report, ran) = review(&cases);
        report
            .finish("rolecall review, conformance/chain", &format!("{ran}, {left} cases left for the chain"));
    }
}

fn review_section(section: &str) {
    if let Some(cases) = case::all(section) {
        let (report, ran) = review(&cases);
        report.finish(&format!("rolecall review, conformance/{section}"), &ran);
    }
}

fn review(cases: &[Case]) -> (Report, String) {
    let mut report = Report::default();
    let mut requests = 0;
    for case in cases {
        let mut arguments = vec!["review", "--validate=ignore", "--default-roles=none"];
        arguments.extend(["--authorization-mode", &case.modes]);
        arguments.extend(case.policies.iter().flat_map(|policy| ["-f", policy]));
        // A refused case need not have requests: its policy is refused before one is read.
        arguments.push("requests.jsonl");
        let run = command::run(rolecall(), &case.folder, arguments);
        match &case.outcome {
            Outcome::Refused(text) => check_refusal(case, text, &run, &mut report),
            Outcome::Answers(answers) => {
                requests += answers.len();
                check_answers(case, answers, &run, &mut report);
            }
        }
    }
    (report, format!("{} cases, {requests} requests", cases.len()))
}

fn check_refusal(case: &Case, text: &str, run: &Run, report: &mut Report) {
    let Run { code, stdout, stderr, .. } = run;
    report.check(*code == Some(2), || format!("{}: exit {code:?}, but Kubernetes says {text:?}", case.name));
    report.check(stdout.is_empty(), || format!("{}: answers in spite of {text:?}: {stdout}", case.name));
    report.check(!stderr.is_empty(), || format!("{}: not a word, but Kubernetes says {text:?}", case.name));
    if let Some(line) = line_in(text) {
        let named = case.policies.iter().any(|policy| stderr.contains(&format!("{policy}:{line}")));
        report.check(named, || format!("{}: {stderr}, but Kubernetes says {text:?}", case.name));
    }
}

fn check_answers(case: &Case, answers: &[Answer], run: &Run, report: &mut Report) {
    let refused = answers.iter().any(|answer| matches!(answer.expected, Expected::Error(_)));
    let code = Some(if refused { 2 } else { 0 });
    report.check(run.code == code, || {
        format!("{}: exit {:?} in place of {code:?}: {}", case.name, run.code, run.stderr)
    });
    let lines = shared::lines(&run.stdout);
    report.check(lines.len() == answers.len(), || {
        format!("{}: {} lines for {} requests: {}", case.name, lines.len(), answers.len(), run.stderr)
    });
    for (index, (line, answer)) in lines.iter().zip(answers).enumerate() {
        let number = index + 1;
        let right = match &answer.expected {
            Expected::Error(error) => {
                serde_json::from_str::<Value>(line).ok() == Some(failure_status(error, number))
            }
            Expected::Status(review, status) => {
                split_answer(line).is_some_and(|(found, answered)| found == *review && answered == *status)
            }
        };
        report.check(right, || {
            format!("{}:{number}: {line}, but Kubernetes says {:?}", case.name, answer.expected)
        });
    }
}

fn rolecall() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_rolecall"))
}
