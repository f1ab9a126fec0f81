//! Every file of the shared corpus through the loader: what an independent counter found in it, word for word.

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

mod sha256;
mod shared;

use std::{fs, path::Path};

use rolecall_kubernetes::{
    document::{Documents, Limits, take_in},
    load::{Load, LoadOptions, Loader, Validate},
    manifest::{Body, Item, RbacObject, Reader, Text, Texts},
};
use rolecall_source::SourceMap;

use shared::{json_file, shared};

#[test]
fn files_hold_what_was_counted() {
    let Some(corpus) = shared("corpus") else { return };
    let expected = json_file(&corpus.join("expected.json"));
    let files = expected["files"].as_object().unwrap();
    assert!(!files.is_empty(), "no case in {}", corpus.display());
    let fields = [
        "objects",
        "rules",
        "subjects",
        "verbs",
        "apiGroups",
        "resources",
        "resourceNames",
        "nonResourceURLs",
        "aggregated",
        "api_versions",
        "ids",
        "documents",
        "empty_docs",
        "skipped",
    ];
    let mut wrong = Vec::new();
    for (file, expected) in files {
        let load = load(&corpus.join(file), Validate::Ignore);
        if load.policies.is_none() {
            wrong.push(format!("{file}: {}", shown(&load)));
            continue;
        }
        let [summary] = load.files.as_slice() else { panic!("{file}: {} summaries", load.files.len()) };
        let summary = serde_json::to_value(summary).unwrap();
        for field in fields {
            if summary[field] != expected[field] {
                wrong.push(format!("{file}: {field} is {}, not {}", summary[field], expected[field]));
            }
        }
        let digest = sha256::hex(canonical(&corpus.join(file)).as_bytes());
        if expected["digest"] != digest.as_str() {
            wrong.push(format!("{file}: digest\n{}", canonical(&corpus.join(file))));
        }
    }
    assert!(wrong.is_empty(), "{} of {} files:\n{}", wrong.len(), files.len(), wrong.join("\n"));
}

/// What an API server would refuse, as an independent reading of its rules has it: the same objects and the
/// same fields. That reading looks neither at names of namespaces nor at label selectors, and knows nothing of
/// names that are made up.
#[test]
fn files_are_refused_for_what_was_found_in_them() {
    let Some(corpus) = shared("corpus") else { return };
    let expected = json_file(&corpus.join("expected.json"));
    let mut wrong = Vec::new();
    for (file, expected) in expected["files"].as_object().unwrap() {
        let load = load(&corpus.join(file), Validate::Warn);
        let unknown_to_it = |field: &str| {
            field == "metadata.namespace" || field.starts_with("aggregationRule.clusterRoleSelectors[")
        };
        let mut fields: Vec<&str> = load
            .findings
            .iter()
            .filter(|finding| finding.kubernetes.is_some() || finding.name == "unknown-field")
            .map(|finding| finding.field.as_deref().unwrap())
            .filter(|field| !unknown_to_it(field))
            .collect();
        let made_up = load.findings.iter().any(|finding| finding.name == "generated-name");
        let mut expected: Vec<&str> = expected["refused"]
            .as_array()
            .unwrap()
            .iter()
            .map(|text| text.as_str().unwrap().split(": ").nth(1).unwrap())
            .filter(|field| !(made_up && *field == "metadata.name"))
            .collect();
        fields.sort_unstable();
        expected.sort_unstable();
        if fields != expected {
            wrong.push(format!("{file}: {fields:?}, not {expected:?}"));
        }
        if load.policies.is_none() {
            wrong.push(format!("{file}: {}", shown(&load)));
        }
    }
    assert!(wrong.is_empty(), "{} files:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn abac_files_are_known_by_their_content() {
    let Some(corpus) = shared("corpus/abac") else { return };
    let expected = json_file(&corpus.join("expected.json"));
    let files = expected.get("files").unwrap_or(&expected).as_object().unwrap();
    let mut found = 0;
    for (file, expected) in files.iter().filter(|(_, expected)| expected.get("policies").is_some()) {
        found += 1;
        let load = load(&corpus.join(file), Validate::Ignore);
        assert_eq!(
            load.files[0].policies as u64,
            expected["policies"].as_u64().unwrap(),
            "{file}: {}",
            shown(&load)
        );
        assert_eq!(load.files[0].documents, 0, "{file}");
    }
    assert!(found > 0, "no case in {}", corpus.display());
}

fn load(file: &Path, validate: Validate) -> Load {
    let mut loader = Loader::new(LoadOptions { validate, ..LoadOptions::default() });
    loader.add(&file.to_string_lossy(), fs::read(file).unwrap());
    loader.finish()
}

fn shown(load: &Load) -> String {
    let findings = load.findings.iter().map(|finding| format!("{}: {}", finding.name, finding.message));
    findings.collect::<Vec<_>>().join("; ")
}

/// The text that `corpus/count.py` describes at `canonical`.
fn canonical(file: &Path) -> String {
    let mut sources = SourceMap::new();
    let id = take_in(&mut sources, "", fs::read(file).unwrap(), &Limits::default()).unwrap();
    let mut reader = Reader::new(&sources, Validate::Ignore);
    let mut text = String::new();
    for document in Documents::new(&sources, id, &Limits::default()) {
        reader.read(&document.unwrap().root, &mut |item| {
            if let Item::Rbac(object) = item {
                object_lines(&object, &mut text);
            }
        });
    }
    text
}

fn object_lines(object: &RbacObject, out: &mut String) {
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    let metadata = &object.metadata;
    line(format!("object {} {} {}", object.kind, metadata.namespace.value, metadata.name.value));
    match &object.body {
        Body::Binding { subjects, role_ref } => {
            for subject in &subjects.value {
                let fields = [&subject.kind, &subject.api_group, &subject.namespace, &subject.name];
                line(format!("subject {}", fields.map(Text::as_str).join(" ")));
            }
            if let Some(role_ref) = role_ref {
                let fields = [&role_ref.api_group, &role_ref.kind, &role_ref.name];
                line(format!("roleref {}", fields.map(Text::as_str).join(" ")));
            }
        }
        Body::Role { rules, aggregation } => {
            for rule in &rules.value {
                line(format!(
                    "rule verbs=[{}] apiGroups=[{}] resources=[{}] resourceNames=[{}] nonResourceURLs=[{}]",
                    joined(&rule.verbs),
                    joined(&rule.api_groups),
                    joined(&rule.resources),
                    joined(&rule.resource_names),
                    joined(&rule.non_resource_urls),
                ));
            }
            for selector in aggregation.iter().flat_map(|rule| &rule.selectors.value) {
                let mut parts: Vec<String> = selector
                    .match_labels
                    .iter()
                    .map(|(key, value)| format!("{}={}", key.value, value.value))
                    .collect();
                parts.sort();
                for requirement in &selector.match_expressions {
                    let (key, operator) = (&requirement.key.value, &requirement.operator.value);
                    parts.push(format!("{key} {operator} ({})", joined(&requirement.values)));
                }
                line(format!("aggregate {}", parts.join(";")));
            }
        }
    }
}

fn joined(list: &Texts) -> String {
    list.value.iter().map(Text::as_str).collect::<Vec<_>>().join(",")
}
