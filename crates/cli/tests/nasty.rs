//! Inputs that must fail well, or just barely load: each through the built command, as text and as JSON.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command},
    thread,
};

use rolecall_tests::{
    command,
    nasty::{self, Checked},
    report::{self, Report},
    shared,
};

#[test]
fn every_nasty_file_is_taken_or_refused_as_it_must() {
    if let Some(folder) = shared::folder("corpus/nasty") {
        check_folder("corpus/nasty", &folder);
    }
}

#[test]
fn every_large_input_is_taken_or_refused_quickly_in_bounded_memory() {
    let Some(folder) = shared::folder("corpus/nasty") else { return };
    let out = TemporaryFolder::new("rolecall-nasty");
    match Command::new("python3").arg(folder.join("make_large.py")).arg(&out.0).status() {
        Ok(status) => {
            assert!(status.success(), "make_large.py failed");
            check_folder("corpus/nasty, large", &out.0);
        }
        Err(error) => {
            assert!(env::var_os("CI").is_none(), "python3 is required in CI: {error}");
            report::line(&format!(
                "SKIPPED: python3 cannot be run ({error}), so large inputs are not tested"
            ));
        }
    }
}

fn check_folder(suite: &str, folder: &Path) {
    let expectations = nasty::expectations(folder);
    let mut report = Report::default();
    for (name, expectation) in &expectations {
        let run = |arguments: &[&str]| {
            command::run(Path::new(env!("CARGO_BIN_EXE_rolecall")), folder, ["check"].iter().chain(arguments))
        };
        let checked = thread::scope(|scope| {
            let json = scope.spawn(|| run(&["-o", "json", name]));
            Checked { text: run(&[name]), json: json.join().expect("running a command does not panic") }
        });
        expectation.judge(name, &folder.join(name), &checked, SLACK, &mut report);
    }
    report.finish(suite, &format!("{} inputs", expectations.len()));
}

/// The limits of time are those of a release build that has the machine for itself; here two run beside each other,
/// and other tests beside them.
const SLACK: f64 = if cfg!(debug_assertions) { 15.0 } else { 2.0 };

/// A folder that is removed at the end.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("{name}-{}", process::id()));
        fs::create_dir_all(&path).expect("the folder for temporary files can be written");
        Self(path)
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean up.
        let _ = fs::remove_dir_all(&self.0);
    }
}
