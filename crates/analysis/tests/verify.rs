//! `verify` finds an authorizer that is wrong in one corner, and finds nothing where nothing is wrong.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use rolecall_analysis::{Difference, PartKind, VerifyOptions, verify};
use rolecall_model::{
    AttributePolicy, Authorizer, Decision, Determination, Mode, Modes, Origin, OwnedRequest, OwnedTarget,
    PolicySet, Request, Role, RoleRef, Rule, RuleListing, Subject, Wild,
};
use rolecall_reference::Reference;

fn policies() -> PolicySet {
    let line = AttributePolicy {
        user: Some("eve".into()),
        group: Some("audit".into()),
        read_only: true,
        api_group: Wild::Is("apps".into()),
        resource: Wild::Is("deployments".to_owned()),
        namespace: Wild::Is("web".into()),
        non_resource_path: "/logs/*".into(),
        origin: Origin::Code,
    };
    PolicySet::builder()
        .cluster_role("scale", [Rule::resources(["update"], ["apps"], ["*/scale", "deployments"])])
        .cluster_role("health", [Rule::paths(["get"], ["/healthz", "/api/*"])])
        .role(Role::namespaced(
            "web",
            "secrets",
            [Rule::resources(["get"], [""], ["secrets"]).named(["token"])],
        ))
        .cluster_role_binding("1", "health", [Subject::group("system:authenticated")])
        .role_binding("web", "2", RoleRef::role("secrets"), [Subject::service_account("", "robot")])
        .role_binding("web", "3", RoleRef::cluster_role("scale"), [Subject::group("dev")])
        .role_binding("db", "4", RoleRef::role("missing"), [Subject::user("jane")])
        .attribute_policy(line)
        .modes(Modes::new([Mode::Rbac, Mode::Abac]))
        .build()
        .unwrap()
}

/// The reference, asked something else than it was asked.
struct Mistaken<'a> {
    reference: Reference<'a>,
    mistake: fn(&mut OwnedRequest),
}

impl Mistaken<'_> {
    fn heard(&self, request: &Request<'_>) -> OwnedRequest {
        let mut heard = request.into();
        (self.mistake)(&mut heard);
        heard
    }
}

impl Authorizer for Mistaken<'_> {
    fn authorize(&self, request: &Request<'_>) -> Decision {
        self.reference.authorize(&self.heard(request).as_request())
    }

    fn determine(&self, request: &Request<'_>) -> Determination {
        self.reference.determine(&self.heard(request).as_request())
    }

    fn rules_for(&self, user: &str, groups: &[&str], namespace: &str) -> RuleListing {
        let target = OwnedTarget::Path(namespace.to_owned());
        let groups = groups.iter().map(|&group| group.to_owned()).collect();
        let mut heard = OwnedRequest { user: user.to_owned(), groups, verb: String::new(), target };
        (self.mistake)(&mut heard);
        let request = heard.as_request();
        self.reference.rules_for(request.user, &request.groups, namespace)
    }
}

#[track_caller]
fn check(options: &VerifyOptions, mistake: fn(&mut OwnedRequest)) {
    let policies = policies();
    let reference = Reference::new(&policies);
    let verification = verify(&policies, &Mistaken { reference, mistake }, &reference, options, &mut |_| {});
    assert!(!verification.agrees());
    let [first, ..] = verification.differences.as_slice() else { panic!("no difference was kept") };
    if let Difference::Answer { request, left, right } = first {
        assert_ne!(left, right);
        assert_eq!(right.determination, reference.determine(&request.as_request()));
    }
}

#[track_caller]
fn check_mistake(mistake: fn(&mut OwnedRequest)) {
    check(&VerifyOptions::default(), mistake);
    // Too large for the product: what each asker's own grants tell apart is enough to find it.
    check(&VerifyOptions { exhaustive_limit: 10_000, samples: 2_000, ..VerifyOptions::default() }, mistake);
}

#[test]
fn equal_authorizers_agree_exhaustively() {
    let policies = policies();
    let reference = Reference::new(&policies);
    let mut reports = 0;
    let verification =
        verify(&policies, &reference, &reference, &VerifyOptions::default(), &mut |_| reports += 1);
    assert!(verification.agrees());
    assert!(reports > 0);
    for (kind, exhaustive) in [
        (PartKind::Listings, true),
        (PartKind::Alone, true),
        (PartKind::Pairs, true),
        (PartKind::LargerSets, false),
    ] {
        let part = verification.part(kind).unwrap();
        assert_eq!((part.exhaustive, part.differences), (exhaustive, 0), "{kind:?}");
        assert!(part.comparisons > 0, "{kind:?}");
    }
    assert_eq!(verification.part(PartKind::Alone).unwrap().comparisons, verification.classes);
}

#[test]
fn where_the_product_is_too_large_the_own_grants_are_gone_through() {
    let policies = policies();
    let reference = Reference::new(&policies);
    let options = VerifyOptions { exhaustive_limit: 10_000, samples: 100, ..VerifyOptions::default() };
    let verification = verify(&policies, &reference, &reference, &options, &mut |_| {});
    assert!(verification.classes > 10_000);
    let alone = verification.part(PartKind::Alone).unwrap();
    assert_eq!((alone.exhaustive, alone.comparisons), (false, 100));
    let own = verification.part(PartKind::OwnGrants).unwrap();
    assert!(own.exhaustive && own.comparisons > 1_000 && own.comparisons <= 10_000, "{own:?}");
}

#[test]
fn a_part_beyond_the_limit_is_sampled() {
    let policies = policies();
    let reference = Reference::new(&policies);
    let options = VerifyOptions { exhaustive_limit: 0, samples: 1_000, ..VerifyOptions::default() };
    let verification = verify(&policies, &reference, &reference, &options, &mut |_| {});
    assert!(verification.parts.iter().all(|part| !part.exhaustive), "{:?}", verification.parts);
    let mut sampled = verification.parts.iter().filter(|part| part.kind != PartKind::OwnGrants);
    assert!(sampled.clone().count() == 4 && sampled.all(|part| part.comparisons >= 900));
}

#[test]
fn a_subresource_that_is_not_heard_is_found() {
    check_mistake(|request| {
        if let OwnedTarget::Resource { subresource, .. } = &mut request.target {
            subresource.clear();
        }
    });
}

#[test]
fn a_name_that_is_always_the_same_is_found() {
    check_mistake(|request| {
        if let OwnedTarget::Resource { name, .. } = &mut request.target {
            "token".clone_into(name);
        }
    });
}

#[test]
fn a_slash_that_is_dropped_from_a_path_is_found() {
    check_mistake(|request| {
        if let OwnedTarget::Path(path) = &mut request.target {
            *path = format!("{path}/");
        }
    });
}

#[test]
fn a_forgotten_group_is_found() {
    check_mistake(|request| {
        if request.groups.len() == 1 && !request.user.is_empty() {
            request.groups.clear();
        }
    });
}

#[test]
fn a_namespace_that_leaks_is_found() {
    check_mistake(|request| {
        if let OwnedTarget::Resource { namespace, .. } = &mut request.target
            && namespace == "db"
        {
            "web".clone_into(namespace);
        }
    });
}

#[test]
fn a_service_account_without_its_namespace_is_found() {
    check_mistake(|request| {
        if request.user == "system:serviceaccount:web:robot" {
            "system:serviceaccount:db:robot".clone_into(&mut request.user);
        }
    });
}
