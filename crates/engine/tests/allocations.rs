//! A decision allocates nothing, whatever is asked.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use rolecall_engine::{CompileOptions, Engine};
use rolecall_model::{
    AttributePolicy, Authorizer, Mode, Modes, Origin, PolicySet, Request, Rule, Subject, Wild,
};

fn policies() -> PolicySet {
    let many_verbs = (0..200).map(|number| format!("verb-{number}"));
    let many_names = (0..500).map(|number| format!("name-{number}"));
    PolicySet::builder()
        .cluster_role(
            "viewer",
            [Rule::resources(["get", "list"], ["", "apps"], ["pods", "pods/log", "*/scale"])],
        )
        .cluster_role("named", [Rule::resources(["get"], [""], ["secrets"]).named(many_names)])
        .cluster_role("verbose", [Rule::resources(many_verbs, ["*"], ["widgets"])])
        .cluster_role("paths", [Rule::paths(["get"], ["/healthz/*", "/api*", "/version"])])
        .cluster_role_binding("a", "viewer", [Subject::user("jane"), Subject::group("dev")])
        .cluster_role_binding("b", "named", [Subject::group("dev")])
        .cluster_role_binding("c", "verbose", [Subject::user("jane")])
        .cluster_role_binding("d", "paths", [Subject::service_account("ns", "robot")])
        .cluster_role_binding("e", "missing", [Subject::user("jane")])
        .attribute_policy(AttributePolicy {
            user: Some("jane".into()),
            group: Some("ops".into()),
            read_only: true,
            api_group: Wild::Any,
            resource: Wild::Is("nodes".into()),
            namespace: Wild::Any,
            non_resource_path: "/logs*".into(),
            origin: Origin::Code,
        })
        .modes(Modes::new([Mode::Rbac, Mode::Abac]))
        .build()
        .unwrap()
}

#[test]
fn a_decision_allocates_nothing() {
    let policies = policies();
    let groups = ["dev", "ops", "nobody", "system:authenticated"];
    let long = "x".repeat(10_000);
    let requests = [
        Request::resource("get", "pods"),
        Request::resource("get", "pods").subresource("log"),
        Request::resource("update", "pods").subresource("scale").namespace("ns"),
        Request::resource("get", "secrets").name("name-7"),
        Request::resource("get", "secrets").name(&long),
        Request::resource("verb-150", "widgets").api_group("example.com"),
        Request::resource(&long, &long).api_group(&long).subresource(&long).namespace(&long),
        Request::resource("get", "a/b/c").subresource("d/e"),
        Request::resource("get", "nodes"),
        Request::path("get", "/healthz/ready"),
        Request::path("get", "/logs/x"),
        Request::path("get", &long),
    ];
    for options in [CompileOptions::default(), CompileOptions::frugal()] {
        let engine = Engine::compile_with(&policies, &options).unwrap();
        for request in &requests {
            for user in ["jane", "system:serviceaccount:ns:robot", "", &long] {
                let request = request.clone().user(user).groups(&groups);
                let mut decision = None;
                let allocations = allocation_counter::measure(|| decision = Some(engine.authorize(&request)));
                assert!(decision.is_some());
                assert_eq!(allocations.count_total, 0, "{request:?}");
                let subject = engine.resolve(user, &groups);
                let question = engine.resolve_question(request.verb, request.target);
                let together = std::array::from_fn::<_, 3, _>(|_| request.clone());
                let allocations = allocation_counter::measure(|| {
                    assert_eq!(Some(subject.authorize(request.verb, request.target)), decision);
                    assert_eq!(subject.authorize_resolved(&question).ok(), decision);
                    engine.authorize_batch(&together, |_, one| assert_eq!(Some(one), decision));
                });
                assert_eq!(allocations.count_total, 0, "{request:?}");
            }
        }
    }
}
