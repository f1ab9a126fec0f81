//! What the fuzz targets start from, and what they once found, through the same functions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking; the fuzzers' own file is included as it is"
)]

use std::{collections::BTreeSet, fs, path::PathBuf};

#[path = "../../fuzz/src/lib.rs"]
mod fuzz;

#[test]
fn seeds_and_former_crashes_are_fine() {
    for (name, target) in fuzz::TARGETS {
        let mut seeds = 0;
        for kind in ["seeds", "crashes"] {
            for file in files(&folder(kind).join(name)) {
                seeds += usize::from(kind == "seeds");
                // Shown when the test fails.
                println!("{}", file.display());
                target(&fs::read(&file).unwrap());
            }
        }
        assert!(seeds > 0, "{name} has no seed in fuzz/seeds");
    }
}

#[test]
fn every_target_is_replayed() {
    let listed: BTreeSet<_> = fuzz::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    for kind in ["targets", "seeds", "crashes"] {
        let found: BTreeSet<_> = fs::read_dir(folder(kind))
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(found, listed, "fuzz/{kind} and the list of targets");
    }
}

fn folder(kind: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz")).join(kind)
}

fn files(folder: &PathBuf) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.file_name().unwrap().to_str().unwrap().starts_with('.'))
        .collect();
    files.sort();
    files
}
