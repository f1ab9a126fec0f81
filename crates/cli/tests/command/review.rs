//! `rolecall review`.

use std::io::{BufRead, BufReader, Read, Write};

use serde_json::{Value, json};

use crate::surroundings::{Directory, Run, command, fixture, rolecall, rolecall_with};

fn sar(spec: &Value) -> String {
    json!({"kind": "SubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "spec": spec}).to_string()
}

fn pods(user: &str, groups: &[&str], verb: &str) -> String {
    sar(&json!({
        "user": user, "groups": groups,
        "resourceAttributes": {"namespace": "payments", "verb": verb, "resource": "pods"},
    }))
}

fn review(more: &[&str], input: &str) -> Run {
    let shop = fixture("shop.yaml");
    let arguments = ["review", "-f", &shop, "--default-roles=none", "--validate=ignore"];
    rolecall_with(&[&arguments[..], more].concat(), input)
}

fn answers(run: &Run) -> Vec<Value> {
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn each_line_is_answered_in_order_by_the_same_object() {
    let input = [pods("jane", &["dev"], "get"), pods("jane", &["dev"], "delete"), pods("jane", &[], "get")];
    let run = review(&[], &input.join("\n"));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let answers = answers(&run);
    let allowed: Vec<_> = answers.iter().map(|answer| answer["status"]["allowed"].clone()).collect();
    assert_eq!(allowed, [true, false, false]);
    let mut first = answers[0].clone();
    let status = first.as_object_mut().unwrap().remove("status").unwrap();
    assert_eq!(first, serde_json::from_str::<Value>(&input[0]).unwrap());
    assert_eq!(
        status,
        json!({
            "allowed": true,
            "reason": "RBAC: allowed by RoleBinding \"dev-edit/payments\" of Role \"editor\" to Group \"dev\"",
        })
    );
}

#[test]
fn groups_are_taken_as_they_stand() {
    let version = |groups: &[&str]| {
        sar(&json!({
            "user": "x", "groups": groups, "nonResourceAttributes": {"path": "/version", "verb": "get"},
        }))
    };
    let run = review(&[], &format!("{}\n{}\n", version(&[]), version(&["system:authenticated"])));
    let allowed: Vec<_> = answers(&run).iter().map(|answer| answer["status"]["allowed"].clone()).collect();
    assert_eq!(allowed, [false, true]);
}

#[test]
fn what_the_api_would_refuse_gets_a_status_in_its_place() {
    let input = format!(
        "{}\n{}\n\nno json\n{}\n",
        pods("jane", &["dev"], "get"),
        sar(&json!({"user": "jane"})),
        pods("jane", &["dev"], "list")
    );
    let run = review(&[], &input);
    assert_eq!(run.code, 2);
    let answers = answers(&run);
    assert_eq!(answers.len(), 4, "{}", run.stdout);
    assert_eq!(answers[0]["status"]["allowed"], true);
    assert_eq!(answers[1]["kind"], "Status");
    assert_eq!(answers[1]["status"], "Failure");
    assert_eq!(answers[1]["code"], 422);
    assert_eq!(answers[1]["reason"], "Invalid");
    assert_eq!(answers[1]["details"]["line"], 2);
    assert_eq!(
        answers[1]["message"],
        ".authorization.k8s.io \"\" is invalid: spec.resourceAttributes: Invalid value: null: exactly one of \
         nonResourceAttributes or resourceAttributes must be specified"
    );
    assert_eq!(answers[2]["code"], 400);
    // The blank line has no answer, and counts.
    assert_eq!(answers[2]["details"]["line"], 4);
    assert_eq!(answers[3]["status"]["allowed"], true);
}

#[test]
fn a_line_too_long_for_an_api_server_is_refused_in_bounded_memory() {
    let long =
        sar(&json!({"user": "u".repeat(4 << 20), "nonResourceAttributes": {"path": "/", "verb": "get"}}));
    let run = review(&[], &format!("{long}\n{}\n", pods("jane", &["dev"], "get")));
    assert_eq!(run.code, 2);
    let answers = answers(&run);
    assert_eq!((&answers[0]["code"], &answers[0]["details"]["line"]), (&json!(413), &json!(1)));
    assert_eq!(answers[1]["status"]["allowed"], true);
}

#[test]
fn reviews_about_oneself_need_a_user() {
    let review_self = json!({
        "kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1",
        "spec": {"resourceAttributes": {"namespace": "payments", "verb": "get", "resource": "pods"}},
    })
    .to_string();
    let run = review(&["--as", "jane", "--as-group", "dev"], &review_self);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!(answers(&run)[0]["status"]["allowed"], true);
    let run = review(&[], &review_self);
    assert_eq!(run.code, 2);
    assert_eq!(answers(&run)[0]["message"], "no user present on request");
}

#[test]
fn reviews_can_come_from_a_file() {
    let directory = Directory::new();
    let requests = directory.file("requests.jsonl", pods("jane", &["dev"], "get"));
    let run = review(&[&requests], "");
    assert_eq!((run.code, answers(&run).len()), (0, 1));
    let run = review(&["-"], &pods("jane", &["dev"], "get"));
    assert_eq!((run.code, answers(&run).len()), (0, 1));
    let run = review(&[&directory.path()], "");
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    let run = review(&[&directory.join("missing").display().to_string()], "");
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.starts_with("error: cannot read `"), "{}", run.stderr);
}

#[test]
fn what_is_passed_through_is_harmless_on_a_terminal() {
    let review_of_evil = sar(&json!({
        "user": "x\u{202e}\u{9b}2J", "nonResourceAttributes": {"path": "/", "verb": "get"},
    }));
    let run = review(&[], &review_of_evil);
    assert_eq!(answers(&run)[0]["spec"]["user"], "x\u{202e}\u{9b}2J");
    assert!(run.stdout.is_ascii(), "{}", run.stdout);
}

#[test]
fn no_review_is_an_answer_to_nothing() {
    assert_eq!(review(&[], ""), Run { code: 0, stdout: String::new(), stderr: String::new() });
    assert_eq!(review(&[], "\n \n").stdout, "");
}

#[test]
fn a_policy_that_cannot_be_loaded_answers_nothing() {
    let directory = Directory::new();
    let broken = directory.file("broken.yaml", "kind: [\n");
    let run = rolecall_with(&["review", "-f", &broken], &pods("jane", &[], "get"));
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("broken.yaml"), "{}", run.stderr);
    let run = rolecall(&["review"]);
    assert_eq!(run.code, 2);
    assert_eq!(
        run.stderr,
        "error: no policy to ask: name its files or directories with -f (- for standard input)\n"
    );
    let run = rolecall(&["review", "-f", "-"]);
    assert_eq!(run.code, 2);
    assert_eq!(
        run.stderr,
        "error: both the policy and the reviews would come from standard input: name a file for one of them\n"
    );
}

#[test]
fn an_answer_comes_before_the_next_question_is_asked() {
    let shop = fixture("shop.yaml");
    let mut child = command(&["review", "-f", &shop, "--default-roles=none"]).spawn().unwrap();
    let mut questions = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    for verb in ["get", "delete", "list"] {
        // The beginning of the next line is no reason to hold the answer back.
        write!(questions, "{}\n ", pods("jane", &["dev"], verb)).unwrap();
        questions.flush().unwrap();
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(answer["status"]["allowed"], verb != "delete");
    }
    drop(questions);
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let huge =
        sar(&json!({"user": "u".repeat(2 << 20), "nonResourceAttributes": {"path": "/", "verb": "get"}}));
    let mut input = String::new();
    for number in 0..4_000 {
        input += &match number % 401 {
            7 => "no json".to_owned(),
            8 => String::new(),
            9 if number < 401 => huge.clone(),
            10 if number < 401 => "x".repeat(4 << 20),
            _ => pods(&format!("user-{number}"), &["dev"], ["get", "delete"][number % 2]),
        };
        input.push('\n');
    }
    for input in ["", "\n", input.trim_end(), &input] {
        let alone = review(&["--threads", "1"], input);
        assert_eq!(alone.stdout.lines().count(), input.lines().filter(|line| !line.is_empty()).count());
        for threads in ["2", "3", "16"] {
            let run = review(&["--threads", threads], input);
            // Not `assert_eq!`, which would print megabytes.
            assert!(run == alone, "{threads} threads");
        }
        assert!(review(&[], input) == alone);
    }
    assert_eq!(review(&["--threads", "0"], "").code, 2);
}

#[test]
fn a_closed_pipe_is_a_clean_exit() {
    let shop = fixture("shop.yaml");
    let mut child =
        command(&["review", "-f", &shop, "--default-roles=none", "--validate=ignore"]).spawn().unwrap();
    let mut questions = child.stdin.take().unwrap();
    drop(child.stdout.take());
    let line = pods("jane", &["dev"], "get") + "\n";
    // Whoever writes to a command that has gone sees the closed pipe in turn.
    while questions.write_all(line.repeat(1_000).as_bytes()).is_ok() {}
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn answers_that_cannot_be_written_are_an_error() {
    let directory = Directory::new();
    let shop = fixture("shop.yaml");
    for lines in [1, 1_000] {
        let requests = directory.file("requests.jsonl", (pods("jane", &["dev"], "get") + "\n").repeat(lines));
        let full = std::fs::File::create("/dev/full").unwrap();
        let arguments = ["review", "-f", &shop, "--default-roles=none", "--validate=ignore", &requests];
        let output = command(&arguments).stdout(full).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.starts_with("error: cannot write the answer: "), "{stderr}");
    }
}

#[test]
fn default_roles_that_answers_rest_on_are_named_once() {
    let directory = Directory::new();
    let file = directory.file(
        "a.yaml",
        "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
",
    );
    let input = pods("jane", &[], "get") + "\n" + &pods("jane", &[], "list");
    let run = rolecall_with(&["review", "-f", &file], &input);
    assert_eq!(run.code, 0);
    assert_eq!(
        run.stderr,
        "note: ClusterRole view is Kubernetes v1.36's own; no file defines it (--default-roles=none leaves it out)\n"
    );
    let run = rolecall_with(&["review", "-f", &file, "--default-roles=none"], &input);
    assert_eq!(
        answers(&run)[0]["status"]["reason"],
        "RBAC: clusterrole.rbac.authorization.k8s.io \"view\" not found"
    );
}
