//! The borders between the rooms: which crate may know which.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;

/// Each room and the rooms that it may know. ARCHITECTURE.md has the reasons; a new edge needs one there.
const ROOMS: [(&str, &[&str]); 13] = [
    ("rolecall-source", &[]),
    ("rolecall-model", &["rolecall-source"]),
    ("rolecall-diagnostics", &["rolecall-source"]),
    ("rolecall-kubernetes", &["rolecall-source", "rolecall-model", "rolecall-diagnostics"]),
    // Reference and engine know nothing of each other, so that comparing them proves something.
    ("rolecall-reference", &["rolecall-model"]),
    ("rolecall-engine", &["rolecall-model"]),
    // The tables are bytes to it: what they mean, the engine says.
    ("rolecall-compiled", &["rolecall-source", "rolecall-model"]),
    // Aggregated roles follow a change as Kubernetes has it.
    ("rolecall-live", &["rolecall-model", "rolecall-kubernetes", "rolecall-engine"]),
    // It asks whatever authorizer it is given, and makes request classes of the model: it may not trust the
    // tables that it checks. Which part of a grant holds it learns from the reference, rule by rule.
    // What lints find is a finding, and has a place.
    (
        "rolecall-analysis",
        &["rolecall-source", "rolecall-model", "rolecall-diagnostics", "rolecall-reference"],
    ),
    ("rolecall-testkit", &["rolecall-model", "rolecall-analysis"]),
    (
        "rolecall",
        &[
            "rolecall-source",
            "rolecall-model",
            "rolecall-diagnostics",
            "rolecall-kubernetes",
            "rolecall-engine",
            "rolecall-live",
            "rolecall-compiled",
            "rolecall-analysis",
        ],
    ),
    ("rolecall-cli", &["rolecall", "rolecall-analysis", "rolecall-reference"]),
    (
        "rolecall-tests",
        &[
            "rolecall-source",
            "rolecall-model",
            "rolecall-diagnostics",
            "rolecall-kubernetes",
            "rolecall-reference",
            "rolecall-engine",
            "rolecall-compiled",
            "rolecall-analysis",
            "rolecall-testkit",
            "rolecall",
        ],
    ),
];

/// What the innermost rooms may take from outside: nothing, or hash tables and error types.
const FEW_DEPENDENCIES: [(&str, &[&str]); 4] = [
    ("rolecall-source", &[]),
    ("rolecall-model", &[]),
    ("rolecall-reference", &[]),
    (
        "rolecall-engine",
        &["bytemuck", "rapidhash", "rustc-hash", "self_cell", "foldhash", "hashbrown", "thiserror"],
    ),
];

#[test]
fn a_room_knows_only_the_rooms_that_it_may_know() {
    let packages = packages();
    for package in &packages {
        let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == package.name) else {
            panic!("{} is in no map: give it a place here and in ARCHITECTURE.md", package.name);
        };
        for dependency in package.dependencies.iter().filter(|name| is_room(name)) {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{} may not know {dependency}: it may know {allowed:?}",
                package.name
            );
        }
    }
    let names: BTreeSet<_> = packages.iter().map(|package| package.name.as_str()).collect();
    let rooms: BTreeSet<_> = ROOMS.iter().map(|(room, _)| *room).collect();
    assert_eq!(names, rooms, "rooms of the workspace and rooms of the map");
}

#[test]
fn the_innermost_rooms_take_almost_nothing_from_outside() {
    let packages = packages();
    for (room, allowed) in FEW_DEPENDENCIES {
        let package = packages.iter().find(|package| package.name == room).unwrap();
        for dependency in package.dependencies.iter().filter(|name| !is_room(name)) {
            assert!(allowed.contains(&dependency.as_str()), "{room} may not depend on {dependency}");
        }
    }
}

fn is_room(name: &str) -> bool {
    name == "rolecall" || name.starts_with("rolecall-")
}

struct Package {
    name: String,
    /// What it is built with; what only its tests use is not looked at.
    dependencies: Vec<String>,
}

/// The packages of the workspace, as cargo sees them.
fn packages() -> Vec<Package> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline", "--manifest-path", manifest])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let packages: Vec<_> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| Package {
            name: text(&package["name"]),
            dependencies: package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|dependency| dependency["kind"].is_null())
                .map(|dependency| text(&dependency["name"]))
                .collect(),
        })
        .collect();
    assert!(!packages.is_empty());
    packages
}
