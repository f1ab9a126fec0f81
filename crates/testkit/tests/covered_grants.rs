//! A grant that is said to add nothing adds nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::{cell::Cell, collections::HashMap};

use proptest::{prelude::*, test_runner::FileFailurePersistence};
use rolecall_analysis::{
    Classes,
    lints::{Facts, Level, Levels, check},
};
use rolecall_model::{Authorizer, Binding, Origin, PolicySet, Role, RoleRef, Subject, Target};
use rolecall_reference::Reference;
use rolecall_source::{SourceMap, Span};
use rolecall_testkit::policies_and_requests;

/// What failed once is kept and tried first.
fn config() -> ProptestConfig {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/covered_grants.txt");
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(kept))),
        // 256 policies brought 78 covered grants once: four times as many make the count below sure.
        cases: 1024,
        ..ProptestConfig::default()
    }
}

/// The policy as if it had been read from a text, with the number of each binding by its place.
///
/// Names are few, so that subjects have several grants: roles are ClusterRoles, each with a smaller one beside it,
/// and a binding gives one or the other to jane, the developers or the robot.
fn written(policies: &PolicySet) -> (PolicySet, HashMap<Span, usize>) {
    let mut sources = SourceMap::new();
    let id = sources.add("a", "x".repeat(100_000));
    let mut next = 0;
    let mut place = || {
        next += 2;
        sources.span(id, next, next + 1)
    };
    let mut built = PolicySet::builder().modes(policies.modes());
    for (number, role) in policies.roles().iter().enumerate() {
        let mut smaller = role.rules.clone();
        if let Some(rule) = smaller.last_mut() {
            rule.verbs.truncate(1);
            rule.resources.truncate(1);
        }
        for (name, rules) in [(format!("r{number}"), role.rules.clone()), (format!("s{number}"), smaller)] {
            let mut role = Role::cluster(name, rules);
            role.origin = Origin::Text(place());
            for rule in &mut role.rules {
                rule.origin = Origin::Text(place());
            }
            built.add_role(role);
        }
    }
    let mut numbers = HashMap::new();
    let count = policies.roles().len().max(1);
    for (number, binding) in policies.bindings().iter().enumerate() {
        let span = place();
        numbers.insert(span, number);
        let size = if binding.subjects.len() % 2 == 0 { "r" } else { "s" };
        let subjects = binding.subjects.iter().map(|subject| match subject {
            Subject::Group(_) => Subject::group("dev"),
            Subject::ServiceAccount { .. } => Subject::service_account("a", "robot"),
            Subject::Unknown { .. } | Subject::User(_) => Subject::user("jane"),
        });
        built.add_binding(Binding {
            name: format!("b{number}").into(),
            role: RoleRef::cluster_role(format!("{size}{}", number % count)),
            subjects: subjects.collect(),
            origin: Origin::Text(span),
            ..binding.clone()
        });
    }
    for policy in policies.attribute_policies() {
        built.add_attribute_policy(policy.clone());
    }
    (built.build().unwrap(), numbers)
}

/// The policy without one subject of one binding.
fn without(policies: &PolicySet, binding: usize, subject: usize) -> PolicySet {
    let mut built = PolicySet::builder().modes(policies.modes());
    for role in policies.roles() {
        built.add_role(role.clone());
    }
    for (number, one) in policies.bindings().iter().enumerate() {
        let mut one = one.clone();
        if number == binding {
            one.subjects.remove(subject);
        }
        built.add_binding(one);
    }
    for policy in policies.attribute_policies() {
        built.add_attribute_policy(policy.clone());
    }
    built.build().unwrap()
}

#[test]
fn taking_a_covered_grant_away_changes_no_decision() {
    let covered = Cell::new(0);
    proptest!(config(), |((policies, requests) in policies_and_requests(200))| {
        let (policies, numbers) = written(&policies);
        let mut levels = Levels::default();
        levels.set(Levels::LINTS, Level::Allow);
        levels.set("covered-grant", Level::Warn);
        for finding in check(&policies, &Facts::new(), &levels) {
            covered.set(covered.get() + 1);
            let binding = numbers[&finding.span().unwrap()];
            let field = finding.field.unwrap();
            let subject = field.trim_start_matches("subjects[").split(']').next().unwrap();
            let fewer = without(&policies, binding, subject.parse().unwrap());
            let classes = Classes::of(&policies);
            for request in &requests {
                let mut request = request.as_request();
                // Escalation's comparison takes `pods/log` for a resource and a subresource, as requests from HTTP have
                // it; a review may bring it as a resource of that name, which `*/log` does not cover.
                if matches!(request.target, Target::Resource { resource, .. } if resource.contains('/')) {
                    continue;
                }
                let same = Reference::new(&policies).authorize(&request);
                prop_assert_eq!(Reference::new(&fewer).authorize(&request), same, "{}", finding.message);
                for asker in classes.askers() {
                    request.user = &asker.user;
                    request.groups = asker.groups().into();
                    let same = Reference::new(&policies).authorize(&request);
                    prop_assert_eq!(Reference::new(&fewer).authorize(&request), same, "{}", finding.message);
                }
            }
        }
    });
    assert!(covered.get() > 100, "{} covered grants were looked at", covered.get());
}
