//! `rolecall check`.

use serde_json::{Value, json};

use crate::surroundings::{Directory, Run, cluster_role, fixture, rolecall, rolecall_with};

const TYPO: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: deployer
  namespace: ci
rules:
- apiGroups: [\"\"]
  resources: [configmaps]
  resourcesNames: [app-config]
  verbs: [get]
";

#[test]
fn silence_is_success_with_one_summary_line() {
    let directory = Directory::new();
    directory.file("a.yaml", cluster_role("a"));
    directory.file("sub/b.yml", cluster_role("b") + "---\n" + &cluster_role("c"));
    let run = rolecall(&["check", &directory.path()]);
    assert_eq!(
        run,
        Run { code: 0, stdout: String::new(), stderr: "3 objects in 2 files: nothing found\n".into() }
    );
}

#[test]
fn a_typo_that_widens_a_rule_is_an_error_with_its_place() {
    let directory = Directory::new();
    let file = directory.file("ci.yaml", TYPO);
    let run = rolecall(&["check", &file]);
    assert_eq!(
        (run.code, run.stderr.as_str()),
        (1, "1 object in 1 file: 1 error (rolecall explain-code unknown-field tells more)\n")
    );
    for part in ["error[unknown-field]", "ci.yaml:9:3", "resourcesNames: [app-config]", "`resourceNames`"] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    let run = rolecall(&["check", &file, "--validate=warn"]);
    assert_eq!(
        (run.code, run.stderr.as_str()),
        (0, "1 object in 1 file: 1 warning (rolecall explain-code unknown-field tells more)\n")
    );
    assert!(run.stdout.contains("warning[unknown-field]"), "{}", run.stdout);
    let run = rolecall(&["check", &file, "--validate=warn", "--deny", "warnings"]);
    assert_eq!(run.code, 1);
    let run = rolecall(&["check", &file, "--validate=ignore"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""));
}

#[test]
fn json_has_the_files_the_findings_and_the_summary() {
    let directory = Directory::new();
    let file = directory.file("ci.yaml", TYPO);
    let run = rolecall(&["check", "-o", "json", &file]);
    assert_eq!(run.code, 1);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let finding = &report["findings"][0];
    assert_eq!(finding["name"], "unknown-field");
    assert_eq!(finding["severity"], "error");
    assert_eq!(finding["file"], file.as_str());
    assert_eq!((&finding["line"], &finding["column"]), (&json!(9), &json!(3)));
    assert_eq!(finding["object"], "Role ci/deployer");
    assert!(finding["message"].is_string());
    assert_eq!(report["files"][0]["file"], file.as_str());
    assert_eq!(report["files"][0]["objects"], json!({"Role": 1}));
    assert_eq!(report["files"][0]["rules"], 1);
    assert_eq!(
        report["summary"],
        json!({"files": 1, "objects": 1, "policies": 0, "errors": 1, "warnings": 0, "notes": 0})
    );
    assert_eq!(report["left_out"], json!([]));
}

#[test]
fn every_fault_of_every_file_is_reported_in_one_run() {
    let directory = Directory::new();
    let files = ["a.yaml", "b.yaml", "c.yaml"].map(|name| directory.file(name, "kind: [\n"));
    let run = rolecall(&["check", &files[2], &directory.path()]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("3 errors"), "{}", run.stderr);
    // In the order in which they were named.
    let places: Vec<_> = files.iter().map(|file| run.stdout.find(file).unwrap()).collect();
    assert!(places[2] < places[0] && places[0] < places[1], "{}", run.stdout);
}

#[test]
fn many_findings_of_a_kind_are_folded_and_all_are_counted() {
    let directory = Directory::new();
    let many: Vec<_> = (0..500).map(|number| TYPO.replace("deployer", &format!("r{number}"))).collect();
    let file = directory.file("many.yaml", many.join("---\n"));
    let run = rolecall(&["check", &file]);
    assert_eq!(
        (run.code, run.stderr.as_str()),
        (1, "500 objects in 1 file: 500 errors (rolecall explain-code unknown-field tells more)\n")
    );
    assert_eq!(run.stdout.matches("error[unknown-field]").count(), 11, "{}", run.stdout);
    assert!(run.stdout.contains("490 more like these, 500 in all"), "{}", run.stdout);
}

#[test]
fn standard_input_is_a_file_like_others() {
    let run = rolecall_with(&["check", "-"], TYPO);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("-:9:3"), "{}", run.stdout);
    let run = rolecall_with(&["check", "-f", "-"], &cluster_role("a"));
    assert_eq!((run.code, run.stderr.as_str()), (0, "1 object in 1 file: nothing found\n"));
}

#[test]
fn a_path_that_cannot_be_read_is_2() {
    let directory = Directory::new();
    let file = directory.file("a.yaml", cluster_role("a"));
    let missing = directory.join("b.yaml").display().to_string();
    let run = rolecall(&["check", &file, &missing]);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("error[unreadable]"), "{}", run.stdout);
    assert!(run.stdout.contains("did you mean"), "{}", run.stdout);
}

#[test]
fn a_directory_without_policies_is_an_error() {
    let directory = Directory::new();
    directory.file("notes.txt", cluster_role("a"));
    let run = rolecall(&["check", &directory.path()]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("error[no-policy-files]"), "{}", run.stdout);
}

#[test]
fn attribute_policies_are_counted() {
    let run = rolecall(&["check", &fixture("attributes.jsonl")]);
    assert_eq!(
        (run.code, run.stderr.as_str()),
        (0, "0 objects and 2 ABAC policies in 1 file: nothing found\n")
    );
}

#[test]
fn a_binding_to_nothing_is_a_warning() {
    let run = rolecall(&["check", &fixture("shop.yaml")]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(run.stdout.contains("warning[dangling-role]"), "{}", run.stdout);
    assert_eq!(rolecall(&["check", &fixture("shop.yaml"), "--deny=warnings"]).code, 1);
}

#[test]
fn no_escape_sequence_of_a_file_reaches_the_terminal() {
    let directory = Directory::new();
    let evil = cluster_role("\"a\\e[31mred\"") + "rulez: []\n";
    let file = directory.file("evil\u{1b}[2J.yaml", evil);
    for format in ["text", "json"] {
        let run = rolecall(&["check", "-o", format, &file]);
        assert_eq!(run.code, 1, "{}", run.stdout);
        assert!(!run.stdout.contains('\u{1b}') && !run.stderr.contains('\u{1b}'), "{}", run.stdout);
    }
}

#[cfg(unix)]
#[test]
fn odd_things_in_a_directory_neither_hang_nor_count_twice() {
    let directory = Directory::new();
    directory.file("a.yaml", cluster_role("a"));
    directory.file("sub/x.yaml/b.yml", cluster_role("b"));
    directory.file("notes.txt", cluster_role("c"));
    directory.file(".hidden.yaml", cluster_role("d"));
    std::os::unix::fs::symlink("..", directory.join("sub/loop")).unwrap();
    std::os::unix::fs::symlink("a.yaml", directory.join("again.yaml")).unwrap();
    std::os::unix::fs::symlink("nowhere.yaml", directory.join("dangling.yaml")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(directory.join("pipe.yaml")).status().unwrap();
    assert!(made.success());
    let run = rolecall(&["check", &directory.path(), "-o", "json"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let names = |list: &str, key: &str| -> Vec<String> {
        let items = report[list].as_array().unwrap();
        items.iter().map(|item| item[key].as_str().unwrap().to_owned()).collect()
    };
    let files = names("files", "file");
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(files[0].ends_with("/a.yaml") && files[1].ends_with("/sub/x.yaml/b.yml"), "{files:?}");
    assert_eq!(
        names("findings", "name"),
        ["dangling-link", "special-file", "linked-directory", "hidden-file"]
    );
}
