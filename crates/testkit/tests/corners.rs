//! Small policies, each a corner of the specification, on which engine and reference are compared
//! exhaustively: every class of requests, with every way that the engine has of compiling them.
//!
//! Nothing here is drawn at random, so that a fault of the engine is found every time: the mutants of
//! `tests/mutants` are held to this.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use rolecall_analysis::{PartKind, VerifyOptions, verify};
use rolecall_engine::{CompileOptions, Engine};
use rolecall_model::{
    AttributePolicy, Binding, Mode, Modes, Origin, PolicySet, PolicySetBuilder, Role, RoleRef, RoleRefKind,
    Rule, Subject, Wild,
};
use rolecall_reference::Reference;
use rolecall_testkit::PolicyText;

#[track_caller]
fn check(policies: PolicySetBuilder) {
    let policies = policies.build().unwrap();
    let reference = Reference::new(&policies);
    // What the frugal options multiply not out, and so never keep in cells, kept in wide ones of lists of sets.
    let mut spacious = CompileOptions::default();
    spacious.merge_budget = Some(0);
    spacious.wide_cells = true;
    for options in [CompileOptions::default(), spacious, CompileOptions::frugal()] {
        let engine = Engine::compile_with(&policies, &options).unwrap();
        let options = VerifyOptions { samples: 2_000, ..VerifyOptions::default() };
        let verification = verify(&policies, &engine, &reference, &options, &mut |_| {});
        assert!(verification.agrees(), "{}{:#?}", PolicyText(&policies), verification.differences);
        for kind in [PartKind::Listings, PartKind::Alone, PartKind::Pairs] {
            assert!(verification.part(kind).unwrap().exhaustive, "{kind:?}");
        }
    }
}

fn get(resource: &str) -> Rule {
    Rule::resources(["get"], [""], [resource])
}

fn jane() -> [Subject; 1] {
    [Subject::user("jane")]
}

fn line() -> AttributePolicy {
    AttributePolicy {
        user: None,
        group: Some("dev".into()),
        read_only: false,
        api_group: Wild::Any,
        resource: Wild::Any,
        namespace: Wild::Any,
        non_resource_path: "".into(),
        origin: Origin::Code,
    }
}

#[test]
fn resources_and_their_subresources() {
    let rules = |group| {
        let entries = ["pods", "pods/log", "*/scale", "deployments/scale", "pods/*", "*/*", "*/a/b", "*/"];
        entries.map(|entry| Rule::resources(["get"], [group], [entry]))
    };
    let everything = Rule::resources(["watch"], ["*"], ["*"]);
    check(
        PolicySet::builder()
            .cluster_role("core", rules(""))
            .cluster_role("any-group", rules("*"))
            .cluster_role("all", [everything, Rule::resources(["list"], ["apps"], ["*"])])
            .cluster_role_binding("1", "core", jane())
            .cluster_role_binding("2", "any-group", [Subject::user("joe")])
            .cluster_role_binding("3", "all", [Subject::group("dev")]),
    );
}

#[test]
fn names_of_objects_in_several_rules_of_several_roles() {
    let secrets = |verb, names: &[&str]| get_verb(verb, "secrets").named(names.iter().copied());
    check(
        PolicySet::builder()
            .cluster_role("one", [secrets("get", &["a", "b"]), secrets("list", &["b", "*"])])
            .cluster_role("two", [secrets("get", &["c"]), secrets("*", &["d"]), get_verb("watch", "secrets")])
            .cluster_role("three", [secrets("get", &[""])])
            .cluster_role_binding("1", "one", jane())
            .cluster_role_binding("2", "two", jane())
            .role_binding("web", "3", RoleRef::cluster_role("three"), jane()),
    );
}

#[test]
fn names_of_objects_of_several_resources() {
    let named = |resource: &str, names: &[&str]| get(resource).named(names.iter().copied());
    check(
        PolicySet::builder()
            .cluster_role("one", [named("pods", &["a"]), get("nodes"), named("secrets", &["b", "c"])])
            .cluster_role("two", [named("pods", &["c"]), named("events", &["a"]), named("secrets", &["d"])])
            .cluster_role_binding("1", "one", [Subject::group("dev")])
            .cluster_role_binding("2", "one", jane())
            .cluster_role_binding("3", "two", jane()),
    );
}

fn get_verb(verb: &str, resource: &str) -> Rule {
    Rule::resources([verb], [""], [resource])
}

#[test]
fn paths_and_the_prefixes_before_their_stars() {
    let rules = ["/a/**", "/a/b*", "/healthz", "/a/b/c", "/*x", ""].map(|path| Rule::paths(["get"], [path]));
    let mut both = Rule::paths(["post"], ["/both/*"]);
    both.api_groups = vec!["".into()];
    both.resources = vec!["pods".into()];
    both.resource_names = vec!["web".into()];
    check(
        PolicySet::builder()
            .cluster_role("paths", rules)
            .cluster_role("all", [Rule::paths(["head"], ["*"])])
            .cluster_role("both", [both, Rule::paths(Vec::<&str>::new(), ["/nothing"])])
            .cluster_role_binding("1", "paths", jane())
            .cluster_role_binding("2", "all", [Subject::group("dev")])
            .cluster_role_binding("3", "both", jane())
            // A path has no namespace: this grants none.
            .role_binding("web", "4", RoleRef::cluster_role("all"), [Subject::user("joe")]),
    );
}

#[test]
fn more_verbs_than_a_word_has_bits() {
    let verbs: Vec<String> = (0..130).map(|number| format!("v{number}")).collect();
    let pods = |verbs: &[String]| Rule::resources(verbs.iter().cloned(), [""], ["pods"]);
    check(
        PolicySet::builder()
            .cluster_role("many", [pods(&verbs)])
            .cluster_role("last", [pods(&verbs[129..]).named(["web"]), pods(&verbs[62..65])])
            .cluster_role("all", [get_verb("*", "pods").named(["db"]), get_verb("*", "nodes")])
            .cluster_role_binding("1", "many", [Subject::group("dev")])
            .cluster_role_binding("2", "last", jane())
            .cluster_role_binding("3", "all", jane()),
    );
}

#[test]
fn subjects_of_every_kind() {
    let unknown = Subject::Unknown { kind: "user".to_owned(), name: "jim".to_owned() };
    let robot = |namespace| Subject::service_account(namespace, "robot");
    check(
        PolicySet::builder()
            .cluster_role("r", [get("pods")])
            .cluster_role_binding("1", "r", [Subject::user("joe"), Subject::group("dev"), unknown, robot("")])
            .role_binding("a", "2", RoleRef::cluster_role("r"), [robot(""), robot("b"), Subject::group("*")])
            .role_binding(
                "b",
                "3",
                RoleRef::cluster_role("r"),
                [Subject::user("system:serviceaccount:a:robot")],
            )
            .role_binding("b", "4", RoleRef::cluster_role("r"), [Subject::group("system:serviceaccounts:a")]),
    );
}

#[test]
fn users_groups_and_namespaces_of_one_name() {
    let secrets = get_verb("list", "secrets");
    check(
        PolicySet::builder()
            .cluster_role("r", [get("pods")])
            .cluster_role("s", [secrets, get_verb("watch", "nodes")])
            .cluster_role_binding("1", "r", jane())
            .cluster_role_binding("2", "s", [Subject::group("jane")])
            .role_binding("jane", "3", RoleRef::cluster_role("r"), [Subject::group("web")])
            .role_binding("web", "4", RoleRef::cluster_role("s"), jane()),
    );
}

#[test]
fn subjects_named_twice_and_far_behind() {
    let nobody = |number: usize| Subject::Unknown { kind: "Robot".to_owned(), name: number.to_string() };
    let behind = |count, subjects: [Subject; 2]| (0..count).map(nobody).chain(subjects).collect::<Vec<_>>();
    let [dev, joe] = [Subject::group("dev"), Subject::user("joe")];
    let twice = [Subject::user("jane"), dev.clone(), joe.clone(), Subject::user("jane"), dev.clone()];
    check(
        PolicySet::builder()
            .cluster_role("r", [get("pods")])
            .cluster_role("s", [get("secrets")])
            .cluster_role("t", [get("nodes")])
            .cluster_role_binding("1", "r", twice)
            // The last position of one byte, which is none, and one behind it.
            .cluster_role_binding("2", "s", behind(255, [joe.clone(), dev.clone()]))
            .role_binding("web", "3", RoleRef::cluster_role("t"), behind(254, [joe, dev])),
    );
}

#[test]
fn references_that_lead_to_a_role_and_nowhere() {
    let unsupported = RoleRef { kind: RoleRefKind::Unsupported("role".to_owned()), name: "r".into() };
    check(
        PolicySet::builder()
            .cluster_role("r", [get("pods"), Rule::default(), get_verb("list", "nodes")])
            .role(Role::namespaced("a", "r", [get("secrets")]))
            .role(Role::namespaced("b", "only-b", [get("secrets")]))
            .role(Role::namespaced("", "r", [get("secrets")]))
            .role_binding("a", "1", RoleRef::role("r"), jane())
            .role_binding("a", "2", RoleRef::role("only-b"), jane())
            .role_binding("", "3", RoleRef::role("r"), jane())
            .binding(Binding::cluster("4", RoleRef::role("r"), [Subject::user("joe")]))
            .binding(Binding::cluster("5", unsupported, [Subject::user("joe"), Subject::group("dev")]))
            .cluster_role_binding("6", "gone", [Subject::group("dev")])
            .cluster_role_binding("7", "gone", [Subject::group("dev")])
            .role_binding("b", "8", RoleRef::cluster_role("r"), [Subject::group("dev")]),
    );
}

#[test]
fn attribute_policies() {
    let both = AttributePolicy { user: Some("jane".into()), read_only: true, ..line() };
    let empty = AttributePolicy {
        user: Some("joe".into()),
        group: None,
        namespace: Wild::Is("".into()),
        resource: Wild::Is(String::new()),
        api_group: Wild::Is("".into()),
        ..line()
    };
    let pods = AttributePolicy {
        namespace: Wild::Is("web".into()),
        resource: Wild::Is("pods".to_owned()),
        api_group: Wild::Is("".into()),
        non_resource_path: "/logs/*".into(),
        ..line()
    };
    let slash = AttributePolicy { resource: Wild::Is("pods/log".to_owned()), ..empty.clone() };
    let nobody = AttributePolicy { group: None, ..line() };
    let policies = [pods, both, empty, slash, nobody]
        .into_iter()
        .fold(PolicySet::builder(), PolicySetBuilder::attribute_policy);
    check(policies.clone());
    check(
        policies
            .cluster_role("r", [get("pods/exec")])
            .cluster_role_binding("1", "r", [Subject::group("dev"), Subject::user("joe")])
            .cluster_role_binding("2", "gone", jane())
            .modes(Modes::new([Mode::Abac, Mode::AlwaysDeny, Mode::Rbac])),
    );
}

#[test]
fn modes_that_do_not_look() {
    for modes in [&[][..], &[Mode::AlwaysDeny], &[Mode::Rbac, Mode::AlwaysAllow]] {
        let policies = PolicySet::builder()
            .cluster_role("r", [get("pods")])
            .cluster_role_binding("1", "r", jane())
            .cluster_role_binding("2", "gone", [Subject::group("system:masters")]);
        check(policies.modes(Modes::new(modes.iter().copied())));
    }
}
