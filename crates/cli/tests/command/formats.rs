//! The formats of `rolecall check`, held to their schemas.

use std::{fs, path::Path};

use rolecall_tests::json_schema;
use serde_json::Value;

use crate::{
    lints::pages,
    surroundings::{Directory, fixture, rolecall},
};

/// One file an example of every page, a missing file, an ABAC file, and a name that no format can hold as it is.
fn everything(directory: &Directory) -> Vec<String> {
    let mut paths = vec![fixture("shop.yaml"), fixture("attributes.jsonl"), directory.path()];
    for folder in ["lints", "findings"] {
        for (name, page) in pages(folder) {
            if let Some((_, rest)) = page.split_once("\n## Bad\n\n```yaml\n") {
                directory.file(&format!("{name}.yaml"), rest.split_once("```").unwrap().0);
            }
        }
    }
    directory.file("100% a,b:<c>&\"d\"ü\u{1b}.yaml", "kind: \"<&\u{202e}\"\nkind: [x\n");
    paths.push(directory.join("missing.yaml").display().to_string());
    paths
}

fn output(format: &str, more: &[&str]) -> String {
    let directory = Directory::new();
    let paths = everything(&directory);
    let mut arguments = vec!["check", "-o", format, "--warn", "lints", "--validate=warn"];
    arguments.extend(more);
    arguments.extend(paths.iter().map(String::as_str));
    let run = rolecall(&arguments);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(!run.stdout.contains(['\u{1b}', '\u{202e}']), "{}", run.stdout);
    run.stdout
}

/// What lints find in the examples of their pages: nothing is wrong there that would keep them from running.
fn of_lints(format: &str) -> String {
    let directory = Directory::new();
    for (name, page) in pages("lints") {
        let (_, rest) = page.split_once("\n## Bad\n\n```yaml\n").unwrap();
        // Each in a namespace of its own, so that none takes the place of another.
        let text = rest
            .split_once("```")
            .unwrap()
            .0
            .replace("shop", &name)
            .replace("name: app", &format!("name: {name}"));
        directory.file(&format!("{name}.yaml"), text);
    }
    let run = rolecall(&["check", "-o", format, "--warn", "lints", &directory.path()]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    run.stdout
}

#[track_caller]
fn check_schema(schema: &Path, text: &str) -> Value {
    let schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    let faults = json_schema::faults(&schema, &value);
    assert!(faults.is_empty(), "{faults:#?}");
    value
}

#[test]
fn json_is_as_its_schema_has_it() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas/check.schema.json");
    let report = check_schema(&schema, &output("json", &[]));
    assert!(report["findings"].as_array().unwrap().len() > 30);
    let report = check_schema(&schema, &of_lints("json"));
    assert!(report["findings"].as_array().unwrap().iter().any(|found| found["name"] == "wildcard-verbs"));
}

#[test]
fn sarif_is_as_the_standard_has_it() {
    let schema = fixture("sarif-2.1.0-subset.schema.json");
    for (text, name, level) in
        [(output("sarif", &[]), "unreadable", "error"), (of_lints("sarif"), "wildcard-verbs", "warning")]
    {
        let log = check_schema(Path::new(&schema), &text);
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let results = run["results"].as_array().unwrap();
        assert!(results.len() > 15);
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
        }
        let found = results.iter().find(|result| result["ruleId"] == name).unwrap();
        assert_eq!(found["level"], level);
    }
}

#[test]
fn github_gets_a_command_a_finding() {
    let findings = output("json", &[]);
    let findings: Value = serde_json::from_str(&findings).unwrap();
    let text = output("github", &[]);
    assert_eq!(text.lines().count(), findings["findings"].as_array().unwrap().len());
    for line in text.lines() {
        let properties =
            ["::error ", "::warning ", "::notice "].iter().find_map(|kind| line.strip_prefix(kind));
        let (properties, message) = properties.unwrap().split_once("::").unwrap();
        assert!(!message.is_empty(), "{line}");
        for property in properties.split(',') {
            let (key, value) = property.split_once('=').unwrap();
            assert!(["file", "line", "endLine", "col", "endColumn", "title"].contains(&key), "{line}");
            assert!(!value.is_empty() && !value.contains(':'), "{line}");
        }
    }
}

#[test]
fn junit_counts_what_it_reports_and_fails_what_fails() {
    for (more, failing) in [(&[][..], &["error"][..]), (&["--deny=warnings"], &["error", "warning"])] {
        let report: Value = serde_json::from_str(&output("json", more)).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let failures = findings.iter().filter(|found| failing.contains(&found["severity"].as_str().unwrap()));
        let failures = failures.count();
        let text = output("junit", more);
        assert!(text.contains(&format!("failures=\"{failures}\"")), "{text}");
        assert_eq!(text.matches("<failure ").count(), failures);
        let tests = text.matches("<testcase ").count();
        assert!(tests >= findings.len());
        assert_eq!(text.matches(&format!(" tests=\"{tests}\"")).count(), 2, "{text}");
        well_formed(&text);
    }
}

/// Every element ends, in order, and nothing stands raw that XML does not have.
fn well_formed(text: &str) {
    let mut open = Vec::new();
    for (index, part) in text.split('<').enumerate().skip(1) {
        let (tag, behind) = part.split_once('>').unwrap_or_else(|| panic!("{part}"));
        assert!(!behind.contains('>'), "{part}");
        for entity in part.split('&').skip(1) {
            let name = entity.split_once(';').unwrap().0;
            assert!(["amp", "lt", "gt", "quot"].contains(&name), "{part}");
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') && index > 1 {
            open.push(tag.split(' ').next().unwrap());
        }
    }
    assert!(open.is_empty(), "{open:?}");
}
