//! Help, completions, man pages, and what a wrong command line costs.

use crate::surroundings::{Directory, command, fixture, rolecall};

const SUBCOMMANDS: [&str; 15] = [
    "bench",
    "can-i",
    "check",
    "compile",
    "completions",
    "explain",
    "explain-code",
    "inspect",
    "man",
    "matrix",
    "review",
    "rules",
    "verify",
    "what-can",
    "who-can",
];

#[test]
fn help_tells_the_exit_codes() {
    let help = rolecall(&["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    for code in ["0  the answer is yes", "1  the answer is no", "2  it could not be answered"] {
        assert!(help.stdout.contains(code), "{}", help.stdout);
    }
    for subcommand in SUBCOMMANDS {
        assert!(help.stdout.contains(&format!("\n  {subcommand} ")), "{subcommand}: {}", help.stdout);
        let help = rolecall(&[subcommand, "-h"]);
        assert_eq!((help.code, help.stderr.as_str()), (0, ""));
        assert!(!help.stdout.is_empty());
        if !["completions", "explain-code", "man"].contains(&subcommand) {
            assert!(help.stdout.contains("Exit codes: 0 "), "{}", help.stdout);
        }
    }
}

#[test]
fn the_version_is_told() {
    let run = rolecall(&["--version"]);
    assert_eq!((run.code, run.stdout), (0, format!("rolecall {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn a_wrong_subcommand_or_flag_costs_one_line() {
    for (arguments, message) in [
        (
            &["revew"][..],
            "error: unrecognized subcommand 'revew'; a similar subcommand exists: 'review' (see 'rolecall -h')\n",
        ),
        (
            &["check", "x", "--dney"],
            "error: unexpected argument '--dney' found; a similar argument exists: '--deny' (see 'rolecall check -h')\n",
        ),
        (
            &["check"],
            "error: the following required arguments were not provided: <PATH>... (see 'rolecall check -h')\n",
        ),
        (
            &["rules", "--validate", "stict"],
            "error: invalid value 'stict' for '--validate <LEVEL>' [possible values: strict, warn, ignore]; a similar value exists: 'strict' (see 'rolecall rules -h')\n",
        ),
    ] {
        let run = rolecall(arguments);
        assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (2, "", message));
    }
}

#[test]
fn without_a_subcommand_help_is_printed() {
    let run = rolecall(&[]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("Usage: rolecall"), "{}", run.stderr);
}

#[test]
fn completions_come_for_every_shell() {
    for (shell, mark) in [
        ("bash", "complete -F _rolecall"),
        ("zsh", "#compdef rolecall"),
        ("fish", "complete -c rolecall"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion"),
    ] {
        let run = rolecall(&["completions", shell]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        assert!(run.stdout.contains(mark) && run.stdout.contains("default-roles"), "{shell}");
    }
    assert_eq!(rolecall(&["completions", "csh"]).code, 2);
}

#[test]
fn every_subcommand_has_a_man_page() {
    let page = rolecall(&["man"]);
    assert_eq!((page.code, page.stderr.as_str()), (0, ""));
    assert!(page.stdout.contains(".TH rolecall 1"), "{}", page.stdout);
    for subcommand in SUBCOMMANDS {
        let page = rolecall(&["man", subcommand]);
        assert_eq!(page.code, 0);
        assert!(page.stdout.contains(&format!(".TH rolecall-{subcommand} 1")), "{}", page.stdout);
    }
    let run = rolecall(&["man", "cna-i"]);
    assert_eq!((run.code, run.stderr.as_str()), (2, "error: there is no subcommand `cna-i`\n"));
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    let directory = Directory::new();
    let broken = directory.file("broken.yaml", "kind: [\n");
    let shop = fixture("shop.yaml");
    for arguments in
        [&["check", &broken][..], &["can-i", "get", "x", "--as", "y", "-f", &shop, "--default-roles=none"]]
    {
        let run = |more: &[&str]| {
            let run = rolecall(&[arguments, more].concat());
            run.stdout + &run.stderr
        };
        assert!(!run(&[]).contains('\u{1b}'));
        assert!(!run(&["--color=auto"]).contains('\u{1b}'));
        assert!(!run(&["--color=never"]).contains('\u{1b}'));
        let coloured = run(&["--color=always"]);
        assert!(coloured.contains('\u{1b}'));
        // Colour underlines, it never carries meaning.
        assert_eq!(without_colours(&coloured), run(&[]));
    }
}

fn without_colours(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').unwrap().1)
}

#[test]
fn a_closed_standard_output_is_no_fault_of_the_question() {
    let shop = fixture("shop.yaml");
    let mut child = command(&["rules", "--as", "olga", "-f", &shop, "--default-roles=none"]).spawn().unwrap();
    drop(child.stdout.take());
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_an_error() {
    let shop = fixture("shop.yaml");
    for (subcommand, code) in [("rules", 2), ("can-i", 1)] {
        let mut command =
            command(&[subcommand, "--as", "olga", "-f", &shop, "--default-roles=none", "--validate=ignore"]);
        if subcommand == "can-i" {
            command.args(["get", "widgets"]);
        }
        let full = std::fs::File::create("/dev/full").unwrap();
        let output = command.stdout(full).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.starts_with("error: cannot write the answer: "), "{stderr}");
    }
}
