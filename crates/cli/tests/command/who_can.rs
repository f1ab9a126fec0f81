//! `rolecall who-can`, on the examples: the transcripts of `design/experience.md`.

use std::path::Path;

use serde_json::{Value, json};

use crate::surroundings::{Directory, Run, check_schema, rolecall_in, rolecall_with};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

const SHOP: &str = "examples/shop";

/// Asks the shop, from the folder of the repository.
fn who_can(arguments: &[&str]) -> Run {
    rolecall_in(Path::new(ROOT), &[&["who-can"], arguments, &["-f", SHOP]].concat())
}

fn ask(policy: &str, arguments: &[&str]) -> Run {
    let mut all = vec!["who-can"];
    all.extend(arguments);
    all.extend(["-f", "-"]);
    rolecall_with(&all, policy)
}

const ADMIN: &str = "note: ClusterRole admin is Kubernetes v1.36's own; no file defines it \
                     (--default-roles=none leaves it out; --all shows default subjects)\n";

#[test]
fn the_table_names_subjects_bindings_roles_and_limits() {
    let run = who_can(&["get", "secrets", "-n", "payments"]);
    assert_eq!(
        run,
        Run {
            code: 0,
            stdout: "\
SUBJECT                       THROUGH                          ROLE                        ONLY
Group payments-admins         RoleBinding payments/admins      ClusterRole admin
ServiceAccount vault/agent    ClusterRoleBinding vault-agent   ClusterRole vault-agent
ServiceAccount payments/api   RoleBinding payments/api         Role payments/api-secrets   names db-password
Group system:masters          above all authorizers
"
            .into(),
            stderr: ADMIN.into(),
        }
    );
}

#[test]
fn in_all_namespaces_each_is_told_with_its_own() {
    let run = who_can(&["get", "secrets", "-A"]);
    assert_eq!(
        run,
        Run {
            code: 0,
            stdout: "\
SUBJECT                       THROUGH                          ROLE                        ONLY
ServiceAccount vault/agent    ClusterRoleBinding vault-agent   ClusterRole vault-agent
Group payments-admins         RoleBinding payments/admins      ClusterRole admin           namespace payments
ServiceAccount payments/api   RoleBinding payments/api         Role payments/api-secrets   namespace payments, names db-password
Group system:masters          above all authorizers
"
            .into(),
            stderr: ADMIN.into(),
        }
    );
}

#[test]
fn wide_tells_where_everything_stands() {
    let run = who_can(&["get", "secrets/db-password", "-n", "payments", "-o", "wide"]);
    assert_eq!(
        run.stdout,
        "\
SUBJECT                       THROUGH                          ROLE                        ONLY   BINDING AT                       RULE AT                          WHO
Group payments-admins         RoleBinding payments/admins      ClusterRole admin                  examples/shop/payments.yaml:50   Kubernetes v1.36
ServiceAccount payments/api   RoleBinding payments/api         Role payments/api-secrets          examples/shop/payments.yaml:64   examples/shop/payments.yaml:31
ServiceAccount vault/agent    ClusterRoleBinding vault-agent   ClusterRole vault-agent            examples/shop/cluster.yaml:37    examples/shop/cluster.yaml:29
Group system:masters          above all authorizers
"
    );
}

#[test]
fn csv_has_a_record_for_each_grant() {
    let run = who_can(&["get", "secrets", "-A", "-o", "csv"]);
    assert_eq!(
        run.stdout,
        "subject_kind,subject_namespace,subject,through,role,only_namespace,only_names,binding_at,rule_at\r\n\
         ServiceAccount,vault,agent,\"ClusterRoleBinding vault-agent\",\"ClusterRole vault-agent\",,,\
         examples/shop/cluster.yaml:37,examples/shop/cluster.yaml:29\r\n\
         Group,,payments-admins,\"RoleBinding payments/admins\",\"ClusterRole admin\",payments,,\
         examples/shop/payments.yaml:50,\"Kubernetes v1.36\"\r\n\
         ServiceAccount,payments,api,\"RoleBinding payments/api\",\"Role payments/api-secrets\",payments,db-password,\
         examples/shop/payments.yaml:64,examples/shop/payments.yaml:31\r\n\
         Group,,system:masters,\"above all authorizers\",,,,,\r\n"
    );
}

#[test]
fn json_has_the_same_facts() {
    let run = who_can(&["get", "secrets", "-n", "payments", "-o", "json"]);
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    let question = json!({
        "verb": "get", "apiGroup": "", "resource": "secrets", "subresource": "", "name": "",
        "namespace": "payments", "allNamespaces": false,
    });
    assert_eq!(answer["question"], question);
    assert_eq!(answer["missingRoles"], json!([]));
    let subjects = answer["subjects"].as_array().unwrap();
    assert_eq!(subjects.len(), 4);
    assert_eq!(
        subjects[2],
        json!({
            "subject": {"kind": "ServiceAccount", "namespace": "payments", "name": "api"},
            "exact": false,
            "only": {"names": ["db-password"]},
            "through": {
                "kind": "RoleBinding", "namespace": "payments", "name": "api", "at": "examples/shop/payments.yaml:64",
            },
            "role": {
                "kind": "Role", "namespace": "payments", "name": "api-secrets", "at": "examples/shop/payments.yaml:28",
                "rule": 0, "ruleAt": "examples/shop/payments.yaml:31",
            },
        })
    );
    let superuser = json!({
        "subject": {"kind": "Group", "name": "system:masters"},
        "exact": true,
        "through": {"kind": "AboveAllAuthorizers"},
    });
    assert_eq!(subjects[3], superuser);
}

#[test]
fn yaml_says_the_same() {
    let run = who_can(&["delete", "ord", "-n", "payments", "-o", "yaml", "--default-roles=none"]);
    assert_eq!(run.code, 1);
    assert_eq!(
        run.stdout,
        "\
defaultSubjectsLeftOut: 0
missingRoles:
- role: \"ClusterRole view\"
  through:
    at: \"examples/shop/cluster.yaml:3\"
    kind: ClusterRoleBinding
    name: developers-view
- role: \"ClusterRole admin\"
  through:
    at: \"examples/shop/payments.yaml:50\"
    kind: RoleBinding
    name: admins
    namespace: payments
question:
  allNamespaces: false
  apiGroup: shop.example.com
  name: \"\"
  namespace: payments
  resource: orders
  subresource: \"\"
  verb: delete
subjects:
- exact: true
  subject:
    kind: Group
    name: \"system:masters\"
  through:
    kind: AboveAllAuthorizers
"
    );
    assert!(run.stderr.contains("\nnote: nobody else can: "), "{}", run.stderr);
    assert!(run.stderr.contains("this binding grants nothing: ClusterRole admin"), "{}", run.stderr);
}

#[test]
fn where_nobody_else_is_listed_the_answer_is_no() {
    let run = who_can(&["get", "nodes"]);
    assert_eq!(
        run,
        Run {
            code: 1,
            stdout: "\
SUBJECT                THROUGH                 ROLE   ONLY
Group system:masters   above all authorizers
"
            .into(),
            stderr: "note: nobody else can: group system:masters stands above all policies\n\
                     note: Kubernetes' own components are left out: 8 subjects (--all shows them)\n"
                .into(),
        }
    );
    let all = who_can(&["get", "nodes", "--all"]);
    assert_eq!(all.code, 0);
    assert!(all.stdout.contains("\nUser system:kube-scheduler  "), "{}", all.stdout);
}

/// As `kubectl get -o yaml` prints them; the last line is what somebody added.
const DUMP: &str = "\
apiVersion: v1
kind: List
items:
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRole
  metadata: {name: 'system:kube-dns', uid: 4b3f, labels: {kubernetes.io/bootstrapping: rbac-defaults}}
  rules:
  - {apiGroups: [''], resources: [endpoints, services], verbs: [list, watch]}
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRoleBinding
  metadata: {name: 'system:kube-dns', uid: 4b40, labels: {kubernetes.io/bootstrapping: rbac-defaults}}
  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: 'system:kube-dns'}
  subjects:
  - {kind: ServiceAccount, name: kube-dns, namespace: kube-system}
";

#[test]
fn default_bindings_of_a_live_cluster_are_left_out_as_those_that_are_added() {
    let list = ["list", "services"];
    let run = ask(DUMP, &list);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("components are left out: 1 subject (--all shows them)"), "{run:?}");
    assert!(
        ask(DUMP, &["list", "services", "--all"]).stdout.contains("ServiceAccount kube-system/kube-dns ")
    );
    let changed = format!("{DUMP}  - {{kind: User, name: mallory, apiGroup: rbac.authorization.k8s.io}}\n");
    let run = ask(&changed, &list);
    assert!(run.stdout.contains("ServiceAccount kube-system/kube-dns "), "{run:?}");
    assert!(run.stdout.contains("User mallory "), "{run:?}");
}

#[test]
fn what_everybody_is_given_by_default_is_never_left_out() {
    let run = who_can(&["get", "/version", "-o", "wide"]);
    assert_eq!(run.code, 0);
    assert!(
        run.stdout.contains("\nGroup system:unauthenticated   ClusterRoleBinding system:public-info-viewer ")
    );
    assert!(run.stdout.contains("everybody who is not authenticated\n"), "{}", run.stdout);
}

const CORNERS: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: [{apiGroups: [''], resources: [pods, nodes, namespaces], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers, namespace: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: 'system:serviceaccount:ci:builder'}
- {kind: ServiceAccount, name: own}
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:serviceaccounts:db'}
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: 'jane'}
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: 'jane'}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: gone, namespace: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: editor}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: 'jane'}]
";

#[test]
fn service_accounts_are_themselves_by_whatever_name() {
    let run = ask(CORNERS, &["get", "pods", "-n", "web", "--default-roles=none", "-o", "csv"]);
    let subjects: Vec<_> = run.stdout.lines().skip(1).map(|line| line.split(",\"").next().unwrap()).collect();
    assert_eq!(
        subjects,
        [
            "Group,,system:serviceaccounts:db",
            "ServiceAccount,ci,builder",
            "ServiceAccount,web,own",
            "User,,jane",
            "Group,,system:masters"
        ]
    );
    assert!(run.stderr.contains("there is no Role web/editor"), "{}", run.stderr);
}

#[test]
fn what_lives_outside_of_namespaces_is_not_given_by_a_role_binding() {
    let code = |question: &[&str]| ask(CORNERS, &[question, &["--default-roles=none"]].concat()).code;
    assert_eq!(code(&["get", "nodes", "-n", "web"]), 1);
    assert_eq!(code(&["get", "nodes", "-A"]), 1);
    // A namespace is in the namespace of its name.
    assert_eq!(code(&["get", "namespaces/web"]), 0);
    assert_eq!(code(&["get", "namespaces/db", "-n", "web"]), 1);
    assert_eq!(code(&["get", "namespaces", "-A"]), 0);
}

#[test]
fn attribute_policies_and_modes_are_respected() {
    let lines = "\
        {\"apiVersion\":\"abac.authorization.kubernetes.io/v1beta1\",\"kind\":\"Policy\",\"spec\":{\"user\":\"eve\",\
        \"group\":\"audit\",\"readonly\":true,\"apiGroup\":\"*\",\"resource\":\"*\",\"namespace\":\"web\"}}\n";
    let directory = Directory::new();
    directory.file("policy.jsonl", lines);
    let run =
        rolecall_in(&directory.join(""), &["who-can", "get", "pods", "-n", "web", "-f", "policy.jsonl"]);
    assert_eq!(
        run.stdout,
        "\
SUBJECT                   THROUGH                      ROLE   ONLY
User eve in Group audit   ABAC policy policy.jsonl:1
Group system:masters      above all authorizers
"
    );
    let code = |more: &[&str]| {
        rolecall_in(&directory.join(""), &[&["who-can", "get", "pods", "-f", "policy.jsonl"], more].concat())
            .code
    };
    assert_eq!(code(&["-n", "db"]), 1);
    assert_eq!(code(&["-A"]), 0);
    assert_eq!(code(&["-n", "web", "--authorization-mode=RBAC"]), 1);
    assert_eq!(code(&["-n", "db", "--authorization-mode=AlwaysAllow"]), 0);
    assert_eq!(code(&["-n", "web", "--authorization-mode=AlwaysDeny,ABAC"]), 0);
}

#[test]
fn what_a_live_cluster_prints_can_be_asked_on_standard_input() {
    let mut list = "apiVersion: v1\nkind: List\nitems:\n".to_owned();
    for item in CORNERS.split("---\n") {
        let lines: Vec<_> = item.lines().collect();
        list.push_str("- ");
        list.push_str(&lines.join("\n  "));
        list.push('\n');
    }
    let run = ask(&list, &["get", "pods", "-A", "-o", "csv"]);
    assert_eq!(run.code, 0);
    assert!(
        run.stdout.contains("\r\nUser,,jane,\"RoleBinding web/readers\",\"ClusterRole reader\",web,,"),
        "{run:?}"
    );
}

#[test]
fn a_name_that_is_a_formula_is_none_in_a_spreadsheet() {
    let policy = CORNERS.replace("'jane'", "'=HYPERLINK(\"x\")'");
    let run = ask(&policy, &["get", "pods", "-n", "web", "-o", "csv"]);
    assert!(run.stdout.contains("\r\nUser,,\"'=HYPERLINK(\"\"x\"\")\","), "{}", run.stdout);
}

#[test]
fn a_question_that_is_none_is_not_answered() {
    let run = who_can(&["get"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.starts_with("error: you must specify two arguments"), "{}", run.stderr);
    let run = who_can(&["get", "/x", "--subresource=log"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    let run = who_can(&["get", "pods", "-A", "-n", "web"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
}

#[test]
fn json_is_as_its_schema_has_it() {
    let json = |run: Run| serde_json::from_str(&run.stdout).unwrap();
    let schema = "who-can.schema.json";
    for question in [
        &["get", "secrets", "-A", "--all"][..],
        &["get", "/version"],
        &["get", "secrets", "--authorization-mode=AlwaysAllow"],
        &["get", "pods", "-n", "payments", "--default-roles=none"],
    ] {
        check_schema(schema, &json(who_can(&[question, &["-o", "json"]].concat())));
    }
    let lines = "{\"user\":\"eve\",\"group\":\"audit\"}\n\
                 {\"apiVersion\":\"abac.authorization.kubernetes.io/v1beta1\",\"kind\":\"Policy\",\
                 \"spec\":{\"user\":\"eve\",\"resource\":\"pods\"}}\n";
    let answer: Value = json(ask(lines, &["get", "pods", "-A", "-o", "json"]));
    check_schema(schema, &answer);
    assert_eq!(answer["subjects"][0]["subject"], json!({"kind": "User", "name": "eve"}));
    assert_eq!(answer["subjects"][0]["only"], json!({"clusterScope": true}));
    assert_eq!(answer["subjects"][1]["subject"], json!({"kind": "User", "name": "eve", "inGroup": "audit"}));
}
