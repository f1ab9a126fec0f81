//! `rolecall explain`, on the policies of `examples/`.

use serde_json::{Value, json};

use crate::surroundings::{Directory, Run, check_schema, rolecall};

const SHOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/shop");
const LINES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/abac");

/// Explains; places are printed without the way to the examples.
fn explain(arguments: &[&str], policy: &str) -> Run {
    let run = rolecall(&[&["explain"], arguments, &["-f", policy]].concat());
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
    Run { stdout: run.stdout.replace(examples, ""), stderr: run.stderr.replace(examples, ""), ..run }
}

/// The lines of an answer, with single spaces in them.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[track_caller]
fn check(arguments: &[&str], code: i32, expected: &[&str]) {
    let arguments = [arguments, &["--default-roles=none", "--validate=ignore"]].concat();
    let run = explain(&arguments, SHOP);
    assert_eq!(lines(&run.stdout), expected, "{arguments:?}");
    assert_eq!((run.code, run.stderr.as_str()), (code, ""), "{arguments:?}");
}

const DEV: [&str; 6] = ["--as", "jane", "--as-group", "dev", "-n", "payments"];

fn dev<'a>(question: &[&'a str]) -> Vec<&'a str> {
    question.iter().copied().chain(DEV).collect()
}

#[test]
fn a_refusal_names_what_comes_near_and_what_would_allow_it() {
    check(
        &dev(&["delete", "pods/web-1"]),
        1,
        &[
            "no: user jane may not delete pods \"web-1\" in namespace payments",
            "",
            "RBAC has no opinion, and nothing comes after it. 3 of 7 bindings name user jane or one of the groups.",
            "",
            "nearest first:",
            "1 the role is missing ClusterRoleBinding developers-view → ClusterRole view examples/shop/cluster.yaml:3",
            "there is no ClusterRole view",
            "2 the verb is missing RoleBinding payments/dev-edit → Role payments/editor examples/shop/payments.yaml:41",
            "grants get, list, watch, update on pods examples/shop/payments.yaml:14",
            "3 another namespace RoleBinding payments-dev/oncall → ClusterRole pod-admin examples/shop/oncall.yaml:7",
            "grants delete, get, list, watch on pods in payments-dev examples/shop/cluster.yaml:14",
            "4 another subject RoleBinding payments/operators → ClusterRole pod-admin examples/shop/oncall.yaml:22",
            "would allow it, to group operators examples/shop/cluster.yaml:14",
            "",
            "exactly this would be allowed by (--fix prints only the YAML):",
            "a rule in Role payments/editor verbs [delete], resources [pods], resourceNames [web-1]",
            "whoever has this role gains it too: group dev",
            "or a Role and RoleBinding of its own --fix=new",
        ],
    );
}

#[test]
fn an_allowance_names_the_grant_that_decides_and_its_rule() {
    check(
        &dev(&["get", "pods"]),
        0,
        &[
            "yes: user jane may get pods in namespace payments",
            "",
            "RBAC: RoleBinding payments/dev-edit of Role payments/editor to group dev examples/shop/payments.yaml:41",
            "rule 1: get, list, watch, update on pods examples/shop/payments.yaml:14",
        ],
    );
}

#[test]
fn whatever_else_allows_it_has_to_go_too() {
    let run = explain(&dev(&["get", "pods"]), SHOP);
    let lines = lines(&run.stdout);
    assert!(lines.contains(
        &"also granted by RoleBinding payments/dev-edit (remove both to take it away) examples/shop/payments.yaml:41"
            .to_owned()
    ), "{lines:#?}");
    assert_eq!(run.code, 0);
    assert!(run.stderr.contains("ClusterRole view is Kubernetes v1.36's own"), "{}", run.stderr);
}

#[test]
fn a_path_needs_a_cluster_role() {
    check(
        &["get", "/metrics", "--as", "joe"],
        1,
        &[
            "no: user joe may not get /metrics",
            "",
            "RBAC has no opinion, and nothing comes after it. 0 of 7 bindings name user joe or one of the groups.",
            "",
            "nearest first:",
            "1 another subject ClusterRoleBinding vault-agent → ClusterRole vault-agent examples/shop/cluster.yaml:37",
            "would allow it, to service account vault/agent examples/shop/cluster.yaml:32",
            "",
            "exactly this would be allowed by (--fix prints only the YAML):",
            "a ClusterRole and ClusterRoleBinding of its own verbs [get], nonResourceURLs [/metrics]",
        ],
    );
}

#[test]
fn what_lives_outside_of_namespaces_is_asked_for_there() {
    let run = explain(&["get", "nodes", "--as", "joe", "-n", "payments"], SHOP);
    assert_eq!(lines(&run.stdout)[0], "no: user joe may not get nodes at the cluster scope");
    let run = explain(&["get", "namespaces/payments", "--as", "joe"], SHOP);
    assert_eq!(
        lines(&run.stdout)[0],
        "no: user joe may not get namespaces \"payments\" in namespace payments"
    );
}

#[test]
fn a_superuser_needs_no_grant() {
    check(
        &["delete", "nodes", "--as", "root", "--as-group", "system:masters"],
        0,
        &[
            "yes: user root may delete nodes at the cluster scope",
            "",
            "group system:masters is allowed everything, before any authorizer is asked",
        ],
    );
}

#[test]
fn attribute_policies_are_explained_too() {
    let run = explain(&["delete", "pods", "--as", "nobody-known"], LINES);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("ABAC has no opinion, and nothing comes after it."), "{}", run.stdout);
    assert!(run.stdout.contains("policy.jsonl:"), "{}", run.stdout);
    assert!(run.stdout.contains("no role can allow it: RBAC is not among"), "{}", run.stdout);
    let run = explain(&["delete", "pods", "--as", "nobody-known", "--fix"], LINES);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.starts_with("error: no role can allow it"), "{}", run.stderr);
}

/// Asks can-i of the shop with one file more.
fn can_i(question: &[&str], more: &str) -> i32 {
    rolecall(&[&["can-i"], question, &["-q", "-f", SHOP, "-f", more]].concat()).code
}

#[test]
fn a_fix_is_yaml_that_check_accepts_and_allows_exactly_what_was_asked() {
    for form in ["--fix", "--fix=new"] {
        let run = explain(&dev(&["delete", "pods/web-1", form]), SHOP);
        assert_eq!(run.code, 1, "{}", run.stderr);
        let directory = Directory::new();
        let file = directory.file("fix.yaml", &run.stdout);
        let check = rolecall(&["check", "--default-roles=none", &file]);
        assert_eq!(check.code, 0, "{form}: {}{}", check.stdout, check.stderr);
        assert_eq!(can_i(&dev(&["delete", "pods/web-1"]), &file), 0, "{form}");
        assert_eq!(can_i(&dev(&["delete", "pods/web-2"]), &file), 1, "{form}");
        assert_eq!(can_i(&dev(&["delete", "pods"]), &file), 1, "{form}");
        assert_eq!(can_i(&dev(&["patch", "pods/web-1"]), &file), 1, "{form}");
        assert_eq!(can_i(&dev(&["get", "deployments"]), &file), 0, "{form}: what was allowed stays");
        let joe = ["delete", "pods/web-1", "--as", "joe", "-n", "payments"];
        assert_eq!(can_i(&joe, &file), 1, "{form}");
        let others = ["delete", "pods/web-1", "--as", "joe", "--as-group", "dev", "-n", "payments"];
        assert_eq!(can_i(&others, &file), i32::from(form == "--fix=new"), "{form}");
    }
}

#[test]
fn there_is_nothing_to_fix_where_it_is_allowed() {
    let run = explain(&dev(&["get", "pods", "--fix"]), SHOP);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""));
    assert_eq!(run.stderr, "note: this is allowed already: there is nothing to fix\n");
}

#[test]
fn odd_names_are_quoted_in_yaml_and_harmless_on_a_terminal() {
    let odd = "a: b\n\u{1b}[2J#";
    let question = ["get", "pods/true", "--as", odd, "-n", "payments", "--fix=new"];
    let run = explain(&question, SHOP);
    assert!(!run.stdout.contains('\u{1b}'), "{}", run.stdout);
    let directory = Directory::new();
    let file = directory.file("fix.yaml", &run.stdout);
    assert_eq!(can_i(&["get", "pods/true", "--as", odd, "-n", "payments"], &file), 0, "{}", run.stdout);
    let run = explain(&["get", "pods/true", "--as", odd, "-n", "payments"], SHOP);
    assert_eq!(
        run.stdout.lines().next(),
        Some(r#"no: user "a: b\n\u{1b}[2J#" may not get pods "true" in namespace payments"#)
    );
}

#[test]
fn json_has_the_same_facts() {
    let arguments = dev(&["delete", "pods/web-1", "-o", "json", "--default-roles=none", "--validate=ignore"]);
    let run = explain(&arguments, SHOP);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(run.code, 1);
    assert_eq!(json["allowed"], false);
    assert_eq!(json["bindings"], json!({"naming": 3, "total": 7}));
    assert_eq!(json["misses"][1]["part"], "verb");
    let nearest = &json["misses"][1]["nearest"][0];
    assert_eq!(nearest["unmet"], json!(["verb"]));
    assert_eq!(nearest["binding"]["location"], json!({"file": "examples/shop/payments.yaml", "line": 41}));
    assert_eq!(nearest["rule"]["location"]["line"], 14);
    assert_eq!(json["fix"]["existingRole"]["role"]["name"], "editor");
    assert_eq!(json["fix"]["rule"]["resourceNames"], json!(["web-1"]));
    let run =
        explain(&dev(&["get", "pods", "-o", "json", "--default-roles=none", "--validate=ignore"]), SHOP);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.code, &json["allowed"]), (0, &json!(true)));
    assert_eq!(json["decidedBy"]["binding"]["name"], "dev-edit");
    assert_eq!(json["decidedBy"]["rules"][0]["number"], 1);
    assert_eq!(json["alsoGrantedBy"], json!([]));
}

#[test]
fn json_is_as_its_schema_has_it() {
    let check = |question: &[&str], policy: &str| {
        let run = explain(&[question, &["-o", "json"]].concat(), policy);
        let json = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
        check_schema("explain.schema.json", &json);
        json
    };
    for question in [
        &dev(&["get", "pods"])[..],
        &dev(&["delete", "pods/web-1"]),
        &dev(&["*", "pods"]),
        &["get", "/metrics", "--as", "joe"],
        &["get", "/metrics", "--as", "system:serviceaccount:vault:agent"],
        &["delete", "nodes", "--as", "root", "--as-group", "system:masters"],
        &["get", "pods", "--as", "joe", "-n", "No Namespace"],
    ] {
        for more in [&["--default-roles=none", "--validate=ignore"][..], &[]] {
            check(&[question, more].concat(), SHOP);
        }
    }
    for user in ["nobody-known", "admin", "jane", "alice", "bob", "scheduler"] {
        check(&["get", "pods", "--as", user], LINES);
        check(&["get", "/healthz", "--as", user], LINES);
    }
    let policy = misspelt();
    let json: Value =
        check(&["get", "pods", "--as", "jane", "--validate=ignore", "--default-roles=none"], &policy.path());
    assert_eq!(json["misses"][0]["nearest"][0]["roleMeant"]["name"], "viewer");
}

/// A binding to `veiwer`, where there is a `viewer`.
fn misspelt() -> Directory {
    let directory = Directory::new();
    directory.file(
        "policy.yaml",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: viewer}\n\
         rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]\n---\n\
         apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: jane-views}\n\
         roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: veiwer}\n\
         subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]\n",
    );
    directory
}

#[test]
fn a_missing_role_comes_with_the_one_that_was_meant() {
    let policy = misspelt();
    let question = ["get", "pods", "--as", "jane", "--validate=ignore", "--default-roles=none"];
    let run = explain(&question, &policy.path());
    let lines = lines(&run.stdout.replace(&policy.path(), "X"));
    assert!(
        lines.contains(
            &"there is no ClusterRole veiwer: did you mean ClusterRole viewer? X/policy.yaml:3".to_owned()
        ),
        "{lines:#?}"
    );
}

#[test]
fn five_hundred_bindings_read_as_a_few_lines() {
    let mut text = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\n\
        rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]\n"
        .to_owned();
    for number in 0..500 {
        let binding = format!(
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: b{number}, namespace: a}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r}}\n\
             subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}}]\n"
        );
        text.push_str(&binding);
    }
    let directory = Directory::new();
    let file = directory.file("many.yaml", &text);
    let question =
        ["explain", "delete", "pods", "--as", "jane", "-n", "a", "-f", &file, "--default-roles=none"];
    let run = rolecall(&question);
    let lines = lines(&run.stdout);
    assert!(lines.contains(&"and 499 more of which this is true".to_owned()), "{lines:#?}");
    assert!(lines.len() < 12, "{lines:#?}");
}

#[test]
fn what_cannot_be_answered_is_2() {
    for (arguments, message) in [
        (&["get"][..], "error: you must specify two arguments"),
        (&["get", "pods"], "error: who asks?"),
        (&["get", "/x", "--subresource", "log", "--as", "x"], "error: --subresource can not be used"),
        (&["get", "pods", "--as", "x", "--fix=whatever"], "error: invalid value 'whatever'"),
    ] {
        let run = explain(arguments, SHOP);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.starts_with(message), "{}", run.stderr);
    }
}
