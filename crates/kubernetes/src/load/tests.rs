use rolecall_diagnostics::{Finding, Severity};
use rolecall_model::{Mode, Modes, Origin, Subject};

use super::*;

const ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: editor, namespace: payments}
rules:
- {apiGroups: [''], resources: [pods], verbs: [get]}
";

const BINDING: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: edit, namespace: payments}
subjects: [{kind: User, name: jane}]
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: ROLE}
";

fn load(options: LoadOptions, texts: &[&str]) -> Load {
    let mut loader = Loader::new(options);
    for (number, text) in texts.iter().enumerate() {
        loader.add(&format!("{number}.yaml"), text.as_bytes().to_vec());
    }
    loader.finish()
}

fn with(validate: Validate, texts: &[&str]) -> Load {
    load(LoadOptions { validate, ..LoadOptions::default() }, texts)
}

fn named<'a>(load: &'a Load, name: &str) -> Vec<&'a Finding> {
    load.findings.iter().filter(|finding| finding.name == name).collect()
}

fn position(load: &Load, finding: &Finding) -> String {
    let span = finding.span().unwrap();
    format!("{}:{}", load.sources.name_of(span), load.sources.position(span))
}

#[test]
fn roles_and_bindings_know_where_they_stand() {
    let load = with(Validate::Strict, &[ROLE, &BINDING.replace("ROLE", "editor")]);
    assert_eq!(load.findings, []);
    let policies = load.policies.unwrap();
    let place = |origin: Origin| load.sources.location(origin.span().unwrap());
    assert_eq!(place(policies.roles()[0].origin), "0.yaml:3");
    assert_eq!(place(policies.roles()[0].rules[0].origin), "0.yaml:5");
    assert_eq!(place(policies.bindings()[0].origin), "1.yaml:3");
    assert_eq!(policies.bindings()[0].subjects, [Subject::user("jane")]);
}

#[test]
fn an_unknown_field_is_an_error_a_warning_or_nothing() {
    let role = ROLE.replace("verbs: [get]", "verbs: [get], resourcesNames: [a]");
    let load = with(Validate::Strict, &[&role]);
    let [finding] = named(&load, "unknown-field")[..] else { panic!("{:?}", load.findings) };
    assert_eq!(finding.severity, Severity::Error);
    assert_eq!(finding.field.as_deref(), Some("rules[0].resourcesNames"));
    assert_eq!(finding.object.as_deref(), Some("Role payments/editor"));
    assert_eq!(finding.labels[0].text, "did you mean `resourceNames`?");
    assert_eq!(position(&load, finding), "0.yaml:5:54");
    assert!(load.policies.is_none());

    let load = with(Validate::Warn, &[&role]);
    assert_eq!(named(&load, "unknown-field")[0].severity, Severity::Warning);
    assert_eq!(load.policies.unwrap().roles()[0].rules.len(), 1);
    let load = with(Validate::Ignore, &[&role]);
    assert_eq!(load.findings, []);
    assert!(load.policies.is_some());
}

#[test]
fn a_refused_object_is_an_error_left_out_or_taken() {
    let role = ROLE.replace("verbs: [get]", "verbs: []");
    let load = with(Validate::Strict, &[&role, BINDING]);
    assert!(load.policies.is_none());
    assert_eq!(
        load.findings[0].kubernetes.as_deref(),
        Some("rules[0].verbs: Required value: verbs must contain at least one value")
    );

    let load = with(Validate::Warn, &[&role, &BINDING.replace("ROLE", "editor")]);
    assert_eq!(load.left_out, ["Role payments/editor"]);
    assert!(named(&load, "dangling-role")[0].message.contains("left out"));
    let policies = load.policies.unwrap();
    assert_eq!((policies.roles().len(), policies.bindings().len()), (0, 1));

    let load = with(Validate::Ignore, &[&role]);
    assert_eq!(load.left_out, Vec::<String>::new());
    assert_eq!(load.policies.unwrap().roles().len(), 1);
}

#[test]
fn a_wrong_type_is_an_error_in_every_mode_and_every_one_is_named() {
    let role = ROLE.replace("verbs: [get]", "verbs: [yes, 1]").replace("name: editor", "name: 7");
    for validate in [Validate::Ignore, Validate::Warn, Validate::Strict] {
        let load = with(validate, &[&role]);
        let fields: Vec<_> =
            named(&load, "wrong-type").iter().map(|finding| finding.field.clone().unwrap()).collect();
        assert_eq!(fields, ["metadata.name", "rules[0].verbs[0]", "rules[0].verbs[1]"]);
        assert!(load.policies.is_none());
    }
}

#[test]
fn findings_of_all_files_stand_in_the_order_of_files_and_lines() {
    let bad = "kind: Role\n---\nkind: ClusterRole\n";
    let load = with(Validate::Warn, &[bad, "a: [", bad]);
    let places: Vec<_> = load.findings.iter().map(|finding| position(&load, finding)).collect();
    assert_eq!(places[0], "0.yaml:1:1");
    assert_eq!(places[1], "0.yaml:3:1");
    assert!(places[2].starts_with("1.yaml:"), "{places:?}");
    assert_eq!(places[3..], ["2.yaml:1:1", "2.yaml:3:1"]);
}

#[test]
fn namespaces_are_given_and_taken_away_before_validation() {
    let cluster = ROLE.replace("kind: Role", "kind: ClusterRole");
    let bare = ROLE.replace(", namespace: payments", "");
    let options = LoadOptions {
        manifest_namespace: Some("here".to_owned()),
        validate: Validate::Strict,
        ..LoadOptions::default()
    };
    let load = load(options, &[&cluster, &bare, &bare]);
    assert_eq!(named(&load, "namespace-ignored").len(), 1);
    let [note] = named(&load, "default-namespace")[..] else { panic!("{:?}", load.findings) };
    assert!(
        note.message.starts_with("2 objects name no namespace and are taken to be in `here`"),
        "{}",
        note.message
    );
    let policies = load.policies.unwrap();
    let namespaces: Vec<_> =
        policies.roles().iter().map(|role| role.namespace.as_ref().map(ToString::to_string)).collect();
    assert_eq!(namespaces, [None, Some("here".to_owned())]);
}

#[test]
fn a_later_object_takes_an_earlier_ones_place_but_not_in_silence() {
    let load = with(Validate::Ignore, &[ROLE, &ROLE.replace("[get]", "[list]")]);
    let [finding] = named(&load, "repeated-object")[..] else { panic!("{:?}", load.findings) };
    assert_eq!(position(&load, finding), "1.yaml:3:18");
    assert_eq!(load.sources.name_of(finding.labels[1].span), "0.yaml");
    assert_eq!(load.policies.unwrap().roles()[0].rules[0].verbs[0].as_str(), "list");
}

#[test]
fn names_that_are_made_up_stay_apart() {
    let role = ROLE.replace("name: editor", "generateName: editor-");
    let load = with(Validate::Strict, &[&role, &role]);
    assert_eq!(named(&load, "generated-name").len(), 2);
    assert_eq!(load.policies.unwrap().roles().len(), 2);
}

#[test]
fn a_reference_that_leads_nowhere_is_pointed_at_with_what_was_meant() {
    let load = with(Validate::Strict, &[ROLE, &BINDING.replace("ROLE", "edtor")]);
    let [finding] = named(&load, "dangling-role")[..] else { panic!("{:?}", load.findings) };
    assert_eq!(finding.severity, Severity::Warning);
    assert_eq!(finding.message, "this binding grants nothing: there is no Role payments/edtor");
    assert_eq!(load.sources.text_of(finding.span().unwrap()), "edtor");
    assert_eq!(finding.labels[0].text, "did you mean `editor`?");
    assert_eq!(load.sources.location(finding.labels[1].span), "0.yaml:3");
    assert!(load.policies.is_some());
    assert_eq!(with(Validate::Ignore, &[&BINDING.replace("ROLE", "edtor")]).findings, []);
}

#[test]
fn nothing_is_missing_while_a_file_cannot_be_read() {
    let load = with(Validate::Warn, &[&BINDING.replace("ROLE", "editor"), "a: ["]);
    assert_eq!(named(&load, "dangling-role").len(), 0);
}

#[test]
fn default_roles_are_added_unless_the_files_come_from_a_server() {
    let to_view = BINDING.replace("kind: Role,", "kind: ClusterRole,").replace("ROLE", "view");
    let defaults =
        |default_roles, text: &str| load(LoadOptions { default_roles, ..LoadOptions::default() }, &[text]);

    let load = defaults(DefaultRoles::None, &to_view);
    assert_eq!(load.added_defaults, 0);
    assert!(named(&load, "dangling-role")[0].help.as_deref().unwrap().contains("--default-roles=all"));

    let load = defaults(DefaultRoles::Auto, &to_view);
    assert!(load.added_defaults > 100);
    assert_eq!(load.findings, []);
    let policies = load.policies.unwrap();
    let view = policies.roles().iter().find(|role| role.name.as_str() == "view").unwrap();
    assert!(!view.rules.is_empty());

    for live in [
        to_view.replace("name: edit,", "name: edit, uid: 5d6b1b5e-0000-4000-8000-000000000000,"),
        to_view.replace("name: edit,", "name: edit, labels: {kubernetes.io/bootstrapping: rbac-defaults},"),
    ] {
        let load = defaults(DefaultRoles::Auto, &live);
        assert_eq!(load.added_defaults, 0);
        assert!(named(&load, "dangling-role")[0].help.as_deref().unwrap().contains("live"));
        assert!(defaults(DefaultRoles::All, &live).added_defaults > 100);
    }
}

#[test]
fn a_default_role_that_a_file_brings_is_the_files() {
    let view = ROLE.replace("kind: Role", "kind: ClusterRole").replace("editor, namespace: payments", "view");
    let load = load(LoadOptions { default_roles: DefaultRoles::All, ..LoadOptions::default() }, &[&view]);
    let policies = load.policies.unwrap();
    let views: Vec<_> = policies.roles().iter().filter(|role| role.name.as_str() == "view").collect();
    assert_eq!(views.len(), 1);
    assert_eq!(views[0].aggregation, None);
    assert_eq!(views[0].rules.len(), 1);
}

#[test]
fn abac_files_alone_get_no_default_roles() {
    let options = LoadOptions { default_roles: DefaultRoles::Auto, ..LoadOptions::default() };
    let abac = r#"{"user":"alice"}"#;
    assert_eq!(load(options.clone(), &[abac]).added_defaults, 0);
    let both = LoadOptions { modes: Some(Modes::new([Mode::Abac, Mode::Rbac])), ..options };
    assert!(load(both, &[abac]).added_defaults > 100);
}

#[test]
fn a_policy_line_among_manifests_is_not_skipped() {
    let policy = r#"{"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{}}"#;
    let load = with(Validate::Ignore, &[&format!("{ROLE}---\n{policy}\n")]);
    assert_eq!(named(&load, "mixed-formats").len(), 1);
    assert!(load.policies.is_none());
}

#[test]
fn other_objects_are_counted_and_tell_what_there_is() {
    let text = "apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: payments}}
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: api, namespace: payments}}
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: bare}}
- apiVersion: apiextensions.k8s.io/v1
  kind: CustomResourceDefinition
  metadata: {name: widgets.example.com}
  spec:
    group: example.com
    scope: Namespaced
    names: {kind: Widget, plural: widgets}
    versions: [{name: v1, served: true, storage: true}]
";
    let load = with(Validate::Strict, &[text]);
    assert_eq!(load.findings, []);
    assert_eq!(load.files[0].skipped["v1 ServiceAccount"], 2);
    assert!(load.namespaces.contains("payments"));
    let accounts: Vec<_> =
        load.service_accounts.iter().map(|(one, other)| format!("{one}/{other}")).collect();
    assert_eq!(accounts, ["default/bare", "payments/api"]);
    assert!(load.resource_types.resolve("widgets").is_some());
}

#[test]
fn files_that_are_asked_for_as_a_format_are_read_as_it() {
    let mut loader = Loader::new(LoadOptions::default());
    loader.add_manifests("a.jsonl", b"{}".to_vec());
    let load = loader.finish();
    assert_eq!(load.files[0].documents, 1);
    assert_eq!(load.policies.unwrap().attribute_policies().len(), 0);
}

/// Whether in a manifest or in a line of an ABAC file.
#[test]
fn what_has_no_error_beside_something_that_has_one_can_be_looked_at() {
    let typo = ROLE.replace("resources:", "resourceNmes: [a]\n  resources:").replace("name: ", "name: odd-");
    let broken = "a: [\n";
    let load = with(Validate::Strict, &[&format!("{ROLE}---\n{typo}"), broken]);
    assert!(load.policies.is_none());
    let part = load.incomplete.unwrap();
    assert_eq!(part.roles().len(), 1, "{:?}", load.findings);
    assert!(!part.roles()[0].name.as_str().starts_with("odd-"));

    let lines = "{\"user\": \"alice\", \"resource\": \"pods\"}\n{\"user\": \"\"}\n";
    let load = with(Validate::Strict, &[lines, broken]);
    let sound = load.incomplete.unwrap().attribute_policies().len();
    let faulty = load.findings.iter().filter(|found| found.severity == Severity::Error).count() - 1;
    assert_eq!((sound, faulty), (1, 1), "{:?}", load.findings);

    assert!(with(Validate::Strict, &[ROLE]).incomplete.is_none());
}

#[test]
fn an_aggregated_role_that_is_looked_at_has_gathered_nothing_that_has_an_error() {
    let role = |name: &str, rest: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}, labels: {{a: b}}}}\n{rest}\n---\n"
        )
    };
    let rule = "{apiGroups: [''], resources: [pods], verbs: [get]";
    let text = [
        role("sum", "rules: []\naggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}"),
        role("sound", &format!("rules: [{rule}}}]")),
        role("odd", &format!("rules: [{rule}, resourceNmes: [a]}}]")),
    ]
    .concat();
    let part = with(Validate::Strict, &[&text]).incomplete.unwrap();
    let rules: Vec<_> = part.roles().iter().map(|role| (role.name.as_str(), role.rules.len())).collect();
    assert_eq!(rules, [("sum", 1), ("sound", 1)]);
}
