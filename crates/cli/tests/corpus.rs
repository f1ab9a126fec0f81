//! Real files of real projects through the built command: `check -o json` prints the counts of each.

use std::{collections::BTreeMap, path::Path};

use rolecall_tests::{
    command,
    corpus::{self, Counts},
    report::Report,
    shared,
};
use serde::Deserialize;

#[test]
fn check_prints_the_counts_of_every_file() {
    let Some(expected) = corpus::expected_files() else { return };
    let folder = shared::folder("corpus").expect("it was there a moment ago");
    let mut report = Report::default();
    let names: Vec<_> = expected.keys().collect();
    let mut found = BTreeMap::new();
    for names in names.chunks(FILES_A_RUN) {
        let arguments = ["check", "--validate=ignore", "-o", "json"].into_iter();
        let arguments = arguments.chain(names.iter().map(|name| name.as_str()));
        let run = command::run(Path::new(env!("CARGO_BIN_EXE_rolecall")), &folder, arguments);
        report.check(run.code == Some(0), || format!("exit {:?}: {}", run.code, run.stderr));
        match serde_json::from_str::<Output>(&run.stdout) {
            Ok(output) => found.extend(output.files.into_iter().map(|file| (file.file, file.counts))),
            Err(error) => report.failure(format!("no JSON: {error}: {}", run.output())),
        }
    }
    for (name, expected) in &expected {
        let found = found.get(name);
        report.check(found == Some(&expected.counts), || {
            format!("{name}: {found:#?}, expected {:#?}", expected.counts)
        });
    }
    report.finish("rolecall check, corpus", &format!("{} files", expected.len()));
}

#[derive(Deserialize)]
struct Output {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    file: String,
    #[serde(flatten)]
    counts: Counts,
}

/// Enough that few processes are started, few enough for any limit on the length of a command.
const FILES_A_RUN: usize = 200;
