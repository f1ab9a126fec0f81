//! Kubernetes' own answers about manifests: what its decoder refuses, and what its validation says, word for
//! word.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::print_stderr,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod shared;

use std::{collections::BTreeMap, fs, path::Path};

use rolecall_kubernetes::{
    document::{Documents, Limits, take_in},
    load::{LoadOptions, Loader, Validate},
    manifest::{Item, Reader},
    validation::validate,
};
use rolecall_source::SourceMap;
use serde_json::Value;

use shared::{folders, shared};

#[test]
fn objects_are_refused_in_kubernetes_words() {
    let Some(cases) = shared("conformance/rbac") else { return };
    let mut found = 0;
    for case in folders(&cases) {
        let expected: BTreeMap<u64, Value> = match fs::read_to_string(case.join("validation.jsonl")) {
            Ok(text) => text
                .lines()
                .map(|line| serde_json::from_str::<Value>(line).unwrap())
                .map(|object| (object["index"].as_u64().unwrap(), object["errors"].clone()))
                .collect(),
            Err(_) => BTreeMap::new(),
        };
        // Without the file, validation finds nothing to say of what can be read at all.
        if case.join("expected-error").exists() {
            continue;
        }
        found += expected.len();
        assert_eq!(refused(&case.join("policy.yaml")), expected, "{}", case.display());
    }
    assert!(found > 0, "no object of {} is refused", cases.display());
}

#[test]
fn what_kubernetes_cannot_decode_fails_however_it_is_loaded() {
    let Some(cases) = shared("conformance/rbac") else { return };
    let mut found = 0;
    for case in folders(&cases) {
        let policy = fs::read(case.join("policy.yaml")).unwrap();
        let fails = case.join("expected-error").exists();
        found += usize::from(fails);
        for validate in [Validate::Ignore, Validate::Warn, Validate::Strict] {
            let mut loader = Loader::new(LoadOptions { validate, ..LoadOptions::default() });
            loader.add("policy.yaml", policy.clone());
            let load = loader.finish();
            let loads = load.policies.is_some();
            if validate != Validate::Strict {
                assert_eq!(loads, !fails, "{} {validate:?}: {:?}", case.display(), load.findings);
            }
            assert!(!(fails && loads), "{}", case.display());
        }
    }
    assert!(found > 0, "no case in {} fails", cases.display());
}

/// What an API server says of the objects that it refuses, by their number.
fn refused(policy: &Path) -> BTreeMap<u64, Value> {
    let mut sources = SourceMap::new();
    let limits = Limits::default();
    let id = take_in(&mut sources, "policy.yaml", fs::read(policy).unwrap(), &limits).unwrap();
    let mut reader = Reader::new(&sources, Validate::Ignore);
    let mut refused = BTreeMap::new();
    let mut number = 0;
    for document in Documents::new(&sources, id, &limits) {
        reader.read(&document.unwrap().root, &mut |item| {
            if let Item::Rbac(mut object) = item {
                object.fill_defaults();
                object.settle_namespace("default");
                let texts: Vec<String> = validate(&object, &sources)
                    .into_iter()
                    .map(|finding| finding.kubernetes.unwrap())
                    .collect();
                if !texts.is_empty() {
                    refused.insert(number, Value::from(texts));
                }
            }
            number += 1;
        });
    }
    assert_eq!(reader.take_findings(), []);
    refused
}

/// Which file is an ABAC policy file is told from what stands in it, and what is no policy is refused whichever
/// way it is loaded.
#[test]
fn abac_files_load_by_themselves_as_they_do_when_asked_for() {
    let Some(cases) = shared("conformance/abac") else { return };
    let mut policies = 0;
    for case in folders(&cases) {
        let text = fs::read(case.join("policy.jsonl")).unwrap();
        let load = |asked_for: bool| {
            let options = LoadOptions { validate: Validate::Ignore, ..LoadOptions::default() };
            let mut loader = Loader::new(options);
            if asked_for {
                loader.add_abac("policy.jsonl", text.clone());
            } else {
                loader.add("policy.jsonl", text.clone());
            }
            loader.finish()
        };
        let (asked_for, detected) = (load(true), load(false));
        let fails = case.join("expected-error").exists();
        assert_eq!(asked_for.policies.is_none(), fails, "{}: {:?}", case.display(), asked_for.findings);
        assert_eq!(detected.policies, asked_for.policies, "{}: {:?}", case.display(), detected.findings);
        policies += detected.files.iter().map(|file| file.policies).sum::<usize>();
    }
    assert!(policies > 0, "no policy in {}", cases.display());
}
