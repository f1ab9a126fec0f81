//! The command as kubectl's plugin: called `kubectl-rolecall`, it answers as `kubectl rolecall`.

use std::{os::unix::fs::symlink, process::Command};

use crate::surroundings::{Directory, Run, fixture};

#[test]
fn a_link_called_kubectl_rolecall_answers() {
    let shop = fixture("shop.yaml");
    let question = ["can-i", "get", "widgets", "--as", "olga", "-f", &shop, "--default-roles=none"];
    let run = plugin(&question);
    assert_eq!(run, crate::surroundings::rolecall(&question));
}

#[test]
fn what_it_tells_people_to_type_is_what_kubectl_takes() {
    for (arguments, usage) in [
        (&["--help"][..], "Usage: kubectl rolecall [OPTIONS] <COMMAND>"),
        (&["check", "-h"], "Usage: kubectl rolecall check "),
        (&["can-i", "-h"], "Usage: kubectl rolecall can-i VERB "),
    ] {
        let run = plugin(arguments);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        assert!(run.stdout.contains(usage), "{}", run.stdout);
        let elsewhere = run.stdout.replace("kubectl rolecall", "");
        assert!(
            !elsewhere.contains("rolecall can-i") && !elsewhere.contains("rolecall explain-code"),
            "{elsewhere}"
        );
    }
    let run = plugin(&["check", "x", "--dney"]);
    assert!(run.stderr.ends_with("(see 'kubectl rolecall check -h')\n"), "{}", run.stderr);
    let directory = Directory::new();
    let run = plugin(&["check", &directory.file("broken.yaml", "kind: [\n")]);
    assert!(run.stderr.contains("(kubectl rolecall explain-code "), "{}", run.stderr);
    let run = plugin(&["can-i", "get"]);
    assert!(run.stderr.contains("See 'kubectl rolecall can-i -h' for help"), "{}", run.stderr);
}

#[test]
fn its_version_is_that_of_the_command() {
    assert_eq!(plugin(&["--version"]).stdout, format!("rolecall {}\n", env!("CARGO_PKG_VERSION")));
}

/// Runs the command through a link with the name that kubectl looks for.
fn plugin(arguments: &[&str]) -> Run {
    let directory = Directory::new();
    let link = directory.join("kubectl-rolecall");
    symlink(env!("CARGO_BIN_EXE_rolecall"), &link).unwrap();
    let output = Command::new(&link).args(arguments).env("NO_COLOR", "1").output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
