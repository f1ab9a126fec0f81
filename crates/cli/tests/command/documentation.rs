//! Every command line of the README and of the book is run, and prints what is shown.
//!
//! Commands run in a folder that looks like the repository's root, with a home and a search path of their
//! own: `rolecall` is the built command, and `kubectl` a script that prints a cluster's objects and runs its
//! plugins. To take over what commands print now, run this with `ROLECALL_UPDATE_DOCS=1` and read the diff.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    packaging::root,
    surroundings::{Directory, fixture, rolecall},
    transcript::{Step, matches, mentions, steps},
};

#[test]
fn the_readme_prints_what_it_shows() {
    run_page("README.md");
}

#[test]
fn the_book_prints_what_it_shows() {
    for page in pages() {
        run_page(&page);
    }
}

#[test]
fn what_sentences_mention_exists() {
    for page in pages().into_iter().chain(["README.md".to_owned()]) {
        for mention in mentions(&read(&page)) {
            let mut words = mention.split_whitespace();
            let subcommand = words.next().unwrap();
            let help = rolecall(&[subcommand, "-h"]);
            assert_eq!(help.code, 0, "{page}: there is no `rolecall {mention}`");
            for flag in words.filter(|word| word.starts_with('-') && *word != "-") {
                let flag = flag.split('=').next().unwrap();
                let known = help.stdout.split_whitespace().any(|word| word.trim_end_matches(',') == flag);
                assert!(known, "{page}: `rolecall {mention}` has no {flag}");
            }
        }
    }
}

#[test]
fn every_page_is_in_the_summary_and_every_link_leads_somewhere() {
    let summary = read("docs/SUMMARY.md");
    let listed: Vec<_> = links(&summary).collect();
    for page in pages() {
        let page = page.strip_prefix("docs/").unwrap();
        assert!(page == "SUMMARY.md" || listed.contains(&page), "docs/SUMMARY.md does not list {page}");
    }
    for page in pages().into_iter().chain(["README.md".to_owned()]) {
        for link in links(&read(&page)).filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let path = link.split('#').next().unwrap();
            let target = root().join(&page).parent().unwrap().join(path);
            assert!(target.exists(), "{page}: {link} leads nowhere");
        }
    }
}

#[test]
fn the_book_is_made_of_this_folder() {
    let book = read("docs/book.toml");
    assert!(book.lines().any(|line| line == "src = \".\""), "{book}");
}

/// What is typed to build, install or test something that takes minutes or reaches for the network, and where
/// else it is held.
const RUN_ELSEWHERE: [(&str, &str); 5] = [
    ("cargo install --locked --path crates/cli", "the action's test, and below: the folder is a package"),
    ("cargo test --workspace", ".ci/run runs the README's own line"),
    ("kubectl krew install --manifest=", "the manifest is read in the test of packaging"),
    ("podman ", "the Containerfile is read in the test of packaging"),
    ("pre-commit ", "the hook's own command line is run in the test of packaging"),
];

/// The same as `rolecall`, typed before anything is installed; `.ci/run` runs it as it stands.
const FROM_SOURCE: &str = "cargo run --quiet --package rolecall-cli -- ";

fn run_page(page: &str) {
    let text = read(page);
    let steps = steps(&text);
    let place = Place::new();
    let mut code = 0;
    let mut printed_now = Vec::new();
    let mut failures = Vec::new();
    for step in &steps {
        if RUN_ELSEWHERE.iter().any(|(begin, _)| step.command.starts_with(begin)) {
            assert_eq!(step.shown, None, "{page}:{}: nobody compares this output", step.line);
            printed_now.push(None);
            continue;
        }
        let (printed, status) = place.run(&step.command, code);
        code = status;
        let right = step.shown.as_ref().map_or(code == 0, |shown| matches(shown, &printed));
        if !right {
            let command = &step.command;
            failures.push(format!("{page}:{}\n$ {command}\n{printed}(exit code {code})\n", step.line));
        }
        printed_now.push((!right && step.shown.is_some()).then_some(printed));
    }
    if !failures.is_empty() && std::env::var_os("ROLECALL_UPDATE_DOCS").is_some() {
        fs::write(root().join(page), updated(&text, &steps, &printed_now)).unwrap();
        return;
    }
    assert!(failures.is_empty(), "prints something else, or fails:\n\n{}", failures.join("\n"));
}

/// The page with the outputs that were not as shown.
fn updated(page: &str, steps: &[Step], printed: &[Option<String>]) -> String {
    let mut lines: Vec<String> = page.lines().map(str::to_owned).collect();
    for (step, printed) in steps.iter().zip(printed).rev() {
        let (Some(shown), Some(printed)) = (&step.shown, printed) else { continue };
        let start = step.line - 1 + step.command.lines().count();
        let indent = " ".repeat(step.indent);
        let now = printed.lines().map(|line| format!("{indent}{line}").trim_end().to_owned());
        lines.splice(start..start + shown.lines().count(), now);
    }
    lines.join("\n") + "\n"
}

/// Where command lines are run.
struct Place {
    folder: Directory,
}

impl Place {
    fn new() -> Self {
        let folder = Directory::new();
        for entry in fs::read_dir(root()).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name != "target" && !name.starts_with('.') {
                symlink(root().canonicalize().unwrap().join(&name), folder.join(&name)).unwrap();
            }
        }
        let kubectl = folder.file("bin/kubectl", KUBECTL);
        let mut permissions = fs::metadata(&kubectl).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
        fs::set_permissions(&kubectl, permissions).unwrap();
        symlink(env!("CARGO_BIN_EXE_rolecall"), folder.join("bin/rolecall")).unwrap();
        symlink(env!("CARGO_BIN_EXE_rolecall"), folder.join("bin/kubectl-rolecall")).unwrap();
        fs::create_dir(folder.join("home")).unwrap();
        Self { folder }
    }

    /// What a terminal shows, and the exit code; `before` is the one of the command before.
    fn run(&self, command: &str, before: i32) -> (String, i32) {
        let command = command.replace(FROM_SOURCE, "rolecall ");
        let output = Command::new("sh")
            // Both streams are one, as they are on a terminal.
            .args(["-c", &format!("exec 2>&1\n(exit {before})\n{command}")])
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.join("home"))
            .env("NO_COLOR", "1")
            .env("PATH", format!("{}:/usr/bin:/bin", self.folder.join("bin").display()))
            .env("ROLECALL_TEST_CLUSTER", fixture("cluster.yaml"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
    }
}

/// kubectl, as far as the documentation needs it.
const KUBECTL: &str = r#"#!/bin/sh
case "$1" in
get) case "$*" in
    *" -A -o yaml") cat "$ROLECALL_TEST_CLUSTER" ;;
    *) echo "this kubectl prints YAML of all namespaces" >&2; exit 1 ;;
    esac ;;
rolecall) shift; exec kubectl-rolecall "$@" ;;
*) echo "error: unknown command \"$1\" for \"kubectl\"" >&2; exit 1 ;;
esac
"#;

/// All pages of the book, by their paths from the root.
fn pages() -> Vec<String> {
    let mut pages = Vec::new();
    let mut folders = vec![PathBuf::from("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if root().join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path.to_str().unwrap().to_owned());
            }
        }
    }
    pages.sort();
    assert!(pages.contains(&"docs/SUMMARY.md".to_owned()), "{pages:?}");
    pages
}

/// Where the links of a page lead.
fn links(page: &str) -> impl Iterator<Item = &str> {
    page.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link)
}

fn read(page: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(page)).unwrap()
}
