//! How to hold a policy of your own to what it must never allow: no binding of mine ever lets a tenant read
//! another's secrets.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed, TestError, TestRunner},
};
use rolecall_engine::Engine;
use rolecall_model::{
    Authorizer, Binding, OwnedRequest, OwnedTarget, PolicySet, PolicySetBuilder, Role, RoleRef, Rule,
    SUPERUSER_GROUP, Subject,
};
use rolecall_testkit::requests_for;

const TENANTS: [&str; 2] = ["red", "blue"];

/// Each tenant's group reads the secrets of the tenant's own namespace, and everybody reads pods.
fn policies() -> PolicySetBuilder {
    let mut builder = PolicySet::builder()
        .cluster_role("pod-reader", [Rule::resources(["get", "list"], [""], ["pods", "pods/log"])])
        .cluster_role_binding("everybody-reads-pods", "pod-reader", [Subject::group("system:authenticated")]);
    for tenant in TENANTS {
        let secrets = Rule::resources(["get", "list", "watch"], [""], ["secrets"]);
        builder.add_role(Role::namespaced(tenant, "secret-reader", [secrets]));
        let members = [Subject::group(tenant), Subject::service_account("", "deployer")];
        builder.add_binding(Binding::namespaced(tenant, "members", RoleRef::role("secret-reader"), members));
    }
    builder
}

/// Whether somebody asks for the secrets of a tenant that is not theirs.
fn reads_foreign_secrets(request: &OwnedRequest) -> bool {
    let OwnedTarget::Resource { namespace, api_group, resource, .. } = &request.target else {
        return false;
    };
    let belongs = request.groups.contains(namespace)
        || request.user == format!("system:serviceaccount:{namespace}:deployer")
        || request.groups.iter().any(|group| group == SUPERUSER_GROUP);
    api_group.is_empty() && resource == "secrets" && TENANTS.contains(&namespace.as_str()) && !belongs
}

/// Looks for a request that is allowed and must not be; what is found is shrunk.
fn find_leak(policies: &PolicySet, rng_seed: RngSeed) -> Option<OwnedRequest> {
    let engine = Engine::compile(policies).unwrap();
    let config = Config { cases: 20_000, failure_persistence: None, rng_seed, ..Config::default() };
    let outcome = TestRunner::new(config).run(&requests_for(policies), |request| {
        let leaks = reads_foreign_secrets(&request) && engine.authorize(&request.as_request()).is_allow();
        prop_assert!(!leaks);
        Ok(())
    });
    match outcome {
        Ok(()) => None,
        Err(TestError::Fail(_, request)) => Some(request),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn no_binding_of_mine_ever_lets_a_tenant_read_anothers_secrets() {
    assert_eq!(find_leak(&policies().build().unwrap(), RngSeed::Random), None);
}

#[test]
fn a_leak_is_found_and_shrunk_to_one_request() {
    // Meant for the pods of all, written one star too wide.
    let wide = Rule::resources(["get"], [""], ["*"]);
    let leaky = policies()
        .cluster_role("debugger", [wide])
        .role_binding("blue", "debuggers", RoleRef::cluster_role("debugger"), [Subject::group("red")])
        .build()
        .unwrap();
    // The same numbers each time: shrinking ends where no number of the plan can be made smaller alone, which
    // is not from everywhere the shortest request.
    let request = find_leak(&leaky, RngSeed::Fixed(1)).unwrap();
    assert!(reads_foreign_secrets(&request), "{request:?}");
    assert_eq!((request.verb.as_str(), request.groups.as_slice()), ("get", &["red".to_owned()][..]));
    let OwnedTarget::Resource { namespace, resource, subresource, .. } = &request.target else {
        panic!("{request:?}")
    };
    // Nothing is left in it that the leak does not need.
    assert_eq!((namespace.as_str(), resource.as_str(), subresource.as_str()), ("blue", "secrets", ""));
}
