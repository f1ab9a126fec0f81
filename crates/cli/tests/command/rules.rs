//! `rolecall rules`.

use serde_json::{Value, json};

use crate::surroundings::{Run, fixture, rolecall};

fn rules(more: &[&str]) -> Run {
    let shop = fixture("shop.yaml");
    let arguments = ["rules", "-f", &shop, "--default-roles=none", "--validate=ignore"];
    rolecall(&[&arguments[..], more].concat())
}

const DEV: [&str; 6] = ["--as", "jane", "--as-group", "dev", "-n", "payments"];

#[test]
fn the_table_is_the_one_of_can_i() {
    let shop = fixture("shop.yaml");
    let list = ["can-i", "--list", "-f", &shop, "--default-roles=none", "--validate=ignore"];
    let list = rolecall(&[&list[..], &DEV].concat());
    assert_eq!(rules(&DEV), list);
    assert_eq!(
        list,
        Run {
            code: 0,
            stdout: "\
Resources          Non-Resource URLs   Resource Names   Verbs
pods/log           []                  []               [get list]
pods               []                  []               [get list]
deployments.apps   []                  []               [get list]
                   [/version]          []               [get]
secrets            []                  [db-password]    [get]
"
            .into(),
            stderr: String::new(),
        }
    );
}

#[test]
fn json_is_the_review_with_its_status() {
    let run = rules(&[&DEV[..], &["-o", "json"]].concat());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let review: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        review,
        json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "metadata": {},
            "spec": {},
            "status": {
                "incomplete": false,
                "nonResourceRules": [{"nonResourceURLs": ["/version"], "verbs": ["get"]}],
                "resourceRules": [
                    {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]},
                    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list"]},
                    {
                        "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["db-password"],
                        "verbs": ["get"],
                    },
                ],
            },
        })
    );
}

#[test]
fn yaml_says_the_same() {
    let run = rules(&["--as", "x", "-o", "yaml"]);
    assert_eq!(
        run,
        Run {
            code: 0,
            stdout: "\
apiVersion: authorization.k8s.io/v1
kind: SelfSubjectRulesReview
metadata: {}
spec: {}
status:
  incomplete: false
  nonResourceRules:
  - nonResourceURLs:
    - \"/version\"
    verbs:
    - get
  resourceRules: []
"
            .into(),
            stderr: String::new(),
        }
    );
}

#[test]
fn a_role_that_is_missing_is_an_evaluation_error_and_the_list_complete() {
    let run = rules(&["--as", "lena", "-o", "json"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let review: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(review["status"]["incomplete"], false);
    assert_eq!(
        review["status"]["evaluationError"],
        "clusterrole.rbac.authorization.k8s.io \"gone\" not found"
    );
}

#[test]
fn without_a_user_there_is_nothing_to_list() {
    let run = rules(&[]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.starts_with("error: who asks?"), "{}", run.stderr);
}
