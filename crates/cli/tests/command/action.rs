//! The GitHub Action: its file is read, and the script in it is run.

use std::{os::unix::fs::symlink, process::Command};

use crate::{
    packaging::{TYPO, at, parse, read, root, run, text_at},
    surroundings::{Directory, cluster_role},
};

#[test]
fn the_action_annotates_and_fails() {
    let action = parse("action.yml", &read("action.yml"));
    assert_eq!(text_at(&action, &["runs", "using"]), "composite");
    assert_eq!(text_at(&action, &["inputs", "paths", "default"]), ".");
    assert_eq!(text_at(&action, &["inputs", "deny", "default"]), "");
    let steps = at(&action, &["runs", "steps"]).as_list().unwrap();
    let [install, check] = steps else { panic!("{} steps", steps.len()) };
    assert!(text_at(install, &["run"]).contains("--path \"$SOURCE/crates/cli\""));
    assert!(root().join("crates/cli/Cargo.toml").is_file());
    // What comes from whoever calls is no part of a script.
    for step in steps {
        assert!(!text_at(step, &["run"]).contains("${{"));
    }
    assert_eq!(text_at(check, &["env", "PATHS"]), "${{ inputs.paths }}");
    assert_eq!(text_at(check, &["env", "DENY"]), "${{ inputs.deny }}");

    let directory = Directory::new();
    directory.file("good/a.yaml", cluster_role("a"));
    directory.file("dangling/b.yaml", binding_without_role());
    directory.file("bad/c.yaml", TYPO);
    directory.file("runner/rolecall/bin/here", "");
    symlink(env!("CARGO_BIN_EXE_rolecall"), directory.join("runner/rolecall/bin/rolecall")).unwrap();
    let script = text_at(check, &["run"]);
    let run = |paths: &str, deny: &str| {
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script])
            .current_dir(directory.path())
            .env("RUNNER_TEMP", directory.join("runner"))
            .env("PATHS", paths)
            .env("DENY", deny);
        run(&mut bash)
    };
    let good = run("good", "");
    assert_eq!((good.code, good.stdout.as_str()), (0, ""), "{}", good.stderr);
    let bad = run("good\nbad", "");
    assert_eq!(bad.code, 1, "{}", bad.stderr);
    assert!(bad.stdout.contains("::error file=bad/c.yaml,line=5,"), "{}", bad.stdout);
    let warned = run("dangling", "");
    assert_eq!(warned.code, 0, "{}", warned.stderr);
    assert!(warned.stdout.contains("::warning file=dangling/b.yaml,line=4,"), "{}", warned.stdout);
    for deny in ["warnings", "dangling-role", "dangling-role\nunknown-field"] {
        assert_eq!(run("dangling", deny).code, 1, "{deny}");
    }
    let tricky = run("$(touch pwned) ; `touch pwned`", "");
    assert_eq!(tricky.code, 2, "{}", tricky.stderr);
    assert!(!directory.join("pwned").exists());
}

fn binding_without_role() -> String {
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {namespace: ci, name: b}\n\
     roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: gone}\n\
     subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]\n"
        .to_owned()
}
