//! `rolecall can-i`, line by line of `spec/authorization/kubectl.md` section 2.

use crate::surroundings::{Directory, Run, fixture, rolecall, rolecall_with};

/// Asks the shop; `arguments` stand between the command's name and the policy.
fn can_i(arguments: &[&str]) -> Run {
    let shop = fixture("shop.yaml");
    let mut all = vec!["can-i"];
    all.extend(arguments);
    all.extend(["-f", &shop, "--default-roles=none", "--validate=ignore"]);
    rolecall(&all)
}

#[track_caller]
fn check(arguments: &[&str], stdout: &str, stderr: &str, code: i32) {
    assert_eq!(can_i(arguments), Run { code, stdout: stdout.into(), stderr: stderr.into() }, "{arguments:?}");
}

/// An answer without a word on standard error.
#[track_caller]
fn yes(arguments: &[&str]) {
    check(arguments, "yes\n", "", 0);
}

#[track_caller]
fn no(arguments: &[&str]) {
    check(arguments, "no\n", "", 1);
}

#[track_caller]
fn error(arguments: &[&str], message: &str) {
    check(arguments, "", message, 1);
}

const DEV: [&str; 6] = ["--as", "jane", "--as-group", "dev", "-n", "payments"];

fn dev<'a>(question: &[&'a str]) -> Vec<&'a str> {
    question.iter().copied().chain(DEV).collect()
}

fn olga<'a>(question: &[&'a str]) -> Vec<&'a str> {
    question.iter().copied().chain(["--as", "olga"]).collect()
}

#[test]
fn yes_is_0_and_no_is_1() {
    yes(&dev(&["get", "pods"]));
    no(&dev(&["delete", "pods"]));
    no(&["get", "pods", "--as", "jane", "--as-group", "dev", "-n", "other"]);
    no(&["get", "pods", "--as", "jane", "-n", "payments"]);
}

#[test]
fn no_gives_its_reason_and_yes_gives_none() {
    let reason = "no - RBAC: clusterrole.rbac.authorization.k8s.io \"gone\" not found\n";
    check(&["get", "pods", "--as", "lena"], reason, "", 1);
    yes(&["get", "/version", "--as", "lena"]);
}

#[test]
fn reasons_of_several_authorizers_stand_in_lines_of_their_own() {
    let (shop, attributes) = (fixture("shop.yaml"), fixture("attributes.jsonl"));
    let arguments =
        ["can-i", "get", "pods", "--as", "lena", "-f", &shop, "-f", &attributes, "--default-roles=none"];
    let run = rolecall(&[&arguments[..], &["--validate=ignore"]].concat());
    let reason = "no - RBAC: clusterrole.rbac.authorization.k8s.io \"gone\" not found\nNo policy matched.\n";
    assert_eq!((run.stdout.as_str(), run.code), (reason, 1));
    let run = rolecall(&[&arguments[..], &["--validate=ignore", "--authorization-mode=ABAC"]].concat());
    assert_eq!((run.stdout.as_str(), run.code), ("no - No policy matched.\n", 1));
}

#[test]
fn attribute_policies_are_asked() {
    let attributes = fixture("attributes.jsonl");
    let run = rolecall(&["can-i", "delete", "deploy", "--as", "alice", "-f", &attributes]);
    assert_eq!(run, Run { code: 0, stdout: "yes\n".into(), stderr: String::new() });
}

#[test]
fn there_must_be_two_arguments() {
    let message = "error: you must specify two arguments: verb resource or verb resource/resourceName.\n\
                   See 'rolecall can-i -h' for help and examples.\n";
    error(&["--as", "jane"], message);
    error(&["get", "--as", "jane"], message);
    error(&["get", "pods", "web-1", "--as", "jane"], message);
}

#[test]
fn what_begins_with_a_slash_is_a_path() {
    yes(&olga(&["get", "/healthz"]));
    yes(&olga(&["get", "/metrics/a/b"]));
    no(&olga(&["get", "/metrics"]));
    no(&olga(&["put", "/healthz"]));
}

#[test]
fn type_and_name_are_split_at_the_first_slash() {
    yes(&dev(&["get", "secrets/db-password"]));
    no(&dev(&["get", "secrets/other"]));
    no(&dev(&["get", "secrets"]));
    // The pod named `log`, and nothing of it.
    yes(&dev(&["get", "pods/log"]));
    no(&dev(&["get", "secrets/db-password/x"]));
}

#[test]
fn a_subresource_has_a_flag_of_its_own() {
    yes(&dev(&["get", "pods", "--subresource", "log"]));
    yes(&dev(&["get", "pods/web-1", "--subresource=log"]));
    no(&dev(&["get", "pods", "--subresource", "exec"]));
    no(&dev(&["get", "pods", "--subresource", "LOG"]));
}

#[test]
fn types_are_known_by_plural_singular_kind_short_name_group_and_version() {
    for word in [
        "pods",
        "pod",
        "po",
        "Pod",
        "PODS",
        "deployments",
        "deploy",
        "Deployment",
        "deployments.apps",
        "deploy.apps",
        "deployments.v1.apps",
        "Deployment.v1.apps",
    ] {
        yes(&dev(&["get", word]));
    }
}

#[test]
fn custom_resource_definitions_among_the_files_are_known() {
    for word in ["widgets", "widget", "wd", "Widget", "widgets.example.com", "widgets.v1.example.com"] {
        yes(&olga(&["get", word]));
    }
}

#[test]
fn an_unknown_type_is_asked_about_as_it_was_typed() {
    check(
        &olga(&["get", "Gadgets.Example.org"]),
        "yes\n",
        "Warning: the server doesn't have a resource type 'gadgets' in group 'example.org'\n\n",
        0,
    );
    check(
        &olga(&["get", "gizmos"]),
        "no\n",
        "Warning: the server doesn't have a resource type 'gizmos'\n\n",
        1,
    );
    check(
        &olga(&["get", "deployments.v1.nowhere"]),
        "no\n",
        "Warning: the server doesn't have a resource type 'deployments' in group 'v1.nowhere'\n\n",
        1,
    );
    check(
        &olga(&["get", "gizmos."]),
        "no\n",
        "Warning: the server doesn't have a resource type 'gizmos'\n\n",
        1,
    );
    // An empty type is asked about, but what is no resource has no scope and no verbs.
    check(&olga(&["fetch", ""]), "no\n", "Warning: the server doesn't have a resource type ''\n\n", 1);
    check(&olga(&["fetch", "/"]), "no\n", "Warning: verb 'fetch' is not a known verb\n\n", 1);
}

#[test]
fn what_can_be_impersonated_is_not_called_unknown() {
    no(&olga(&["impersonate", "users"]));
    no(&olga(&["impersonate", "groups"]));
    no(&olga(&["impersonate", "Users"]));
}

#[test]
fn a_star_is_passed_through() {
    no(&olga(&["get", "*"]));
    no(&olga(&["*", "*"]));
    yes(&olga(&["*", "widgets"]));
    check(&["*", "*", "--as", "root", "--as-group", "system:masters"], "yes\n", "", 0);
}

#[test]
fn a_type_outside_of_namespaces_is_warned_about_and_asked_all_the_same() {
    check(&olga(&["get", "nodes"]), "yes\n", "Warning: resource 'nodes' is not namespace scoped\n\n", 0);
    check(
        &olga(&["get", "sc"]),
        "yes\n",
        "Warning: resource 'storageclasses' is not namespace scoped in group 'storage.k8s.io'\n\n",
        0,
    );
    yes(&olga(&["get", "nodes", "-A"]));
    yes(&olga(&["get", "nodes", "--all-namespaces"]));
}

#[test]
fn all_namespaces_is_a_question_without_a_namespace() {
    no(&dev(&["get", "pods", "-A"]));
    yes(&olga(&["get", "widgets", "-A"]));
}

#[test]
fn an_unknown_verb_is_warned_about() {
    check(&olga(&["fetch", "widgets"]), "yes\n", "Warning: verb 'fetch' is not a known verb\n\n", 0);
    check(&olga(&["list", "/healthz"]), "no\n", "Warning: verb 'list' is not a known verb\n\n", 1);
    check(
        &olga(&["fetch", "gizmos"]),
        "no\n",
        "Warning: the server doesn't have a resource type 'gizmos'\n\nWarning: verb 'fetch' is not a known verb\n\n",
        1,
    );
    yes(&olga(&["fetch", "widgets", "-A"]));
    for verb in
        "get list watch create update patch delete deletecollection use bind impersonate * approve sign escalate attest"
            .split(' ')
    {
        yes(&olga(&[verb, "widgets"]));
    }
    for verb in "put post head options delete patch *".split(' ') {
        no(&olga(&[verb, "/healthz"]));
    }
}

#[test]
fn a_path_has_no_subresource() {
    error(
        &olga(&["get", "/healthz", "--subresource", "log"]),
        "error: --subresource can not be used with NonResourceURL\n",
    );
}

#[test]
fn heads_are_left_out_of_lists_only() {
    error(
        &olga(&["get", "widgets", "--no-headers"]),
        "error: --no-headers cannot be set without --list specified\n",
    );
}

#[test]
fn a_list_takes_no_arguments_and_no_flags_of_questions() {
    error(&olga(&["get", "pods", "--list"]), "error: list option must be specified with no arguments\n");
    let message =
        "error: list option can't be specified with neither quiet, all-namespaces nor subresource options\n";
    error(&olga(&["--list", "-q"]), message);
    error(&olga(&["--list", "-A"]), message);
    error(&olga(&["--list", "--subresource", "log"]), message);
}

#[test]
fn quiet_leaves_the_exit_code_and_the_warnings() {
    check(&dev(&["get", "pods", "-q"]), "", "", 0);
    check(&dev(&["delete", "pods", "--quiet"]), "", "", 1);
    check(&["get", "pods", "--as", "lena", "-q"], "", "", 1);
    check(&olga(&["get", "nodes", "-q"]), "", "Warning: resource 'nodes' is not namespace scoped\n\n", 0);
}

#[test]
fn the_namespace_is_default_if_not_given() {
    let directory = Directory::new();
    let binding = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: r}
rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]
";
    let file = directory.file("a.yaml", binding);
    let ask = |more: &[&str]| {
        let arguments = ["can-i", "get", "pods", "--as", "jane", "-f", &file, "--default-roles=none"];
        rolecall(&[&arguments[..], more].concat()).stdout
    };
    assert_eq!(ask(&[]), "yes\n");
    assert_eq!(ask(&["-n", "default"]), "yes\n");
    assert_eq!(ask(&["-n", ""]), "yes\n");
    // The namespace of the question is not one for the files, nor the other way round.
    assert_eq!(ask(&["-n", "web"]), "no\n");
    assert_eq!(ask(&["--manifest-namespace", "web"]), "no\n");
    assert_eq!(ask(&["--manifest-namespace", "web", "-n", "web"]), "yes\n");
}

#[test]
fn without_a_user_nobody_asks() {
    let message = "error: who asks? there is no cluster that knows: name the user with --as (and groups with --as-group)\n";
    error(&["get", "pods"], message);
    error(&["get", "pods", "--as", ""], message);
    error(&["--list"], message);
    let message = "error: requesting uid or groups without impersonating a user: name the user with --as\n";
    error(&["get", "pods", "--as-group", "dev"], message);
    error(&["get", "pods", "--as-uid", "1"], message);
}

#[test]
fn groups_are_those_of_an_impersonated_user() {
    // Everybody is authenticated …
    yes(&["get", "/version", "--as", "nobody-in-particular"]);
    // … but for the anonymous user and those who say so,
    no(&["get", "/version", "--as", "system:anonymous"]);
    no(&["get", "/version", "--as", "x", "--as-group", "system:unauthenticated"]);
    // and a service account has groups, unless others were asked for.
    yes(&["get", "/healthz", "--as", "system:serviceaccount:monitoring:prometheus", "--as-uid", "7"]);
    no(&["get", "/healthz", "--as", "system:serviceaccount:other:prometheus"]);
    no(&["get", "/healthz", "--as", "system:serviceaccount:monitoring:prometheus", "--as-group", "dev"]);
}

#[test]
fn a_list_is_kubectls_table() {
    check(
        &olga(&["--list"]),
        "\
Resources                       Non-Resource URLs   Resource Names   Verbs
widgets.example.com             []                  []               [*]
Gadgets.Example.org             []                  []               [get]
                                [/healthz]          []               [get]
                                [/metrics/*]        []               [get]
                                [/version]          []               [get]
nodes                           []                  []               [get]
storageclasses.storage.k8s.io   []                  []               [get]
",
        "",
        0,
    );
}

#[test]
fn a_list_can_go_without_heads_and_may_be_empty() {
    check(&["--list", "--no-headers", "--as", "x"], "      [/version]   []    [get]\n", "", 0);
    check(&["--list", "--no-headers", "--as", "system:anonymous"], "", "", 0);
    check(
        &["--list", "--as", "system:anonymous"],
        "Resources   Non-Resource URLs   Resource Names   Verbs\n",
        "",
        0,
    );
}

#[test]
fn a_list_with_a_missing_role_counts_as_complete() {
    // RBAC calls its listings complete, whatever roles it could not find: kubectl does not warn.
    check(&["--list", "--as", "lena", "--no-headers"], "      [/version]   []    [get]\n", "", 0);
}

#[test]
fn default_roles_that_an_answer_rests_on_are_named() {
    let directory = Directory::new();
    let binding = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
";
    let file = directory.file("a.yaml", binding);
    let ask = ["can-i", "get", "pods", "--as", "jane", "-n", "web", "-f", &file];
    let run = rolecall(&ask);
    assert_eq!((run.stdout.as_str(), run.code), ("yes\n", 0));
    assert_eq!(
        run.stderr,
        "note: ClusterRole view is Kubernetes v1.36's own; no file defines it (--default-roles=none leaves it out)\n"
    );
    let run = rolecall(&[&ask[..], &["--default-roles=none"]].concat());
    assert_eq!(
        (run.stdout.as_str(), run.code),
        ("no - RBAC: clusterrole.rbac.authorization.k8s.io \"view\" not found\n", 1)
    );
    assert!(run.stderr.contains("--default-roles"), "{}", run.stderr);
    let run = rolecall(&["can-i", "get", "/healthz", "--as", "x", "-f", &file]);
    assert_eq!(run.stdout, "yes\n");
    assert!(run.stderr.contains("ClusterRoleBinding system:discovery"), "{}", run.stderr);
}

#[test]
fn a_policy_can_come_from_standard_input_and_from_several_places() {
    let directory = Directory::new();
    let shop = std::fs::read_to_string(fixture("shop.yaml")).unwrap();
    let ask = ["can-i", "get", "pods", "--as", "jane", "--as-group", "dev", "-n", "payments", "-f", "-"];
    assert_eq!(rolecall_with(&ask, &shop).stdout, "yes\n");
    let (role, rest) = shop.split_once("---\n").unwrap();
    directory.file("a/role.yaml", role);
    let path = directory.path();
    assert_eq!(rolecall_with(&[&ask[..], &["-f", &path]].concat(), rest).stdout, "yes\n");
}

#[test]
fn a_policy_that_cannot_be_loaded_answers_nothing() {
    let directory = Directory::new();
    let broken = directory.file("broken.yaml", "kind: [\n");
    let run = rolecall(&["can-i", "get", "pods", "--as", "x", "-f", &broken]);
    assert_eq!((run.stdout.as_str(), run.code), ("", 1));
    assert!(run.stderr.contains("broken.yaml"), "{}", run.stderr);
    assert!(run.stderr.ends_with("error: the policy could not be loaded: 1 error\n"), "{}", run.stderr);

    directory.file("shop.yaml", "");
    let missing = directory.join("shoq.yaml").display().to_string();
    let run = rolecall(&["can-i", "get", "pods", "--as", "x", "-f", &missing]);
    assert_eq!((run.stdout.as_str(), run.code), ("", 1));
    assert!(
        run.stderr.contains("error[unreadable]: cannot read this: no such file or directory"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("shop.yaml`?"), "{}", run.stderr);

    let run = rolecall(&["can-i", "get", "pods", "--as", "x"]);
    assert_eq!(
        run.stderr,
        "error: no policy to ask: name its files or directories with -f (- for standard input)\n"
    );
    assert_eq!(run.code, 1);
}

#[test]
fn what_an_api_server_would_refuse_is_left_out_with_a_word() {
    let directory = Directory::new();
    let file = directory.file(
        "a.yaml",
        "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: r}
rules: [{apiGroups: [''], resources: [pods], verbs: []}]
",
    );
    let run = rolecall(&["can-i", "get", "pods", "--as", "x", "-f", &file]);
    assert_eq!((run.stdout.as_str(), run.code), ("no\n", 1));
    assert!(
        run.stderr.contains("note: left out, since an API server would refuse to store it: ClusterRole r\n"),
        "{}",
        run.stderr
    );
    let run = rolecall(&["can-i", "get", "pods", "--as", "x", "-f", &file, "--validate=strict"]);
    assert_eq!((run.stdout.as_str(), run.code), ("", 1));
}

#[test]
fn nothing_that_a_terminal_would_interpret_is_printed() {
    let run = can_i(&["get", "po\u{1b}[2Jds", "--as", "x\u{202e}"]);
    assert_eq!(run.stdout, "no\n");
    assert_eq!(run.stderr, "Warning: the server doesn't have a resource type 'po\\u{1b}[2jds'\n\n");
}

#[test]
fn a_wrong_flag_costs_one_line_and_kubectls_exit_code() {
    error(
        &["get", "pods", "--subresorce", "log"],
        "error: unexpected argument '--subresorce' found; a similar argument exists: '--subresource' (see 'rolecall can-i -h')\n",
    );
    error(
        &["get", "pods", "--authorization-mode", "rbac"],
        "error: invalid value 'rbac' for '--authorization-mode <LIST>': unknown authorization mode `rbac`: expected RBAC, ABAC, AlwaysAllow or AlwaysDeny (see 'rolecall can-i -h')\n",
    );
}
