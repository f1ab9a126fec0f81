//! A live policy answers, whatever happened to it, as one that was made anew.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use proptest::{collection::vec, prelude::*};
use rolecall_analysis::Classes;
use rolecall_engine::{CompileOptions, Engine};
use rolecall_kubernetes::aggregation::aggregate;
use rolecall_live::{BindingKey, Change, ChangeError, LivePolicy, RoleKey, Version};
use rolecall_model::{
    AggregationRule, Authorizer, Binding, Determination, Grant, LabelSelector, ListedRule, OwnedRequest,
    PolicySet, Request, Role, RoleRef, Rule, RuleListing, Subject,
};
use rolecall_reference::Reference;
use rolecall_testkit::{Aim, RequestPlan, policies, request_plans};

/// The plain statement: objects in order, as they were written.
#[derive(Clone, Debug)]
struct Written {
    roles: Vec<Role>,
    bindings: Vec<Binding>,
    rest: PolicySet,
}

impl Written {
    fn take(&mut self, change: &Change) -> bool {
        match change.clone() {
            Change::PutRole(role) => {
                match self.roles.iter_mut().find(|old| RoleKey::of(old) == RoleKey::of(&role)) {
                    Some(old) => *old = role,
                    None => self.roles.push(role),
                }
                true
            }
            Change::PutBinding(binding) => {
                match self.bindings.iter_mut().find(|old| BindingKey::of(old) == BindingKey::of(&binding)) {
                    Some(old) => *old = binding,
                    None => self.bindings.push(binding),
                }
                true
            }
            Change::RemoveRole(key) => {
                let before = self.roles.len();
                self.roles.retain(|role| RoleKey::of(role) != key);
                self.roles.len() < before
            }
            Change::RemoveBinding(key) => {
                let before = self.bindings.len();
                self.bindings.retain(|binding| BindingKey::of(binding) != key);
                self.bindings.len() < before
            }
            _ => panic!("an unknown change"),
        }
    }

    fn rebuilt(&self) -> PolicySet {
        let mut builder = PolicySet::builder();
        if let Some(modes) = self.rest.chosen_modes() {
            builder = builder.modes(modes.clone());
        }
        for role in &self.roles {
            builder.add_role(role.clone());
        }
        for (index, rules) in aggregate(&self.roles).unwrap() {
            builder.replace_rules(index, rules);
        }
        for binding in &self.bindings {
            builder.add_binding(binding.clone());
        }
        for policy in self.rest.attribute_policies() {
            builder.add_attribute_policy(policy.clone());
        }
        builder.build().unwrap()
    }
}

/// What a grant is, whatever its indexes.
#[derive(Debug, PartialEq)]
enum Named {
    Other(Determination),
    Role { binding: BindingKey, subject: usize, role: RoleKey, rule: usize },
}

fn named<'a>(
    determination: Determination,
    binding: impl Fn(rolecall_model::BindingIndex) -> Option<&'a Binding>,
    role: impl Fn(rolecall_model::RoleIndex) -> Option<&'a Role>,
) -> Named {
    match determination {
        Determination::Allow(Grant::Role { binding: b, subject, role: r, rule }) => Named::Role {
            binding: BindingKey::of(binding(b).unwrap()),
            subject,
            role: RoleKey::of(role(r).unwrap()),
            rule,
        },
        other => Named::Other(other),
    }
}

type NamedListing = (Vec<Result<(RoleKey, usize), ListedRule>>, Vec<rolecall_model::Unresolved>);

fn named_listing<'a>(
    listing: RuleListing,
    of: impl Fn(rolecall_model::RoleIndex) -> Option<&'a Role>,
) -> NamedListing {
    let rules = listing.rules.into_iter().map(|listed| match listed {
        ListedRule::Role { role, rule } => Ok((RoleKey::of(of(role).unwrap()), rule)),
        other => Err(other),
    });
    (rules.collect(), listing.unresolved)
}

fn check(version: &Version, rebuilt: &PolicySet, request: &Request<'_>) {
    let reference = Reference::new(rebuilt);
    let engine = Engine::compile(rebuilt).unwrap();
    check_with(version, rebuilt, reference, &engine, request);
}

fn check_with(
    version: &Version,
    rebuilt: &PolicySet,
    reference: Reference<'_>,
    engine: &Engine,
    request: &Request<'_>,
) {
    let expected = reference.determine(request);
    assert_eq!(version.authorize(request), expected.decision(), "{request:?}");
    assert_eq!(engine.determine(request), expected, "{request:?}");
    assert_eq!(
        named(version.determine(request), |i| version.binding(i), |i| version.role(i)),
        named(expected, |i| rebuilt.binding(i), |i| rebuilt.role(i)),
        "{request:?}"
    );
    let namespace = match request.target {
        rolecall_model::Target::Resource { namespace, .. } => namespace,
        rolecall_model::Target::Path(_) => "",
    };
    assert_eq!(
        named_listing(version.rules_for(request.user, &request.groups, namespace), |i| version.role(i)),
        named_listing(reference.rules_for(request.user, &request.groups, namespace), |i| rebuilt.role(i)),
        "{request:?}"
    );
}

/// Labels and selectors from a number: some roles are selected, some select.
fn with_aggregation(mut role: Role, number: u8) -> Role {
    let label = |number: u8| ("take".to_owned(), format!("v{}", number % 3));
    if number % 4 < 2 {
        role.labels.extend([label(number >> 2)]);
    }
    if number % 8 < 3 && number >= 64 {
        let selector =
            LabelSelector { match_labels: [label(number >> 4)].into(), ..LabelSelector::default() };
        role.aggregation = Some(AggregationRule { selectors: vec![selector] });
        role.rules.clear();
    }
    role
}

/// Everything that may happen: a put of any object of a second policy, a removal of any object of either.
fn changes(first: &PolicySet, pool: &PolicySet, numbers: &[(u8, u8)]) -> Vec<Change> {
    let roles: Vec<&Role> = pool.roles().iter().chain(first.roles()).collect();
    let bindings: Vec<&Binding> = pool.bindings().iter().chain(first.bindings()).collect();
    let pick = |count: usize, number: u8| usize::from(number) % count.max(1);
    let role = |number| roles.get(pick(roles.len(), number)).copied();
    let binding = |number| bindings.get(pick(bindings.len(), number)).copied();
    let change = |&(kind, number): &(u8, u8)| match kind % 8 {
        0..3 => Some(Change::PutBinding(binding(number)?.clone())),
        3..5 => Some(Change::RemoveBinding(BindingKey::of(binding(number)?))),
        // Rules of one role under the name of another.
        5 => {
            let rules = role(kind)?.rules.clone();
            Some(Change::PutRole(with_aggregation(Role { rules, ..role(number)?.clone() }, kind)))
        }
        6 => Some(Change::PutRole(with_aggregation(role(number)?.clone(), kind))),
        _ => Some(Change::RemoveRole(RoleKey::of(role(number)?))),
    };
    numbers.iter().filter_map(change).collect()
}

fn requests(plans: &[RequestPlan], policies: &[&PolicySet]) -> Vec<OwnedRequest> {
    policies
        .iter()
        .flat_map(|policies| {
            let aim = Aim::at(policies);
            plans.iter().map(move |plan| plan.request(&aim)).collect::<Vec<_>>()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_policy_answers_as_one_made_anew(
        first in policies(),
        pool in policies(),
        labels in vec(any::<u8>(), 8),
        steps in vec(vec((any::<u8>(), any::<u8>()), 1..4), 1..40),
        plans in vec(request_plans(), 1..6),
        frugal in any::<bool>(),
    ) {
        let roles = first.roles().iter().cloned().zip(labels.iter().cycle())
            .map(|(role, &number)| with_aggregation(role, number)).collect();
        let mut written = Written { roles, bindings: first.bindings().to_vec(), rest: (*first).clone() };
        let options = if frugal { CompileOptions::frugal() } else { CompileOptions::default() };
        let mut live = LivePolicy::with_options(&written.rebuilt(), options).unwrap();
        let mut kept = Vec::new();
        for step in &steps {
            let changes = changes(&first, &pool, step);
            let before = written.clone();
            let possible = changes.iter().all(|change| written.take(change));
            let outcome = live.apply(changes);
            prop_assert_eq!(outcome.is_ok(), possible);
            if !possible {
                written = before;
            }
            let rebuilt = written.rebuilt();
            let version = live.current();
            let found = version.to_policy_set().unwrap();
            prop_assert_eq!(found.bindings(), rebuilt.bindings());
            prop_assert_eq!(found.roles(), rebuilt.roles());
            let requests = requests(&plans, &[&rebuilt, &first, &pool]);
            let (reference, engine) = (Reference::new(&rebuilt), Engine::compile(&rebuilt).unwrap());
            for request in &requests {
                check_with(&version, &rebuilt, reference, &engine, &request.as_request());
            }
            kept.push((version, rebuilt, requests));
        }
        // What was the newest answers as it did, and on every class of requests.
        for (version, rebuilt, requests) in kept.iter().step_by(7) {
            for request in requests {
                check(version, rebuilt, &request.as_request());
            }
        }
        if let Some((version, rebuilt, _)) = kept.last() {
            let (reference, engine) = (Reference::new(rebuilt), Engine::compile(rebuilt).unwrap());
            for request in Classes::of(rebuilt).iter().take(3_000) {
                check_with(version, rebuilt, reference, &engine, &request);
            }
        }
    }
}

fn grant(number: usize) -> Binding {
    Binding::namespaced(
        "n",
        format!("b{number}"),
        RoleRef::cluster_role("viewer"),
        [Subject::user(format!("u{number}"))],
    )
}

fn viewers(count: usize) -> PolicySet {
    let mut builder = PolicySet::builder().cluster_role("viewer", [Rule::resources(["get"], [""], ["pods"])]);
    for number in 0..count {
        builder.add_binding(grant(number));
    }
    builder.build().unwrap()
}

fn may(version: &Version, user: &str) -> bool {
    version.authorize(&Request::resource("get", "pods").namespace("n").user(user)).is_allow()
}

#[test]
fn a_step_of_which_one_change_fails_changes_nothing() {
    let mut live = LivePolicy::new(&viewers(3)).unwrap();
    let missing = BindingKey::of(&grant(9));
    let steps = [Change::RemoveBinding(BindingKey::of(&grant(0))), Change::RemoveBinding(missing.clone())];
    assert_eq!(live.apply(steps).unwrap_err(), ChangeError::NoBinding(missing));
    assert_eq!(live.current().number(), 0);
    assert!(may(&live.current(), "u0"));
    assert_eq!(live.current().to_policy_set().unwrap(), viewers(3));
    let error = live.remove_role(RoleKey { namespace: Some("n".into()), name: "x".into() }).unwrap_err();
    assert_eq!(error.to_string(), "there is no Role `x` in namespace `n`");
}

#[test]
fn rules_that_only_roles_selecting_each_other_bring_go_with_their_source() {
    let label = |label: &str| [(label.to_owned(), "y".to_owned())];
    let selecting = |name: &str, own: &str, wants: &[&str]| {
        let selector =
            |&wants: &&str| LabelSelector { match_labels: label(wants).into(), ..LabelSelector::default() };
        let mut role = Role::cluster(name, [Rule::resources(["get"], [""], ["pods"])]);
        role.labels.extend(label(own));
        role.aggregation = Some(AggregationRule { selectors: wants.iter().map(selector).collect() });
        role
    };
    let mut source = Role::cluster("source", [Rule::resources(["get"], [""], ["pods"])]);
    source.labels.extend(label("s"));
    let policies = PolicySet::builder()
        .role(selecting("a", "a", &["b", "s"]))
        .role(selecting("b", "b", &["a"]))
        .role(source.clone())
        .cluster_role_binding("x", "b", [Subject::user("jane")])
        .build()
        .unwrap();
    let mut live = LivePolicy::new(&policies).unwrap();
    assert!(may(&live.current(), "jane"));
    assert!(!may(&live.remove_role(RoleKey::of(&source)).unwrap(), "jane"));
    assert!(may(&live.put_role(source).unwrap(), "jane"));
}

#[test]
fn a_reader_sees_whole_steps_only_and_old_versions_stay() {
    let mut live = LivePolicy::new(&viewers(50)).unwrap();
    let first = live.current();
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        for _ in 0..2 {
            let mut reader = live.reader();
            let done = &done;
            threads.spawn(move || {
                let mut last = 0;
                while !done.load(Ordering::Relaxed) {
                    let version = Arc::clone(reader.current());
                    assert!(version.number() >= last, "time goes one way");
                    last = version.number();
                    // In each step one of the two loses what the other gets.
                    assert_eq!(may(&version, "left"), last % 2 == 1, "{last}");
                    assert_eq!(may(&version, "right"), last % 2 == 0 && last > 0, "{last}");
                }
            });
        }
        let viewer = || RoleRef::cluster_role("viewer");
        let left = Binding::namespaced("n", "left", viewer(), [Subject::user("left")]);
        let right = Binding::namespaced("n", "right", viewer(), [Subject::user("right")]);
        live.put_binding(left.clone()).unwrap();
        for step in 0..600 {
            let (from, to) = if step % 2 == 0 { (&left, &right) } else { (&right, &left) };
            live.apply([Change::RemoveBinding(BindingKey::of(from)), Change::PutBinding(to.clone())])
                .unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(live.current().number(), 601);
    assert!(may(&first, "u7") && !may(&first, "left") && !may(&first, "right"));
    assert_eq!(first.to_policy_set().unwrap(), viewers(50));
}

#[test]
fn tables_do_not_grow_with_the_number_of_changes() {
    let count = 2_000;
    let mut live = LivePolicy::new(&viewers(count)).unwrap();
    let fresh = live.current().table_bytes();
    let mut most = 0;
    for step in 0..3_999 {
        let number = step * 7 % count;
        let version = match step % 3 {
            0 => live.remove_binding(BindingKey::of(&grant(number))).unwrap(),
            1 => live.put_binding(grant((step - 1) * 7 % count)).unwrap(),
            _ => live.put_binding(grant(number)).unwrap(),
        };
        most = most.max(version.table_bytes());
    }
    assert!(most * 2 < fresh * 3, "{most} bytes after changes, {fresh} before");
    assert_eq!(live.current().bindings().count(), count);
}

#[test]
fn a_role_that_everybody_has_takes_all_of_them_along() {
    let mut live = LivePolicy::new(&viewers(3_000)).unwrap();
    let version = live.put_role(Role::cluster("viewer", [])).unwrap();
    assert!((0..3_000).all(|number| !may(&version, &format!("u{number}"))));
    live.remove_role(RoleKey::of(&Role::cluster("viewer", []))).unwrap();
    let version = live.put_role(Role::cluster("viewer", [Rule::resources(["get"], [""], ["pods"])])).unwrap();
    assert!((0..3_000).all(|number| may(&version, &format!("u{number}"))));
}
