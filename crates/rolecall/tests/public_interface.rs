//! What somebody who links this crate can rely on, used through its front door alone.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use rolecall::{Authorizer, Binding, Decision, PolicySet, Request, Role, RoleRef, Rule, Subject};

fn built_in_code() -> PolicySet {
    PolicySet::builder()
        .cluster_role("viewer", [Rule::resources(["get", "list"], [""], ["pods"])])
        .role(Role::namespaced("web", "editor", [Rule::resources(["*"], ["apps"], ["deployments"])]))
        .cluster_role_binding("jane-views", "viewer", [Subject::user("jane")])
        .role_binding("web", "dev-edit", RoleRef::role("editor"), [Subject::group("dev")])
        .build()
        .unwrap()
}

#[test]
fn a_policy_can_be_built_in_code() {
    let engine = rolecall::compile(&built_in_code()).unwrap();
    assert!(engine.authorize(&Request::resource("get", "pods").user("jane")).is_allow());
    let deployment = Request::resource("patch", "deployments").api_group("apps").namespace("web").user("j");
    assert_eq!(engine.authorize(&deployment), Decision::NoOpinion);
    assert!(engine.authorize(&deployment.clone().group("dev")).is_allow());
    assert_eq!(engine.authorize(&deployment.namespace("other").group("dev")), Decision::NoOpinion);
    assert_eq!(engine.rules_for("jane", &[], "web").rules.len(), 1);
    assert_eq!(engine.policies().model().bindings().len(), 2);
}

#[test]
fn a_later_object_takes_the_place_of_an_earlier_one() {
    let policies = PolicySet::builder()
        .cluster_role("r", [Rule::paths(["get"], ["*"])])
        .binding(Binding::cluster("b", RoleRef::cluster_role("r"), [Subject::user("jane")]))
        .cluster_role("r", [])
        .build()
        .unwrap();
    let engine = rolecall::compile(&policies).unwrap();
    assert_eq!(engine.authorize(&Request::path("get", "/x").user("jane")), Decision::NoOpinion);
}

#[test]
fn an_engine_is_shared_between_threads_and_is_an_authorizer() {
    let engine: std::sync::Arc<dyn Authorizer> =
        std::sync::Arc::new(rolecall::compile(&built_in_code()).unwrap());
    let threads = [(); 4].map(|()| {
        let engine = std::sync::Arc::clone(&engine);
        std::thread::spawn(move || engine.authorize(&Request::resource("get", "pods").user("jane")))
    });
    for thread in threads {
        assert!(thread.join().unwrap().is_allow());
    }
    let request = Request::resource("get", "pods").user("jane");
    assert_eq!(engine.determine(&request).decision(), engine.authorize(&request));
}

#[test]
fn modes_are_asked_as_they_are_set() {
    let policies = PolicySet::builder().modes("AlwaysDeny,AlwaysAllow".parse().unwrap()).build().unwrap();
    let engine = rolecall::compile(&policies).unwrap();
    assert!(engine.authorize(&Request::path("get", "/").user("x")).is_allow());
    let policies = PolicySet::builder().modes("AlwaysDeny".parse().unwrap()).build().unwrap();
    let engine = rolecall::compile(&policies).unwrap();
    assert_eq!(engine.authorize(&Request::path("get", "/").user("x")), Decision::NoOpinion);
}

#[cfg(feature = "kubernetes")]
mod with_files {
    use rolecall::{
        BuildError,
        kubernetes::load::{DefaultRoles, Validate},
    };

    use super::*;

    const BINDING: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
";

    #[test]
    fn the_status_of_a_review_is_worded_as_an_api_server_does() {
        let policies = PolicySet::builder().kubernetes_text("b.yaml", BINDING).build().unwrap();
        let engine = rolecall::compile(&policies).unwrap();
        let status = engine.review_status(&Request::resource("get", "pods").user("jane"));
        assert!(!status.allowed);
        assert_eq!(status.reason, "RBAC: clusterrole.rbac.authorization.k8s.io \"view\" not found");
    }

    #[test]
    fn the_library_adds_no_default_roles_unless_it_is_told_to() {
        let with_defaults = PolicySet::builder()
            .kubernetes_text("b.yaml", BINDING)
            .default_roles(DefaultRoles::Auto)
            .build()
            .unwrap();
        let engine = rolecall::compile(&with_defaults).unwrap();
        let status = engine.review_status(&Request::resource("get", "pods").user("jane"));
        assert_eq!(
            status.reason,
            "RBAC: allowed by ClusterRoleBinding \"b\" of ClusterRole \"view\" to User \"jane\""
        );
    }

    #[test]
    fn code_comes_behind_files_and_takes_part_in_aggregation() {
        let aggregated = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {to: view}}]}
";
        let mut role = Role::cluster("pods", [Rule::resources(["get"], [""], ["pods"])]);
        role.labels.insert("to".into(), "view".into());
        let policies = PolicySet::builder()
            .role(role)
            .kubernetes_text("b.yaml", BINDING)
            .kubernetes_text("view.yaml", aggregated)
            .build()
            .unwrap();
        let names: Vec<_> = policies.model().roles().iter().map(|role| role.name.as_str()).collect();
        assert_eq!(names, ["view", "pods"]);
        let engine = rolecall::compile(&policies).unwrap();
        assert!(engine.authorize(&Request::resource("get", "pods").user("jane")).is_allow());
    }

    #[test]
    fn code_alone_is_taken_as_it_is() {
        let mut view = Role::cluster("view", [Rule::paths(["get"], ["/"])]);
        view.aggregation = Some(rolecall::model::AggregationRule::default());
        let policies = PolicySet::builder().role(view.clone()).build().unwrap();
        assert_eq!(policies.model().roles(), [view]);
    }

    #[test]
    fn an_error_in_a_file_leaves_nothing() {
        let built = PolicySet::builder()
            .kubernetes_text("b.yaml", BINDING)
            .kubernetes_text("broken.yaml", "a: [\n")
            .kubernetes_text("worse.yaml", "{\n")
            .build();
        let Err(BuildError::Refused(refused)) = built else { panic!("{built:?}") };
        assert_eq!(refused.findings().len(), 2, "{:?}", refused.findings());
        let text = refused.to_string();
        assert!(text.starts_with("broken.yaml:"), "{text}");
        assert!(text.ends_with(" (and one more error)"), "{text}");
    }

    #[test]
    fn warnings_are_kept_with_their_places() {
        let policies = PolicySet::builder().kubernetes_text("b.yaml", BINDING).build().unwrap();
        let [finding] = policies.findings() else { panic!("{:?}", policies.findings()) };
        assert_eq!(finding.name, "dangling-role");
        assert_eq!(policies.sources().location(finding.span().unwrap()), "b.yaml:4");
        assert!(policies.resource_types().resolve("deploy").is_some());
    }

    #[test]
    fn strictness_can_be_chosen() {
        let unknown = BINDING.replace("metadata:", "extra: 1\nmetadata:");
        let builder = || PolicySet::builder().kubernetes_text("b.yaml", unknown.clone());
        assert!(builder().build().is_ok());
        assert!(builder().validate(Validate::Strict).build().is_err());
        assert_eq!(builder().validate(Validate::Ignore).build().unwrap().findings(), []);
    }

    #[test]
    fn a_missing_directory_is_an_error_at_once() {
        let error = PolicySet::builder().kubernetes_dir("no/such/directory").unwrap_err();
        assert_eq!(error.to_string(), "cannot read `no/such/directory`");
        assert_eq!(error.path(), std::path::Path::new("no/such/directory"));
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[test]
fn an_answer_explains_itself_to_operators_and_tells_callers_nothing_new() {
    let engine = rolecall::compile(&built_in_code()).unwrap();
    let request = Request::resource("delete", "pods").namespace("web").user("jane");
    let explanation = engine.explain(&request);
    assert!(!explanation.is_allow());
    let text = explanation.to_string();
    assert!(text.starts_with("no: user jane may not delete pods in namespace web\n"), "{text}");
    assert!(text.contains("ClusterRoleBinding jane-views → ClusterRole viewer"), "{text}");
    assert!(engine.explain(&Request::resource("get", "pods").user("jane")).is_allow());
    #[cfg(feature = "kubernetes")]
    assert_eq!(
        rolecall::Engine::forbidden(&request).to_string(),
        r#"pods is forbidden: User "jane" cannot delete resource "pods" in API group "" in the namespace "web""#
    );
}
