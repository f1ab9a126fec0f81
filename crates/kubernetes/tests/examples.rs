//! The example policies are such that an API server would take them, and say what their comments say.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use rolecall_diagnostics::Severity;
use rolecall_kubernetes::{
    load::{DefaultRoles, Load, LoadOptions, Loader, Validate},
    review::Review,
};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

/// The files of an example in order of their names.
fn files(example: &str, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(examples().join(example))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "there is no {extension} file in {example}");
    files
}

/// Loads files as `rolecall check` does.
fn load(files: &[PathBuf]) -> Load {
    let mut loader = Loader::new(LoadOptions {
        validate: Validate::Strict,
        default_roles: DefaultRoles::Auto,
        ..LoadOptions::default()
    });
    for file in files {
        loader.add(&file.display().to_string(), fs::read(file).unwrap());
    }
    let load = loader.finish();
    let worse: Vec<_> = load.findings.iter().filter(|finding| finding.severity > Severity::Note).collect();
    assert!(worse.is_empty(), "{worse:#?}");
    load
}

#[test]
fn the_shop_is_taken_in_strict_mode_with_its_requests_beside_it() {
    let mut paths = files("shop", "yaml");
    paths.extend(files("shop", "jsonl"));
    let load = load(&paths);
    let policies = load.policies.unwrap();
    let roles: Vec<String> = policies
        .roles()
        .iter()
        .filter(|role| role.origin.span().is_some())
        .map(|role| role.name.as_str().to_owned())
        .collect();
    assert_eq!(roles, ["pod-admin", "vault-agent", "orders-view", "editor", "api-secrets"]);
    let view = policies.roles().iter().find(|role| role.name.as_str() == "view").unwrap();
    assert!(view.rules.iter().any(|rule| rule.resources.iter().any(|found| found.as_str() == "orders")));
    assert_eq!(load.resource_types.resolve("ord").unwrap().group, "shop.example.com");
}

#[test]
fn every_request_of_the_shop_is_one_that_the_api_takes() {
    for file in files("shop", "jsonl") {
        for line in fs::read_to_string(file).unwrap().lines() {
            assert!(Review::parse(line.as_bytes(), None).is_ok(), "{line}");
        }
    }
}

#[test]
fn the_attribute_policies_are_taken_in_strict_mode() {
    let load = load(&files("abac", "jsonl"));
    assert_eq!(load.policies.unwrap().attribute_policies().len(), 5);
}
