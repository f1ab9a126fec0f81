//! `rolecall what-can` and `rolecall matrix`, on the examples.

use std::path::Path;

use serde_json::{Value, json};

use crate::surroundings::{Directory, Run, check_schema, rolecall, rolecall_in};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Asks the shop, from the folder of the repository, without Kubernetes' own roles unless they are asked for.
///
/// The warnings about roles that are not there then are taken off.
fn shop(arguments: &[&str]) -> Run {
    let given = arguments.iter().any(|argument| argument.starts_with("--default-roles"));
    let defaults: &[&str] = if given { &[] } else { &["--default-roles=none"] };
    let run = rolecall_in(Path::new(ROOT), &[arguments, &["-f", "examples/shop"], defaults].concat());
    let after_warnings = run.stderr.rsplit_once("\n\n").map(|(_, rest)| rest.to_owned());
    Run { stderr: after_warnings.unwrap_or(run.stderr), ..run }
}

#[test]
fn the_matrix_joins_verbs_and_names_namespaces() {
    let run = shop(&["what-can", "--as", "jane", "--as-group", "operators", "-A"]);
    assert_eq!(
        run,
        Run {
            code: 0,
            stdout: "\
RESOURCE    NAMES   VERBS                   NAMESPACES
pods                get,list,watch,delete   payments, payments-dev
pods/exec           create                  payments, payments-dev
"
            .into(),
            stderr: String::new(),
        }
    );
}

#[test]
fn in_one_namespace_the_others_are_counted() {
    let run = shop(&["what-can", "user/jane"]);
    assert_eq!(
        run,
        Run {
            code: 1,
            stdout: "RESOURCE   NAMES   VERBS   NAMESPACES\n".into(),
            stderr:
                "note: nothing is granted here\nnote: there is more in 1 other namespace (-A shows them)\n"
                    .into(),
        }
    );
    let run = shop(&["what-can", "user/jane", "-n", "payments-dev"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

#[test]
fn by_binding_and_by_role_each_stands_with_its_place() {
    let run = shop(&["what-can", "group/dev", "-n", "payments", "--by", "binding"]);
    assert_eq!(
        run,
        Run {
            code: 0,
            stdout: "\
BINDING                         ROLE                   RESOURCE                 NAMES   VERBS                         NAMESPACES   AT
RoleBinding payments/dev-edit   Role payments/editor   pods                             get,list,watch,update         payments     examples/shop/payments.yaml:41
                                                       pods/log                         get                           payments
                                                       deployments.apps                 get,list,watch,update,patch   payments
                                                       deployments.apps/scale           get,list,watch,update,patch   payments
"
            .into(),
            stderr: String::new(),
        }
    );
    let run = shop(&["what-can", "sa/vault/agent", "-n", "payments", "--by", "role"]);
    assert_eq!(
        run.stdout,
        "\
ROLE                      RESOURCE   NAMES   VERBS               NAMESPACES   AT
ClusterRole vault-agent   secrets            get,create,update   *            examples/shop/cluster.yaml:27
                          /metrics           get
"
    );
}

#[test]
fn json_names_what_gives_each_row() {
    let run = shop(&["what-can", "serviceaccount/payments/api", "-n", "payments", "-o", "json"]);
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        answer,
        json!({
            "subject": {
                "user": "system:serviceaccount:payments:api",
                "groups": ["system:serviceaccounts", "system:serviceaccounts:payments", "system:authenticated"],
            },
            "namespace": "payments",
            "rows": [{
                "apiGroup": "", "resource": "secrets", "names": ["db-password"], "verbs": ["get"],
                "namespaces": ["payments"],
                "through": [{
                    "kind": "RoleBinding", "namespace": "payments", "name": "api",
                    "at": "examples/shop/payments.yaml:64",
                    "role": {
                        "kind": "Role", "namespace": "payments", "name": "api-secrets",
                        "at": "examples/shop/payments.yaml:28",
                    },
                }],
            }],
        })
    );
    let yaml = shop(&["what-can", "serviceaccount/payments/api", "-n", "payments", "-o", "yaml"]);
    assert!(yaml.stdout.starts_with("namespace: payments\nrows:\n- apiGroup: \"\"\n"), "{}", yaml.stdout);
    let by_role = shop(&["what-can", "sa/payments/api", "-n", "payments", "-o", "json", "--by", "role"]);
    let by_role: Value = serde_json::from_str(&by_role.stdout).unwrap();
    assert_eq!(by_role["roles"][0]["role"], "Role payments/api-secrets");
    assert_eq!(by_role["roles"][0]["rows"], answer["rows"]);
}

#[test]
fn csv_has_a_record_for_each_row() {
    let run = shop(&["what-can", "sa/vault/agent", "-A", "-o", "csv"]);
    assert_eq!(
        run.stdout,
        "api_group,resource,path,names,verbs,namespaces,through\r\n\
         ,secrets,,,\"get create update\",*,\"ClusterRoleBinding vault-agent\"\r\n\
         ,,/metrics,,get,,\"ClusterRoleBinding vault-agent\"\r\n"
    );
}

#[test]
fn what_everybody_has_by_default_is_shown_when_asked_for() {
    let run = shop(&["what-can", "user/joe", "--default-roles=all"]);
    assert_eq!(run.code, 1);
    let left_out = "note: what Kubernetes' own bindings give to everybody is left out (--all shows it)\n";
    assert_eq!(run.stderr, format!("note: nothing is granted here\n{left_out}"));
    let run = shop(&["what-can", "user/joe", "--default-roles=all", "--all"]);
    assert_eq!(run.code, 0);
    assert!(run.stdout.contains("selfsubjectreviews.authentication.k8s.io"), "{}", run.stdout);
    // Whoever asks about the group itself sees what the group has.
    let run = shop(&["what-can", "group/system:authenticated", "--default-roles=all"]);
    assert!(run.code == 0 && run.stdout.contains("selfsubjectreviews.authentication.k8s.io"), "{run:?}");
}

#[test]
fn the_superuser_can_everything() {
    let run = shop(&["what-can", "group/system:masters", "-A"]);
    assert_eq!(run.code, 0);
    assert_eq!(
        run.stdout,
        "\
RESOURCE   NAMES   VERBS   NAMESPACES
*.*                *       *
*                  *
"
    );
}

#[test]
fn a_subject_has_a_kind() {
    for (arguments, message) in [
        (
            &["what-can", "jane"][..],
            "error: `jane` names nobody: expected user/NAME, group/NAME or serviceaccount/NAMESPACE/NAME\n",
        ),
        (
            &["what-can"],
            "error: whom do you mean? name user/NAME, group/NAME or serviceaccount/NAMESPACE/NAME, or a user with --as\n",
        ),
        (
            &["what-can", "sa/agent"],
            "error: a service account has a namespace: serviceaccount/NAMESPACE/NAME\n",
        ),
        (&["what-can", "sa/Vault/agent"], "error: no service account can be called `sa/Vault/agent`\n"),
    ] {
        let run = shop(arguments);
        assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (2, "", message));
    }
}

#[test]
fn the_matrix_of_everybody_has_each_with_its_own() {
    let run = shop(&["matrix", "-n", "payments-dev"]);
    assert_eq!(
        run,
        Run {
            code: 0,
            stdout: "subject_kind,subject_namespace,subject,api_group,resource,path,names,verbs,namespaces,through\r\n\
                     Group,,system:masters,*,*,,,*,*,\"above all authorizers\"\r\n\
                     Group,,system:masters,,,*,,*,,\"above all authorizers\"\r\n\
                     ServiceAccount,vault,agent,,secrets,,,\"get create update\",*,\"ClusterRoleBinding vault-agent\"\r\n\
                     ServiceAccount,vault,agent,,,/metrics,,get,,\"ClusterRoleBinding vault-agent\"\r\n\
                     User,,jane,,pods,,,\"get list watch delete\",payments-dev,\"RoleBinding payments-dev/oncall\"\r\n\
                     User,,jane,,pods/exec,,,create,payments-dev,\"RoleBinding payments-dev/oncall\"\r\n"
                .into(),
            stderr: String::new(),
        }
    );
}

#[test]
fn the_matrix_in_json_is_one_array() {
    let run = shop(&["matrix", "-o", "json"]);
    let subjects: Value = serde_json::from_str(&run.stdout).unwrap();
    let named: Vec<_> = subjects
        .as_array()
        .unwrap()
        .iter()
        .map(|subject| subject["subject"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(named, ["dev", "operators", "system:masters", "api", "agent", "jane"]);
    let answer = shop(&["what-can", "group/operators", "-A", "-o", "json"]);
    let answer: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(subjects[1]["rows"], answer["rows"]);
}

#[test]
fn the_matrix_leaves_kubernetes_own_components_out() {
    let run = shop(&["matrix", "--default-roles=all"]);
    assert!(!run.stdout.contains("kube-scheduler"), "{}", run.stdout);
    assert!(run.stdout.contains("\r\nGroup,,system:authenticated,"), "{}", run.stdout);
    assert!(run.stderr.starts_with("note: Kubernetes' own components are left out: "), "{}", run.stderr);
    let all = shop(&["matrix", "--default-roles=all", "--all"]);
    assert!(all.stdout.contains("\r\nUser,,system:kube-scheduler,"), "{}", all.stdout);
    assert_eq!(all.stderr, "");
}

#[test]
fn attribute_policies_give_subresources_and_to_users_in_groups() {
    let line = |spec: &str| {
        format!(
            "{{\"apiVersion\":\"abac.authorization.kubernetes.io/v1beta1\",\"kind\":\"Policy\",\"spec\":{{{spec}}}}}\n"
        )
    };
    let both = line(
        "\"user\":\"eve\",\"group\":\"audit\",\"readonly\":true,\"resource\":\"pods\",\"namespace\":\"web\"",
    );
    let path = line("\"user\":\"eve\",\"nonResourcePath\":\"/logs/*\"");
    let directory = Directory::new();
    let file = directory.file("policy.jsonl", both + &path);
    let run = rolecall(&["what-can", "--as", "eve", "--as-group", "audit", "-n", "web", "-f", &file]);
    assert_eq!(
        run.stdout,
        "\
RESOURCE   NAMES   VERBS            NAMESPACES
pods[/*]           get,list,watch   web
/logs/*            *
"
    );
    let alone = rolecall(&["what-can", "--as", "eve", "-A", "-f", &file]);
    assert_eq!(alone.stdout, "RESOURCE   NAMES   VERBS   NAMESPACES\n/logs/*            *\n");
    let matrix = rolecall(&["matrix", "-f", &file]);
    let subjects: Vec<_> =
        matrix.stdout.lines().skip(1).map(|line| line.split(',').nth(2).unwrap()).collect();
    assert_eq!(subjects, ["system:masters", "system:masters", "eve", "\"eve in Group audit\""]);
    let nobody = rolecall(&["matrix", "-f", &file, "-o", "json", "--authorization-mode=AlwaysAllow"]);
    assert!(nobody.stdout.starts_with("[\n{"), "{}", nobody.stdout);
}

#[test]
fn json_is_as_its_schema_has_it() {
    for more in [&["-A"][..], &["-n", "payments", "--by=role"], &["-A", "--by=binding", "--all"]] {
        let asked = ["what-can", "--as=jane", "--as-group=dev", "--default-roles=all", "-o=json"];
        let answer: Value = serde_json::from_str(&shop(&[&asked[..], more].concat()).stdout).unwrap();
        check_schema("what-can.schema.json", &answer);
    }
    for more in [&["--default-roles=all", "--all"][..], &["--authorization-mode=AlwaysAllow"]] {
        let answer: Value =
            serde_json::from_str(&shop(&[&["matrix", "-o=json"], more].concat()).stdout).unwrap();
        check_schema("matrix.schema.json", &answer);
    }
}
