//! Properties that hold for every policy: of the engine, as it compiles by default and with each of its
//! shortcuts shut, and of the reference.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{borrow::Cow, collections::BTreeSet};

use proptest::{prelude::*, test_runner::FileFailurePersistence};
use rolecall_analysis::{Asker, Classes, VerifyOptions, verify};
use rolecall_engine::{CompileOptions, Engine};
use rolecall_model::{
    Authorizer, Binding, Decision, Determination, OwnedRequest, OwnedTarget, PolicySet, Request, Role,
    RoleRef, Rule, SUPERUSER_GROUP, Subject, Wild,
};
use rolecall_reference::Reference;
use rolecall_testkit::{Disagreement, Harness, SamplePolicy, policies, policies_and_requests};

/// What failed once is kept and tried first.
fn config() -> ProptestConfig {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/properties.txt");
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(kept))),
        ..ProptestConfig::default()
    }
}

/// The engine with its shortcuts, and in each of the ways that it takes where they do not pay.
fn engines(policies: &PolicySet) -> [(&'static str, Engine); 5] {
    let mut unmerged = CompileOptions::default();
    unmerged.merge_budget = Some(0);
    let mut narrow = CompileOptions::default();
    narrow.widest_rule = 4;
    let mut spacious = unmerged.clone();
    spacious.wide_cells = true;
    let compile = |options| Engine::compile_with(policies, options).unwrap();
    [
        ("engine", compile(&CompileOptions::default())),
        ("unmerged engine", compile(&unmerged)),
        ("engine that multiplies out little", compile(&narrow)),
        ("unmerged engine with wide cells", compile(&spacious)),
        ("frugal engine", compile(&CompileOptions::frugal())),
    ]
}

/// Reference and engines, each compared with the reference.
fn check_all(
    policies: &PolicySet,
    check: impl Fn(&Harness<'_>) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let reference = Reference::new(policies);
    let engines = engines(policies);
    let harness = engines
        .iter()
        .fold(Harness::new("reference", &reference), |harness, (name, engine)| harness.and(name, engine));
    check(&harness)
}

/// What the reference and the engine decide.
fn decisions(policies: &PolicySet, request: &OwnedRequest) -> [Decision; 2] {
    let request = request.as_request();
    [Reference::new(policies).authorize(&request), Engine::compile(policies).unwrap().authorize(&request)]
}

#[allow(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
fn failure(error: Box<Disagreement>) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn engine_and_reference_answer_alike((policies, requests) in policies_and_requests(24)) {
        check_all(&policies, |harness| {
            requests.iter().try_for_each(|request| harness.check(&request.as_request()).map_err(failure))
        })?;
    }

    #[test]
    fn engine_and_reference_list_the_same_rules((policies, requests) in policies_and_requests(12)) {
        check_all(&policies, |harness| {
            requests.iter().try_for_each(|request| {
                let OwnedTarget::Resource { namespace, .. } = &request.target else { return Ok(()) };
                let groups: Vec<_> = request.groups.iter().map(String::as_str).collect();
                harness.check_listing(&request.user, &groups, namespace).map_err(failure)
            })
        })?;
    }

    #[test]
    fn the_order_of_documents_never_changes_a_decision(
        (policies, requests) in policies_and_requests(12),
        rotation in 0..8_usize,
    ) {
        let reordered = reorder(&policies, rotation);
        for request in &requests {
            prop_assert_eq!(decisions(&policies, request), decisions(&reordered, request), "{:?}", request);
        }
    }

    #[test]
    fn another_grant_never_removes_an_allow(
        (policies, requests) in policies_and_requests(12),
        more in policies(),
    ) {
        let grown = grow(&policies, &more);
        for request in &requests {
            if decisions(&policies, request).contains(&Decision::Allow) {
                prop_assert_eq!(decisions(&grown, request), [Decision::Allow; 2], "{:?}", request);
            }
        }
    }

    #[test]
    fn other_names_for_everything_change_nothing((policies, requests) in policies_and_requests(12)) {
        let renamed = rename(&policies);
        for request in &requests {
            let other = rename_request(request);
            prop_assert_eq!(decisions(&policies, request), decisions(&renamed, &other), "{:?}", request);
            // The same grant, as it stands at the same place.
            let before = Engine::compile(&policies).unwrap().determine(&request.as_request());
            let after = Engine::compile(&renamed).unwrap().determine(&other.as_request());
            if before.decision().is_allow() {
                prop_assert_eq!(before, after, "{:?}", request);
            }
        }
    }

    #[test]
    fn every_request_has_a_class_that_is_answered_alike((policies, requests) in policies_and_requests(12)) {
        let reference = Reference::new(&policies);
        let classes = Classes::of(&policies);
        for request in &requests {
            let expected = reference.determine(&request.as_request());
            let answers = answers(&classes, reference, request);
            prop_assert!(answers.contains(&expected), "{:?}: {:?}", request, expected);
        }
    }
}

proptest! {
    // Each case compares thousands of requests.
    #![proptest_config(ProptestConfig { cases: 12, ..config() })]

    #[test]
    fn verification_finds_no_difference(policies in policies()) {
        let reference = Reference::new(&policies);
        let options = VerifyOptions { exhaustive_limit: 4_000, samples: 1_000, ..VerifyOptions::default() };
        for (name, engine) in engines(&policies) {
            let verification = verify(&policies, &engine, &reference, &options, &mut |_| {});
            prop_assert!(verification.agrees(), "{}: {:?}", name, verification.differences);
            prop_assert!(verification.comparisons() > 1_000);
        }
    }
}

/// What the reference answers to the asker of a request in its namespace, over all that the asker's own
/// grants tell apart there.
fn answers(classes: &Classes<'_>, reference: Reference<'_>, request: &OwnedRequest) -> Vec<Determination> {
    let groups: Vec<_> = request.groups.iter().map(String::as_str).collect();
    let asker = Asker {
        user: Cow::Borrowed(&*request.user),
        groups: groups.iter().map(|&group| Cow::Borrowed(group)).collect(),
    };
    let determine = |(verb, target)| {
        reference.determine(&Request { user: &request.user, groups: Cow::Borrowed(&groups), verb, target })
    };
    match &request.target {
        OwnedTarget::Path(_) => classes.own_targets(&asker, "").on_paths().map(determine).collect(),
        OwnedTarget::Resource { namespace, .. } => {
            classes.own_targets(&asker, namespace).in_namespace(namespace).map(determine).collect()
        }
    }
}

/// The same objects in another order, as are their rules, subjects and lists.
fn reorder(policies: &PolicySet, rotation: usize) -> PolicySet {
    let mut builder = PolicySet::builder().modes(policies.modes());
    for role in rotated(policies.roles(), rotation) {
        let rules = rotated(&role.rules, rotation).map(|rule| Rule {
            verbs: rotated(&rule.verbs, rotation).cloned().collect(),
            api_groups: rotated(&rule.api_groups, rotation).cloned().collect(),
            resources: rotated(&rule.resources, rotation).cloned().collect(),
            resource_names: rotated(&rule.resource_names, rotation).cloned().collect(),
            non_resource_urls: rotated(&rule.non_resource_urls, rotation).cloned().collect(),
            origin: rule.origin,
        });
        builder.add_role(Role { rules: rules.collect(), ..role.clone() });
    }
    for binding in rotated(policies.bindings(), rotation) {
        let subjects = rotated(&binding.subjects, rotation).cloned().collect();
        builder.add_binding(Binding { subjects, ..binding.clone() });
    }
    for policy in rotated(policies.attribute_policies(), rotation) {
        builder.add_attribute_policy(policy.clone());
    }
    builder.build().unwrap()
}

/// Backwards from some place, round the end.
fn rotated<T>(items: &[T], rotation: usize) -> impl Iterator<Item = &T> {
    let (behind, ahead) = items.split_at(rotation.checked_rem(items.len()).unwrap_or_default());
    behind.iter().rev().chain(ahead.iter().rev())
}

/// The policy with the rules, bindings and attribute policies of another on top.
fn grow(policies: &PolicySet, more: &SamplePolicy) -> PolicySet {
    let mut builder = PolicySet::builder().modes(policies.modes());
    for role in policies.roles() {
        let same = |other: &&Role| (&other.namespace, &other.name) == (&role.namespace, &role.name);
        let rules = more.roles().iter().find(same).map(|other| other.rules.clone()).unwrap_or_default();
        // In front, so that they are not only reached where nothing before them allows.
        builder.add_role(Role { rules: [rules, role.rules.clone()].concat(), ..role.clone() });
    }
    for role in more.roles() {
        if !builder.has_role(role.namespace.as_ref(), &role.name) {
            builder.add_role(role.clone());
        }
    }
    for binding in more.bindings() {
        builder.add_binding(Binding { name: format!("more {}", binding.name).into(), ..binding.clone() });
    }
    for binding in policies.bindings() {
        builder.add_binding(binding.clone());
    }
    for policy in more.attribute_policies().iter().chain(policies.attribute_policies()) {
        builder.add_attribute_policy(policy.clone());
    }
    builder.build().unwrap()
}

/// The policy with every letter of every name turned by 13 places. That keeps what stars, slashes and colons
/// mean, and what is equal or a prefix of what; names that mean something by themselves stay.
fn rename(policies: &PolicySet) -> PolicySet {
    let mut builder = PolicySet::builder().modes(policies.modes());
    for role in policies.roles() {
        let rules = role.rules.iter().map(|rule| Rule {
            verbs: rule.verbs.iter().map(|verb| turn_verb(verb.as_str()).into()).collect(),
            api_groups: rule.api_groups.iter().map(|group| turn(group.as_str()).into()).collect(),
            resources: rule.resources.iter().map(|entry| turn(entry.as_str()).into()).collect(),
            resource_names: rule.resource_names.iter().map(|name| turn(name.as_str()).into()).collect(),
            non_resource_urls: rule.non_resource_urls.iter().map(|url| turn(url.as_str()).into()).collect(),
            origin: rule.origin,
        });
        builder.add_role(Role {
            namespace: role.namespace.as_ref().map(|namespace| turn(namespace.as_str()).into()),
            name: turn(role.name.as_str()).into(),
            rules: rules.collect(),
            ..role.clone()
        });
    }
    for binding in policies.bindings() {
        builder.add_binding(Binding {
            namespace: binding.namespace.as_ref().map(|namespace| turn(namespace.as_str()).into()),
            name: turn(binding.name.as_str()).into(),
            role: RoleRef { kind: binding.role.kind.clone(), name: turn(binding.role.name.as_str()).into() },
            subjects: binding.subjects.iter().map(turn_subject).collect(),
            origin: binding.origin,
        });
    }
    for policy in policies.attribute_policies() {
        let mut policy = policy.clone();
        policy.user = policy.user.map(|user| turn_user(user.as_str()).into());
        policy.group = policy.group.map(|group| turn_group(group.as_str()).into());
        policy.api_group = turn_wild(&policy.api_group, |group| turn(group.as_str()).into());
        policy.resource = turn_wild(&policy.resource, |resource| turn(resource));
        policy.namespace = turn_wild(&policy.namespace, |namespace| turn(namespace.as_str()).into());
        policy.non_resource_path = turn(policy.non_resource_path.as_str()).into();
        builder.add_attribute_policy(policy);
    }
    builder.build().unwrap()
}

fn rename_request(request: &OwnedRequest) -> OwnedRequest {
    OwnedRequest {
        user: turn_user(&request.user),
        groups: request.groups.iter().map(|group| turn_group(group)).collect(),
        verb: turn_verb(&request.verb),
        target: match &request.target {
            OwnedTarget::Path(path) => OwnedTarget::Path(turn(path)),
            OwnedTarget::Resource { namespace, api_group, resource, subresource, name } => {
                OwnedTarget::Resource {
                    namespace: turn(namespace),
                    api_group: turn(api_group),
                    resource: turn(resource),
                    subresource: turn(subresource),
                    name: turn(name),
                }
            }
        },
    }
}

fn turn_subject(subject: &Subject) -> Subject {
    match subject {
        Subject::Group(name) => Subject::group(turn_group(name.as_str())),
        Subject::ServiceAccount { namespace, name } => {
            Subject::service_account(turn(namespace.as_str()), turn(name.as_str()))
        }
        Subject::Unknown { kind, name } => Subject::Unknown { kind: kind.clone(), name: turn(name) },
        Subject::User(name) => Subject::user(turn_user(name.as_str())),
    }
}

fn turn_wild<T>(pattern: &Wild<T>, turn: impl Fn(&T) -> T) -> Wild<T> {
    match pattern {
        Wild::Any => Wild::Any,
        Wild::Is(value) => Wild::Is(turn(value)),
    }
}

fn turn_user(name: &str) -> String {
    let prefix = "system:serviceaccount:";
    name.strip_prefix(prefix).map_or_else(|| turn(name), |rest| format!("{prefix}{}", turn(rest)))
}

fn turn_group(name: &str) -> String {
    if name == SUPERUSER_GROUP { name.to_owned() } else { turn(name) }
}

/// A read-only attribute policy knows three verbs by name.
fn turn_verb(verb: &str) -> String {
    if ["get", "list", "watch"].contains(&verb) { verb.to_owned() } else { turn(verb) }
}

fn turn(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            'a'..='m' | 'A'..='M' => char::from_u32(u32::from(letter) + 13).unwrap(),
            'n'..='z' | 'N'..='Z' => char::from_u32(u32::from(letter) - 13).unwrap(),
            _ => letter,
        })
        .collect()
}

#[test]
fn made_up_requests_are_allowed_and_refused() {
    // A property over requests that are all refused would hold of anything.
    use proptest::{strategy::ValueTree, test_runner::TestRunner};

    let mut runner = TestRunner::deterministic();
    let mut counts = [0, 0];
    let mut grants = BTreeSet::new();
    for _ in 0..200 {
        let (policies, requests) = policies_and_requests(24).new_tree(&mut runner).unwrap().current();
        let reference = Reference::new(&policies);
        for request in requests {
            match reference.determine(&request.as_request()) {
                Determination::Allow(grant) => {
                    counts[0] += 1;
                    grants.insert(format!("{grant:?}").split([' ', '(']).next().unwrap_or("").to_owned());
                }
                Determination::NoOpinion(_) => counts[1] += 1,
            }
        }
    }
    assert!(counts.iter().all(|&count| count > 200), "{counts:?}");
    let every_kind = ["AlwaysAllow", "AttributePolicy", "Role", "Superuser"];
    assert_eq!(grants, every_kind.into_iter().map(str::to_owned).collect());
}
