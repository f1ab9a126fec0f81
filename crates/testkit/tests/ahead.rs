//! What is resolved ahead, or asked in a batch, is answered as it is when asked alone.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::{prelude::*, test_runner::FileFailurePersistence};
use rolecall_engine::{CompileOptions, Engine, OtherEngine};
use rolecall_model::{Authorizer, Decision, PolicySet, Request, RoleRef, Rule, Subject, Target};
use rolecall_reference::Reference;
use rolecall_testkit::policies_and_requests;

/// What failed once is kept and tried first.
fn config() -> ProptestConfig {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/ahead.txt");
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(kept))),
        ..ProptestConfig::default()
    }
}

/// Every way to ask an engine says what the reference says.
fn check(engine: &Engine, policies: &PolicySet, requests: &[Request<'_>]) -> Result<(), TestCaseError> {
    let expected: Vec<_> =
        requests.iter().map(|request| Reference::new(policies).authorize(request)).collect();
    let mut batch = Vec::new();
    engine.authorize_batch(requests, |place, decision| batch.push((place, decision)));
    prop_assert_eq!(batch, expected.iter().copied().enumerate().collect::<Vec<_>>());
    for (request, &expected) in requests.iter().zip(&expected) {
        let subject = engine.resolve(request.user, &request.groups);
        // One subject is asked all questions: what it holds must not depend on the first.
        for (asked, question) in
            requests.iter().map(|other| (other, engine.resolve_question(other.verb, other.target)))
        {
            let asked = Request { user: request.user, groups: request.groups.clone(), ..asked.clone() };
            let decision = engine.authorize(&asked);
            prop_assert_eq!(subject.authorize(asked.verb, asked.target), decision, "{:?}", asked);
            prop_assert_eq!(subject.authorize_resolved(&question), Ok(decision), "{:?}", asked);
        }
        prop_assert_eq!(subject.authorize(request.verb, request.target), expected, "{:?}", request);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn subjects_questions_and_batches_are_answered_as_single_requests((policies, requests) in policies_and_requests(20)) {
        let requests: Vec<_> = requests.iter().map(|request| request.as_request()).collect();
        for options in [CompileOptions::default(), CompileOptions::frugal()] {
            check(&Engine::compile_with(&policies, &options).unwrap(), &policies, &requests)?;
        }
    }
}

/// Somebody with grants in more namespaces than are listed, and groups beyond those that are probed for at once.
#[test]
fn subjects_of_many_namespaces_and_groups() {
    let namespaces: Vec<_> = (0..200).map(|number| format!("ns-{number}")).collect();
    let mut policies = PolicySet::builder()
        .cluster_role("viewer", [Rule::resources(["get"], [""], ["pods"])])
        .cluster_role("editor", [Rule::resources(["update"], [""], ["pods"])])
        .cluster_role_binding("everywhere", "editor", [Subject::group("g-17")]);
    for namespace in &namespaces {
        policies = policies.role_binding(
            namespace.as_str(),
            "jane",
            RoleRef::cluster_role("viewer"),
            [Subject::user("jane")],
        );
    }
    for (number, namespace) in namespaces.iter().enumerate().take(30) {
        let group = Subject::group(format!("g-{number}"));
        policies =
            policies.role_binding(namespace.as_str(), "group", RoleRef::cluster_role("editor"), [group]);
    }
    let policies = policies.build().unwrap();
    let engines = [CompileOptions::default(), CompileOptions::frugal()]
        .map(|options| Engine::compile_with(&policies, &options).unwrap());
    let groups: Vec<_> = (0..30).map(|number| format!("g-{number}")).collect();
    let groups: Vec<_> = groups.iter().map(String::as_str).collect();
    let mut requests = Vec::new();
    for (place, namespace) in namespaces.iter().map(String::as_str).chain(["elsewhere", ""]).enumerate() {
        for verb in ["get", "update"] {
            // Only so many groups that some have the one that counts everywhere.
            let groups = &groups[..place * 2 % 31];
            requests.push(Request::resource(verb, "pods").namespace(namespace).user("jane").groups(groups));
            requests.push(Request::resource(verb, "pods").namespace(namespace).user("joe").groups(groups));
        }
    }
    for request in &requests {
        let expected = Reference::new(&policies).authorize(request);
        assert!(engines.iter().all(|engine| engine.authorize(request) == expected), "{request:?}");
    }
    let requests: Vec<_> = requests.into_iter().step_by(7).collect();
    for engine in &engines {
        check(engine, &policies, &requests).unwrap();
    }
}

#[test]
fn another_engine_s_question_is_refused() {
    let policies = PolicySet::builder()
        .cluster_role("viewer", [Rule::resources(["get"], [""], ["pods"])])
        .cluster_role_binding("jane", "viewer", [Subject::user("jane")])
        .build()
        .unwrap();
    let [first, second] = [(); 2].map(|()| Engine::compile(&policies).unwrap());
    let pods = Target::Resource { namespace: "", api_group: "", resource: "pods", subresource: "", name: "" };
    let jane = first.resolve("jane", &[]);
    assert!(jane.is_of(&first) && jane.is_of(&first.clone()) && !jane.is_of(&second));
    assert_eq!(jane.authorize_resolved(&first.resolve_question("get", pods)), Ok(Decision::Allow));
    assert_eq!(jane.authorize_resolved(&second.resolve_question("get", pods)), Err(OtherEngine));
}
