//! Every nasty file of the shared corpus through the loader, strictly: what must load loads with exactly what
//! is in it, what must be refused is refused on the right line, in the right field, with the right words.

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

use std::{fs, path::Path};

use rolecall_diagnostics::{Finding, Severity, print::terminal};
use rolecall_kubernetes::load::{Load, LoadOptions, Loader, Validate};
use rolecall_model::{PolicySet, Rule, Subject};
use serde_json::Value;

use shared::{json_file, mentioned, shared};

#[test]
fn nasty_files_load_or_fail_as_expected() {
    let Some(nasty) = shared("corpus/nasty") else { return };
    let expected = json_file(&nasty.join("expected.json"));
    let cases: Vec<_> =
        expected.as_object().unwrap().iter().filter(|(name, _)| !name.starts_with('_')).collect();
    assert!(!cases.is_empty(), "no case in {}", nasty.display());
    let mut wrong = Vec::new();
    for (file, case) in &cases {
        // No way of loading may end badly.
        load(&nasty.join(file), Validate::Ignore);
        load(&nasty.join(file), Validate::Warn);
        let load = load(&nasty.join(file), Validate::Strict);
        let mut faults = Vec::new();
        match (case["expect"].as_str().unwrap(), &load.policies) {
            ("err", None) => refused(&load, case, true, &mut faults),
            ("err", Some(_)) if case["warning_will_do"] == true => refused(&load, case, true, &mut faults),
            ("ok" | "either", Some(policies)) => loaded(&load, policies, case, &mut faults),
            ("either", None) => refused(&load, case, false, &mut faults),
            ("ok", None) => faults.push("is refused".to_owned()),
            (_, Some(_)) => faults.push("loads".to_owned()),
            (other, None) => panic!("unknown expectation {other}"),
        }
        let printed = terminal(&load.findings, &load.sources, false);
        if let Some(forbidden) = case["output_must_not_contain"].as_str()
            && printed.contains(&forbidden.replace("\\u001b", "\u{1b}"))
        {
            faults.push("prints an escape sequence".to_owned());
        }
        if !faults.is_empty() {
            wrong.push(format!("{file}: {}\n{printed}", faults.join("; ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} files:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn load(file: &Path, validate: Validate) -> Load {
    let mut loader = Loader::new(LoadOptions { validate, ..LoadOptions::default() });
    loader.add(&file.to_string_lossy(), fs::read(file).unwrap());
    loader.finish()
}

/// A finding, at least a warning, that says all that it must.
fn refused(load: &Load, case: &Value, whole: bool, faults: &mut Vec<String>) {
    let printed = terminal(&load.findings, &load.sources, false);
    let patterns = case["mention"].as_array().into_iter().flatten().map(|pattern| pattern.as_str().unwrap());
    for pattern in patterns {
        if !mentioned(&printed, pattern) {
            faults.push(format!("does not mention {pattern}"));
        }
    }
    let serious = load.findings.iter().filter(|finding| finding.severity >= Severity::Warning);
    let fits = |finding: &&Finding| {
        let line = finding.line.or_else(|| finding.span().map(|span| load.sources.position(span).line));
        // The line that the independent reader names of the same fault is as good.
        let other = case["pyyaml"]["message"].as_str().unwrap_or("");
        let on_line = case["line"].as_array().is_none_or(|range| {
            line.is_some_and(|line| {
                (range[0].as_u64().unwrap()..=range[1].as_u64().unwrap()).contains(&(line as u64))
                    || other.contains(&format!(", line {line},"))
            })
        });
        let in_field = case["field"].as_str().is_none_or(|expected| {
            finding.field.as_deref().is_some_and(|field| {
                field.starts_with(expected) || field.ends_with(expected) || expected.starts_with(field)
            })
        });
        !whole || (on_line && in_field)
    };
    if !serious.clone().any(|finding| fits(&finding)) {
        let found: Vec<_> = serious.map(|finding| finding.field.clone().unwrap_or_default()).collect();
        faults.push(format!("no finding in {} {}: {found:?}", case["line"], case["field"]));
    }
}

fn loaded(load: &Load, policies: &PolicySet, case: &Value, faults: &mut Vec<String>) {
    let [summary] = load.files.as_slice() else { return faults.push("has not one summary".to_owned()) };
    let counts = serde_json::to_value(summary).unwrap();
    for field in [
        "objects",
        "rules",
        "subjects",
        "verbs",
        "apiGroups",
        "resources",
        "resourceNames",
        "nonResourceURLs",
        "aggregated",
        "policies",
    ] {
        if let Some(expected) = case.get(field)
            && counts[field] != *expected
        {
            faults.push(format!("{field} is {}, not {expected}", counts[field]));
        }
    }
    let rules: Vec<&Rule> = policies.roles().iter().flat_map(|role| &role.rules).collect();
    let subjects: Vec<String> = policies.bindings().iter().flat_map(subjects_of).collect();
    let names: Vec<&str> = policies.roles().iter().map(|role| role.name.as_str()).collect();
    for (key, expected) in case.as_object().unwrap() {
        let found = if let Some((list, number)) = key.split_once("_of_rule_") {
            let rule = rules[number.parse::<usize>().unwrap() - 1];
            Value::from(match list {
                "verbs" => rule.verbs.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "resources" => rule.resources.iter().map(ToString::to_string).collect(),
                other => panic!("what is {other}?"),
            })
        } else if let Some(number) = key.strip_prefix("subject_") {
            Value::from(subjects[number.parse::<usize>().unwrap() - 1].as_str())
        } else if key == "names" {
            Value::from(names.clone())
        } else if key == "warning_welcome" {
            Value::from(load.findings.iter().any(|finding| finding.severity == Severity::Warning))
        } else if key == "note_welcome" {
            Value::from(!load.findings.is_empty())
        } else {
            continue;
        };
        if found != *expected {
            faults.push(format!("{key} is {found}, not {expected}"));
        }
    }
}

/// The subjects as the corpus names them.
fn subjects_of(binding: &rolecall_model::Binding) -> Vec<String> {
    let name = |subject: &Subject| match subject {
        Subject::Group(name) => format!("Group {name}"),
        Subject::User(name) => format!("User {name}"),
        Subject::Unknown { kind, name } => format!("{kind} {name}"),
        Subject::ServiceAccount { namespace, name } => {
            let own = binding.namespace.as_ref().map_or("", |namespace| namespace.as_str());
            let namespace = if namespace.as_str().is_empty() { own } else { namespace.as_str() };
            format!("system:serviceaccount:{namespace}:{name}")
        }
    };
    binding.subjects.iter().map(name).collect()
}
