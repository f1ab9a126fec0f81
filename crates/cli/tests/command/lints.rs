//! Lints of `rolecall check`: every page, levels, suppressions.

use std::{collections::BTreeMap, fs, path::PathBuf};

use rolecall_analysis::lints;
use serde_json::Value;

use crate::surroundings::{Directory, Run, rolecall, rolecall_in};

const ROLE: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: app
  namespace: shop
rules:
- apiGroups: [apps]
  resources: [deployments]
  verbs: [\"*\"]
";

/// The pages of a folder of docs, by name.
pub(crate) fn pages(folder: &str) -> BTreeMap<String, String> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs")).join(folder);
    let pages: BTreeMap<_, _> = fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().is_some_and(|name| name != "README.md"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    assert!(!pages.is_empty(), "{} holds no page", path.display());
    pages
}

/// The example under a heading of a page.
fn example<'a>(page: &'a str, heading: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("\n## {heading}\n\n```yaml\n"))?;
    Some(rest.split_once("\n```\n").unwrap().0)
}

/// The names of what is found in a text, with a level for one of them.
fn names(text: &str, arguments: &[&str]) -> Vec<String> {
    let directory = Directory::new();
    let file = directory.file("example.yaml", format!("{text}\n"));
    let run = rolecall(&[&["check", "-o", "json", &file], arguments].concat());
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_lint_has_a_page_whose_examples_show_it() {
    let pages = pages("lints");
    let known: Vec<_> = lints::all().iter().map(|lint| lint.name).collect();
    assert_eq!(
        pages.keys().map(String::as_str).collect::<std::collections::BTreeSet<_>>(),
        known.into_iter().collect()
    );
    for lint in lints::all() {
        let page = &pages[lint.name];
        assert!(page.starts_with(&format!("# {}\n", lint.name)), "{page}");
        let default = lint.default.map_or("off", |severity| severity.as_str());
        assert!(page.contains(&format!("\n\nDefault: {default}.\n\n")), "{}: {default}", lint.name);
        let summary = page.lines().nth(2).unwrap();
        assert_eq!(summary.to_lowercase(), format!("{}.", lint.summary).to_lowercase());
        assert!(page.contains("\n## Why\n"), "{page}");
        let [bad, good] = ["Bad", "Good"].map(|heading| example(page, heading).unwrap());
        let warn = ["--warn", lint.name];
        assert!(
            names(bad, &warn).iter().any(|name| name == lint.name),
            "{}: {:?}",
            lint.name,
            names(bad, &warn)
        );
        assert!(!names(good, &warn).iter().any(|name| name == lint.name), "{}", lint.name);
        // The good example is no worse in another way.
        assert_eq!(names(good, &[]), Vec::<String>::new(), "{}", lint.name);
        assert!(!names(bad, &["--allow", lint.name]).iter().any(|name| name == lint.name), "{}", lint.name);
        if lint.default.is_some() {
            assert!(names(bad, &[]).iter().any(|name| name == lint.name), "{}", lint.name);
        }
    }
}

#[test]
fn examples_of_what_loading_finds_show_it() {
    let mut examples = 0;
    for (name, page) in pages("findings") {
        assert!(page.starts_with(&format!("# {name}\n\n")), "{page}");
        assert!(page.contains("\n\nDefault: "), "{page}");
        if let Some(bad) = example(&page, "Bad") {
            assert!(names(bad, &[]).contains(&name), "{name}: {:?}", names(bad, &[]));
            examples += 1;
        }
        if let Some(good) = example(&page, "Good") {
            assert_eq!(names(good, &[]), Vec::<String>::new(), "{name}");
        }
    }
    assert!(examples > 20, "{examples} examples");
}

#[test]
fn every_name_in_the_source_has_a_page() {
    let crates = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut known: Vec<_> = pages("lints").into_keys().collect();
    known.extend(pages("findings").into_keys());
    let mut found = 0;
    for place in [
        "kubernetes/src/abac",
        "kubernetes/src/document",
        "kubernetes/src/load",
        "kubernetes/src/manifest",
        "kubernetes/src/validation",
        "analysis/src/lints",
        "rolecall/src/files.rs",
    ] {
        for name in kebab_texts(&crates.join(place)) {
            if !NO_NAMES.contains(&name.as_str()) {
                assert!(
                    known.contains(&name),
                    "{place}: `{name}` has no page in docs/lints or docs/findings"
                );
                found += 1;
            }
        }
    }
    assert!(found > 60, "{found} names were found in the source");
}

/// Texts of the same form that are no names of findings.
const NO_NAMES: [&str; 5] = ["kube-node-lease", "kube-public", "kube-system", "app-config", "rbac-defaults"];

/// All texts `"like-this"` of the files, tests aside.
fn kebab_texts(path: &std::path::Path) -> Vec<String> {
    if path.is_dir() {
        return fs::read_dir(path).unwrap().flat_map(|entry| kebab_texts(&entry.unwrap().path())).collect();
    }
    if path.ends_with("tests.rs") {
        return Vec::new();
    }
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let quoted = code.split('"').skip(1).step_by(2);
    let is_kebab = |text: &&str| {
        text.contains('-')
            && text
                .split('-')
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase()))
    };
    quoted.filter(is_kebab).map(str::to_owned).collect()
}

#[test]
fn explain_code_prints_the_page_or_the_list() {
    for folder in ["lints", "findings"] {
        for (name, page) in pages(folder) {
            assert_eq!(
                rolecall(&["explain-code", &name]),
                Run { code: 0, stdout: page, stderr: String::new() }
            );
        }
    }
    let run = rolecall(&["explain-code"]);
    assert_eq!(run.code, 0);
    assert_eq!(run.stdout.lines().count(), pages("lints").len() + pages("findings").len());
    assert!(run.stdout.contains("dangling-role "), "{}", run.stdout);
    let run = rolecall(&["explain-code", "dangling-rol"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("did you mean `dangling-role`?"), "{}", run.stderr);
}

#[test]
fn levels_decide_what_is_said_and_how_it_ends() {
    let directory = Directory::new();
    let file = directory.file("a.yaml", ROLE);
    for (arguments, code, said) in [
        (&[][..], 0, None),
        (&["--warn", "wildcard-verbs"], 0, Some("warning")),
        (&["--warn", "wildcard-verbs", "--deny", "warnings"], 1, Some("warning")),
        (&["--deny", "wildcard-verbs"], 1, Some("error")),
        (&["--deny=lints"], 1, Some("error")),
        (&["--warn", "lints", "--allow", "wildcard-verbs"], 0, None),
        (&["--allow", "lints", "--warn", "wildcard-verbs"], 0, Some("warning")),
        (&["--allow", "wildcard-verbs", "--deny", "wildcard-verbs"], 1, Some("error")),
        (&["--deny", "lints", "--validate=ignore"], 0, None),
    ] {
        let run = rolecall(&[&["check", &file], arguments].concat());
        assert_eq!(run.code, code, "{arguments:?}: {run:?}");
        for severity in ["note", "warning", "error"] {
            let found = run.stdout.contains(&format!("{severity}[wildcard-verbs]"));
            assert_eq!(found, said == Some(severity), "{arguments:?}: {}", run.stdout);
        }
    }
    let run = rolecall(&["check", &file, "--deny", "wildcard-verb"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("did you mean `wildcard-verbs`?"), "{}", run.stderr);
}

#[test]
fn what_loading_finds_has_levels_too_but_errors_stay() {
    let directory = Directory::new();
    let file = directory.file("a.yaml", ROLE.replace("namespace: shop", ""));
    assert_eq!(rolecall(&["check", &file, "--allow", "default-namespace"]).stdout, "");
    assert_eq!(rolecall(&["check", &file, "--deny", "default-namespace"]).code, 1);
    let file = directory.file("b.yaml", ROLE.replace("verbs", "vebrs"));
    assert_eq!(rolecall(&["check", &file, "--allow", "unknown-field", "--allow", "missing-field"]).code, 1);
}

#[test]
fn a_configuration_file_is_found_upwards_and_the_command_line_goes_before_it() {
    let directory = Directory::new();
    directory.file("rolecall.toml", "[lints]\nwildcard-verbs = \"deny\"\n");
    directory.file("deep/er/a.yaml", ROLE);
    let below = directory.join("deep/er");
    assert_eq!(rolecall_in(&below, &["check", "a.yaml"]).code, 1);
    assert_eq!(rolecall_in(&below, &["check", "a.yaml", "--allow", "wildcard-verbs"]).stdout, "");
    // The nearest one counts alone.
    directory.file("deep/rolecall.toml", "[lints]\nwildcard-verbs = \"warn\"\n");
    let run = rolecall_in(&below, &["check", "a.yaml"]);
    assert_eq!(run.code, 0);
    assert!(run.stdout.contains("warning[wildcard-verbs]"), "{}", run.stdout);
    let run = rolecall_in(&below, &["check", "a.yaml", "--config", "../../rolecall.toml"]);
    assert_eq!(run.code, 1);

    directory.file("deep/rolecall.toml", "[lints]\nwildcard-verb = \"warn\"\n");
    let run = rolecall_in(&below, &["check", "a.yaml"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("rolecall.toml:2: "), "{}", run.stderr);
    assert!(run.stderr.contains("did you mean `wildcard-verbs`?"), "{}", run.stderr);
    let run = rolecall_in(&below, &["check", "a.yaml", "--config", "none.toml"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("cannot read none.toml"), "{}", run.stderr);
}

#[track_caller]
fn found(text: &str) -> Vec<String> {
    names(text, &["--warn", "wildcard-verbs"])
}

#[test]
fn a_comment_with_a_reason_takes_a_finding_away() {
    let behind = |comment: &str| ROLE.replace("[\"*\"]\n", &format!("[\"*\"] {comment}\n"));
    let before = |comment: &str| ROLE.replace("  verbs", &format!("  {comment}\n  verbs"));
    let allow = "# rolecall: allow wildcard-verbs because it is ours";
    assert_eq!(found(ROLE), ["wildcard-verbs"]);
    assert_eq!(found(&behind(allow)), Vec::<String>::new());
    assert_eq!(found(&before(allow)), Vec::<String>::new());
    assert_eq!(found(&before(&format!("{allow}\n  # and more"))), Vec::<String>::new());
    assert_eq!(found(&format!("{allow}\n{ROLE}")), ["unused-suppression", "wildcard-verbs"]);
    assert_eq!(
        found(&behind("# rolecall: allow duplicate because")),
        ["wildcard-verbs", "suppression-without-reason"]
    );
    assert_eq!(
        found(&behind("# rolecall: allow wildcard-verbs")),
        ["wildcard-verbs", "suppression-without-reason"]
    );
    assert_eq!(
        found(&behind("# rolecall: allow wildcard-verb because x")),
        ["wildcard-verbs", "unknown-suppression"]
    );
    assert_eq!(found(&behind("# rolecall: off")), ["wildcard-verbs", "unknown-suppression"]);
    // Neither a text nor another comment is one.
    let quoted = ROLE.replace("name: app", &format!("name: \"a {allow}\""));
    assert_eq!(found(&quoted), ["wildcard-verbs"]);
    assert_eq!(found(&behind("# see rolecall: allow wildcard-verbs because x")), ["wildcard-verbs"]);
}

#[test]
fn an_annotation_with_a_reason_takes_findings_of_its_object_away() {
    let with = |text: &str| {
        ROLE.replace("  namespace", &format!("  annotations:\n    rolecall.dev/allow: {text}\n  namespace"))
    };
    assert_eq!(found(&with("\"wildcard-verbs: it is ours\"")), Vec::<String>::new());
    assert_eq!(found(&with("\"wildcard-verbs:\"")), ["suppression-without-reason", "wildcard-verbs"]);
    assert_eq!(found(&with("wildcard-verb")), ["unknown-suppression", "wildcard-verbs"]);
    assert_eq!(found(&with("\"duplicate: x\"")), ["unused-suppression", "wildcard-verbs"]);
    // Another object's is its own.
    let other = ROLE.replace("name: app", "name: other");
    assert_eq!(found(&format!("{}---\n{other}", with("\"wildcard-verbs: it is ours\""))), ["wildcard-verbs"]);
    let several = "|\n      wildcard-verbs: it is ours\n      duplicate: so it is";
    assert_eq!(found(&with(several)), ["unused-suppression"]);
}

#[test]
fn errors_are_not_suppressed_but_denied_lints_are() {
    let directory = Directory::new();
    let text =
        ROLE.replace("  verbs", "  # rolecall: allow unknown-field because x\n  vebrs: [get]\n  verbs");
    let run = rolecall(&["check", &directory.file("a.yaml", text)]);
    assert!(run.code == 1 && run.stdout.contains("error[unknown-field]"), "{run:?}");
    let text = ROLE.replace("  verbs", "  # rolecall: allow wildcard-verbs because x\n  verbs");
    let run = rolecall(&["check", &directory.file("b.yaml", text), "--deny", "wildcard-verbs"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""));
}

#[test]
fn other_commands_say_nothing_of_lints() {
    let directory = Directory::new();
    let file = directory.file("a.yaml", example(&pages("lints")["broad-subject"], "Bad").unwrap());
    let run = rolecall(&["can-i", "get", "nodes", "--as", "jane", "-f", &file]);
    assert!(!run.stderr.contains("broad-subject"), "{run:?}");
}

#[test]
fn where_a_file_has_an_error_lints_look_at_the_others() {
    let directory = Directory::new();
    let file = directory.file("a.yaml", ROLE);
    let broken = directory.file("b.yaml", "kind: [\n");
    let run = |arguments: &[&str]| {
        let run = rolecall(&[&["check", "-o", "json", &file, &broken], arguments].concat());
        assert_eq!(run.code, 1, "{run:?}");
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let names = findings.iter().map(|finding| finding["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let error = run(&[]).remove(0);
    // The error comes first, though its file does not; who is bound to the role may stand in that file.
    assert_eq!(
        run(&["--warn", "wildcard-verbs", "--warn", "unused-role"]),
        [error.as_str(), "wildcard-verbs"]
    );

    // An object with an error says what nobody meant; those beside it are looked at.
    let typo = ROLE.replace("resources:", "resourceNmes: [web]\n  resources:");
    assert_eq!(names(&typo, &["--warn", "wildcard-verbs"]), ["unknown-field"]);
    let both = format!("{typo}---\n{}", ROLE.replace("name: app", "name: other"));
    assert_eq!(names(&both, &["--warn", "wildcard-verbs"]), ["unknown-field", "wildcard-verbs"]);

    // A suppression that would be of use is not called unused for it.
    let allowed =
        ROLE.replace("verbs: [\"*\"]", "verbs: [\"*\"] # rolecall: allow wildcard-verbs because it is ours");
    directory.file("a.yaml", allowed);
    assert_eq!(run(&["--warn", "wildcard-verbs"]), [error]);
}
