//! ABAC policy files of the conformance vectors and of the corpus: what Kubernetes refuses is refused on the same line, and
//! what it takes is read as it reads it.

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

use rolecall_diagnostics::Finding;
use rolecall_kubernetes::{
    abac::{PolicyFile, read},
    document::{Limits, take_in},
};
use rolecall_model::{AttributePolicy, Wild};
use rolecall_source::SourceMap;
use serde_json::Value;

#[test]
fn files_of_the_vectors_are_refused_on_the_same_line_or_taken() {
    let Some(shared) = shared() else { return };
    let (mut taken, mut refused, mut word_for_word) = (0, 0, 0);
    for set in ["abac", "chain"] {
        for case in fs::read_dir(shared.join("conformance").join(set)).unwrap() {
            let case = case.unwrap().path();
            let Ok(bytes) = fs::read(case.join("policy.jsonl")) else { continue };
            let (sources, result) = read_bytes("policy.jsonl", bytes);
            match (fs::read_to_string(case.join("expected-error")), result) {
                (Err(_), Ok(file)) => {
                    taken += 1;
                    let text = fs::read_to_string(case.join("policy.jsonl")).unwrap();
                    let is_policy = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with('#');
                    assert_eq!(
                        file.policies.len(),
                        text.lines().filter(is_policy).count(),
                        "{}",
                        case.display()
                    );
                }
                (Ok(expected), Err(findings)) => {
                    refused += 1;
                    let expected = expected.trim_end_matches('\n');
                    let error = findings.last().unwrap();
                    let line = sources.position(error.span().unwrap()).line;
                    if let Some((_, rest)) = expected.split_once(", line ") {
                        assert_eq!(rest.split_once(':').unwrap().0, line.to_string(), "{}", case.display());
                    }
                    if let Some(kubernetes) = &error.kubernetes {
                        word_for_word += 1;
                        assert_eq!(kubernetes, expected, "{}", case.display());
                    }
                }
                (expected, result) => panic!("{}: {result:?}, expected {expected:?}", case.display()),
            }
        }
    }
    eprintln!("{taken} files taken, {refused} refused, {word_for_word} of them word for word");
    assert!(taken > 0 && refused > 0 && word_for_word > 0);
}

#[test]
fn files_of_the_corpus_have_the_expected_policies() {
    let Some(shared) = shared() else { return };
    let corpus = shared.join("corpus/abac");
    let expected: Value = serde_json::from_slice(&fs::read(corpus.join("expected.json")).unwrap()).unwrap();
    let expected = expected.as_object().unwrap();
    assert!(!expected.is_empty());
    let mut compared = 0;
    for (name, expected) in expected {
        let (sources, file) = read_bytes(name, fs::read(corpus.join(name)).unwrap());
        if expected.get("policies").is_none() {
            assert!(file.is_err(), "{name}: {expected}");
            continue;
        }
        let file = file.unwrap_or_else(|findings| panic!("{name}: {findings:?}"));
        assert_eq!(file.policies.len() as u64, expected["policies"], "{name}");
        assert_eq!(serde_json::to_value(&file.versions).unwrap(), expected["versions"], "{name}");
        let read_only = file.policies.iter().filter(|policy| policy.read_only).count();
        assert_eq!(read_only as u64, expected["readonly"], "{name}");
        for (policy, expected) in file.policies.iter().zip(expected["list"].as_array().unwrap()) {
            compared += 1;
            let line = sources.position(policy.origin.span().unwrap()).line;
            assert_eq!(line as u64, expected["line"], "{name}");
            assert_eq!(
                shown(policy),
                converted(&expected["spec"], expected["version"] == "v0"),
                "{name}:{line}"
            );
        }
    }
    eprintln!("{compared} policies of {} files", expected.len());
    assert!(compared > 0);
}

fn read_bytes(name: &str, bytes: Vec<u8>) -> (SourceMap, Result<PolicyFile, Vec<Finding>>) {
    let mut sources = SourceMap::new();
    let source = take_in(&mut sources, name, bytes, &Limits::default()).unwrap();
    let file = read(&sources, source);
    (sources, file)
}

/// User, group, API group, resource, namespace, path.
type Shown = [String; 6];

fn shown(policy: &AttributePolicy) -> Shown {
    fn wild<T: ToString>(value: &Wild<T>) -> String {
        match value {
            Wild::Any => "*".to_owned(),
            Wild::Is(value) => value.to_string(),
        }
    }
    [
        policy.user.as_ref().map_or_else(String::new, ToString::to_string),
        policy.group.as_ref().map_or_else(String::new, ToString::to_string),
        wild(&policy.api_group),
        wild(&policy.resource),
        wild(&policy.namespace),
        policy.non_resource_path.to_string(),
    ]
}

/// What the specification's table of conversions makes of the fields as they are written.
fn converted(spec: &Value, v0: bool) -> Shown {
    let field = |name: &str| spec[name].as_str().unwrap_or_default().to_owned();
    let (mut user, mut group) = (field("user"), field("group"));
    if user == "*" || group == "*" || v0 && user.is_empty() && group.is_empty() {
        (user, group) = (String::new(), "system:authenticated".to_owned());
    }
    if !v0 {
        return [
            user,
            group,
            field("apiGroup"),
            field("resource"),
            field("namespace"),
            field("nonResourcePath"),
        ];
    }
    let or_star = |text: String| if text.is_empty() { "*".to_owned() } else { text };
    let path = if field("namespace").is_empty() && field("resource").is_empty() { "*" } else { "" };
    [user, group, "*".to_owned(), or_star(field("resource")), or_star(field("namespace")), path.to_owned()]
}

fn shared() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let shared =
        std::env::var_os("ROLECALL_SHARED").map_or_else(|| Path::new(default).to_owned(), PathBuf::from);
    if shared.is_dir() {
        return Some(shared);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", shared.display());
    eprintln!("skipped: {} is missing", shared.display());
    None
}
