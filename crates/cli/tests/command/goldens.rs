//! Every output in every format, whole, as somebody sees it who runs the command for the first time.
//!
//! A file of `tests/goldens` begins with a command line, run in that folder; what it prints on both streams
//! and its exit code follow. To add one, write the first line; to take over what commands print now, run this
//! with `ROLECALL_UPDATE_GOLDENS=1` and read the diff.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::surroundings::Directory;

#[test]
fn every_output_is_as_it_was_read() {
    let is_update = std::env::var_os("ROLECALL_UPDATE_GOLDENS").is_some();
    let home = Directory::new();
    let mut failures = Vec::new();
    for path in goldens() {
        let expected = fs::read_to_string(&path).unwrap();
        let command = expected.lines().next().and_then(|line| line.strip_prefix("$ rolecall ")).unwrap();
        let now = format!("$ rolecall {command}\n{}", run(command, &home));
        if now != expected && is_update {
            fs::write(&path, now).unwrap();
        } else if now != expected {
            failures.push(format!("{}\n{now}", path.display()));
        }
    }
    assert!(failures.is_empty(), "prints something else:\n\n{}", failures.join("\n"));
}

/// What a terminal shows of a command, and its exit code.
fn run(command: &str, home: &Directory) -> String {
    let output = Command::new("sh")
        // Both streams are one, as they are on a terminal.
        .args(["-c", &format!("exec 2>&1\n\"$ROLECALL\" {command}")])
        .current_dir(folder())
        .env_clear()
        .env("HOME", home.path())
        .env("NO_COLOR", "1")
        .env("PATH", "/usr/bin:/bin")
        .env("ROLECALL", env!("CARGO_BIN_EXE_rolecall"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let code = format!("(exit code {})\n", output.status.code().unwrap());
    printed.lines().map(lasting).chain([code]).collect::<Vec<_>>().join("\n")
}

/// A line without what changes from run to run, or with every release: `(1.1 s)`, `"version": "0.1.0"`.
fn lasting(line: &str) -> String {
    let line = line.replace(&format!("\"{}\"", env!("CARGO_PKG_VERSION")), "\"VERSION\"");
    let timed = line.strip_suffix(" s)").and_then(|begin| begin.rsplit_once(" ("));
    match timed {
        Some((begin, seconds)) if seconds.parse::<f64>().is_ok() => format!("{begin} (TIME)"),
        _ => line,
    }
}

fn goldens() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "txt")).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens")
}
