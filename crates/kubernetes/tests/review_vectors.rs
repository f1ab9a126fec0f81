//! Every review of the conformance vectors: what the API refuses is refused in the same words, and what it takes is
//! answered in the same form.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use rolecall_kubernetes::{reason::ReviewStatus, review::Review};
use serde_json::Value;

#[test]
fn reviews_are_refused_and_answered_as_the_vectors_say() {
    let Some(shared) = shared() else { return };
    let (mut answered, mut refused) = (0, 0);
    // The sets without webhooks, which would add evaluation errors of their own.
    for set in ["abac", "bootstrap", "rbac"] {
        let cases = cases(&shared.join("conformance").join(set));
        assert!(!cases.is_empty(), "no case in {set}");
        for case in cases {
            let requests = fs::read_to_string(case.join("requests.jsonl")).unwrap();
            let expected = fs::read_to_string(case.join("expected.jsonl")).unwrap();
            assert_eq!(requests.lines().count(), expected.lines().count());
            for (request, expected) in requests.lines().zip(expected.lines()) {
                let expected: Value = serde_json::from_str(expected).unwrap();
                match (Review::parse(request.as_bytes(), None), expected.get("error")) {
                    (Ok(review), None) => {
                        answered += 1;
                        let answer = review.answer(&status_without_notes(&expected["status"]));
                        let answer: Value = serde_json::from_str(&answer).unwrap();
                        assert_eq!(answer, expected, "{}: {request}", case.display());
                    }
                    (Err(rejection), Some(error)) => {
                        refused += 1;
                        let status: Value = serde_json::from_str(&rejection.to_json(1)).unwrap();
                        for field in ["code", "message", "reason"] {
                            assert_eq!(status[field], error[field], "{}: {request}", case.display());
                        }
                    }
                    (parsed, _) => panic!("{}: {request}: {parsed:?}, expected {expected}", case.display()),
                }
            }
        }
    }
    eprintln!("{answered} reviews answered, {refused} refused");
    assert!(answered > 0 && refused > 0);
}

/// The expected status as a chain gives it: what it says of selectors is for the review to add.
fn status_without_notes(status: &Value) -> ReviewStatus {
    ReviewStatus {
        allowed: status["allowed"] == true,
        denied: status["denied"] == true,
        reason: status["reason"].as_str().unwrap_or_default().to_owned(),
        evaluation_error: String::new(),
    }
}

fn cases(set: &Path) -> Vec<PathBuf> {
    let mut cases: Vec<_> = fs::read_dir(set)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.join("requests.jsonl").exists() { vec![path] } else { Vec::new() })
        .filter(|path| path.join("expected.jsonl").exists())
        .collect();
    if set.join("requests.jsonl").exists() && set.join("expected.jsonl").exists() {
        cases.push(set.to_owned());
    }
    cases.sort();
    cases
}

fn shared() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let shared = std::env::var_os("ROLECALL_SHARED").map_or_else(|| PathBuf::from(default), PathBuf::from);
    if shared.is_dir() {
        return Some(shared);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", shared.display());
    eprintln!("skipped: {} is missing", shared.display());
    None
}
