//! `rolecall bench`: the shape of what it prints; the figures are the machine's.

use serde_json::{Value, json};

use crate::surroundings::{Directory, check_schema, fixture, rolecall};

fn shop(more: &[&str]) -> Vec<String> {
    let fixed =
        ["bench", "-f", &fixture("shop.yaml"), "--default-roles=none", "--validate=ignore", "--time=0.01"];
    fixed.iter().chain(more).map(|&argument| argument.to_owned()).collect()
}

fn run(more: &[&str]) -> crate::surroundings::Run {
    let arguments = shop(more);
    rolecall(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn the_rows_stand_beside_the_floors_and_the_requests_are_told() {
    let run = run(&[]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    let lines: Vec<_> = run.stdout.lines().collect();
    let [authorize, probe, warm, cold, compile, requests] = lines.as_slice() else {
        panic!("six lines: {}", run.stdout)
    };
    assert!(authorize.starts_with("authorize, from strings "), "{authorize}");
    assert!(authorize.contains(" × the floor ("), "{authorize}");
    assert!(probe.starts_with("one probe, from numbers "), "{probe}");
    assert!(warm.starts_with("alone, in a warm cache    p50 "), "{warm}");
    assert!(cold.starts_with("alone, in a cold cache    p50 "), "{cold}");
    assert!(
        compile.starts_with("compile ") && compile.contains(" bytes a binding · this machine: "),
        "{compile}"
    );
    assert!(requests.contains(" requests drawn from the policy, "), "{requests}");
}

#[test]
fn json_has_the_shape_of_its_schema() {
    let directory = Directory::new();
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": "jane", "resourceAttributes": {"verb": "get", "resource": "pods"}},
    });
    let requests = directory.file("requests.jsonl", format!("{review}\n\n{review}\n"));
    let run = run(&["-o", "json", &requests]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    let value: Value = serde_json::from_str(&run.stdout).unwrap();
    check_schema("bench.schema.json", &value);
    assert_eq!((&value["requests"]["from"], &value["requests"]["count"]), (&json!("file"), &json!(2)));
}

#[test]
fn a_policy_that_grants_nothing_needs_requests() {
    let directory = Directory::new();
    let policy = directory.file("empty.yaml", "apiVersion: v1\nkind: List\nitems: []\n");
    let run = rolecall(&["bench", "-f", &policy, "--default-roles=none"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("name a file of requests"), "{}", run.stderr);
}

#[test]
fn a_line_that_is_no_review_is_named() {
    let directory = Directory::new();
    let requests = directory.file("requests.jsonl", "\n{}\n");
    let run = run(&[&requests]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("requests.jsonl:2: "), "{}", run.stderr);
}
