//! Who-can, held to deciding every subject one by one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::borrow::Cow;

use proptest::{prelude::*, test_runner::FileFailurePersistence};
use rolecall_analysis::{
    Asker, Classes, GrantScope, Holder,
    who_can::{Holding, Inverse, WhoCan},
};
use rolecall_engine::Engine;
use rolecall_model::{
    Authorizer, BindingIndex, Decision, Grant, Mode, Namespace, OwnedTarget, PolicySet, Request,
    ResourceName, Role, RoleIndex, RoleRefKind, Rule, Target,
};
use rolecall_reference::{Reference, rule};
use rolecall_testkit::policies_and_requests;

/// What failed once is kept and tried first.
fn config() -> ProptestConfig {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/who_can.txt");
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(kept))),
        ..ProptestConfig::default()
    }
}

fn is_held_by(holding: &Holding<'_>, asker: &Asker<'_>) -> bool {
    let member = |group: &str| asker.groups.iter().any(|own| own == group);
    match holding.holder {
        Holder::Everybody => true,
        Holder::Group(group) => member(group),
        Holder::UserInGroup { user, group } => asker.user == user && member(group),
        Holder::ServiceAccount { .. } | Holder::User(_) => asker.user == holding.holder.user_and_group().0,
    }
}

/// A function of its own, since the method is one of a single lifetime.
fn is_exact(holding: &Holding<'_>) -> bool {
    holding.is_exact()
}

fn in_namespace<'a>(target: Target<'a>, to: &'a str) -> Target<'a> {
    match target {
        Target::Path(_) => target,
        Target::Resource { namespace: _, api_group, resource, subresource, name } => {
            Target::Resource { namespace: to, api_group, resource, subresource, name }
        }
    }
}

fn named<'a>(target: Target<'a>, to: &'a str) -> Target<'a> {
    match target {
        Target::Path(_) => target,
        Target::Resource { namespace, api_group, resource, subresource, name: _ } => {
            Target::Resource { namespace, api_group, resource, subresource, name: to }
        }
    }
}

fn decide(engine: &Engine, asker: &Asker<'_>, verb: &str, target: Target<'_>) -> Decision {
    engine.authorize(&Request { user: &asker.user, groups: Cow::Owned(asker.groups()), verb, target })
}

/// The holder alone, as a request carries it.
fn asker<'p>(holder: &Holder<'p>) -> Asker<'p> {
    let (user, group) = holder.user_and_group();
    Asker { user, groups: group.into_iter().map(Cow::Borrowed).collect() }
}

/// The askers that the policy tells apart who hold exactly what was asked are those whom the engine allows.
fn check_askers(
    askers: &[Asker<'_>],
    engine: &Engine,
    verb: &str,
    target: Target<'_>,
    holds: impl Fn(&Holding<'_>) -> bool,
    answer: &WhoCan<'_>,
) -> Result<(), TestCaseError> {
    for asker in askers {
        let held = answer.holdings().any(|holding| holds(&holding) && is_held_by(&holding, asker));
        let allowed = decide(engine, asker, verb, target).is_allow();
        prop_assert_eq!(held, allowed, "{:?} asks {} {:?}: {:?}", asker, verb, target, answer);
    }
    Ok(())
}

/// A rule with the empty text among its names allows the question without a name exactly, and no other for it.
fn covers_name(policies: &PolicySet, holding: &Holding<'_>, name: &str) -> bool {
    let Grant::Role { role, rule, .. } = holding.grant else { return true };
    rule::covers_name(policies.role(role).unwrap().rules.get(rule).unwrap(), name)
}

/// One grant to one subject, as [`Holding`] has it.
fn line(
    holder: &Holder<'_>,
    grant: &Grant,
    scope: GrantScope<'_>,
    names: &[&str],
    only_in: Option<&str>,
) -> String {
    format!("{holder:?} {grant:?} {scope:?} {names:?} {only_in:?}")
}

/// Every grant of every binding, looked at one by one: what the roles give of a question, to whom, and the bindings
/// whose role is not there.
fn look_at_all(
    policies: &PolicySet,
    verb: &str,
    target: Target<'_>,
    all_namespaces: bool,
) -> (Vec<String>, Vec<usize>) {
    let (mut lines, mut dangling) = (Vec::new(), Vec::new());
    let asked = match target {
        Target::Path(_) => "",
        Target::Resource { namespace, .. } => namespace,
    };
    for (number, binding) in policies.bindings().iter().enumerate() {
        let own = binding.namespace.as_ref().map(Namespace::as_str);
        let counts = match own {
            None => true,
            Some("") => false,
            Some(own) => (all_namespaces && !matches!(target, Target::Path(_))) || own == asked,
        };
        if !counts {
            continue;
        }
        let of_role = match binding.role.kind {
            RoleRefKind::ClusterRole => Some(None),
            RoleRefKind::Role => own.map(Some),
            RoleRefKind::Unsupported(_) => None,
        };
        let is_meant = |role: &Role| {
            of_role == Some(role.namespace.as_ref().map(Namespace::as_str)) && role.name == binding.role.name
        };
        let Some(place) = policies.roles().iter().position(is_meant) else {
            dangling.push(number);
            continue;
        };
        let Some((rule, names)) = given_by(policies.roles().get(place).unwrap(), verb, target) else {
            continue;
        };
        let scope = own.map_or(GrantScope::Everywhere, GrantScope::Namespace);
        for (subject, named) in binding.subjects.iter().enumerate() {
            let Some(holder) = Holder::of_subject(named, binding.namespace.as_ref()) else { continue };
            let (binding, role) = (BindingIndex::new(number).unwrap(), RoleIndex::new(place).unwrap());
            let grant = Grant::Role { binding, subject, role, rule };
            lines.push(line(&holder, &grant, scope, &names, own.filter(|_| all_namespaces)));
        }
    }
    (lines, dangling)
}

/// The first rule of a role that gives what was asked, or else the first that gives some objects, and their names.
fn given_by<'p>(role: &'p Role, verb: &str, target: Target<'_>) -> Option<(usize, Vec<&'p str>)> {
    let request = Request { user: "", groups: Cow::Borrowed(&[]), verb, target };
    if let Some(whole) = role.rules.iter().position(|one| {
        // A Role gives no paths.
        rule::covers(one, &request) && (role.namespace.is_none() || !matches!(target, Target::Path(_)))
    }) {
        return Some((whole, Vec::new()));
    }
    let Target::Resource { subresource, name: "", .. } = target else { return None };
    if verb == "deletecollection" || verb == "create" && subresource.is_empty() {
        return None;
    }
    let of_some = |one: &&Rule| {
        one.resource_names.iter().any(|name| {
            let target = named(target, name.as_str());
            rule::covers(one, &Request { user: "", groups: Cow::Borrowed(&[]), verb, target })
        })
    };
    let first = role.rules.iter().position(|one| of_some(&one))?;
    let mut names: Vec<_> = role
        .rules
        .iter()
        .filter(of_some)
        .flat_map(|one| one.resource_names.iter().map(ResourceName::as_str))
        .collect();
    names.sort_unstable();
    names.dedup();
    Some((first, names))
}

proptest! {
    #![proptest_config(config())]

    /// Nothing is left out and nothing is added, in one namespace and in all, when rules that say the same are
    /// looked at once.
    #[test]
    fn the_answer_is_that_of_looking_at_every_binding((policies, requests) in policies_and_requests(4)) {
        let inverse = Inverse::new(&policies);
        for (request, all) in requests.iter().flat_map(|request| [(request, false), (request, true)]) {
            let (verb, target) = (request.verb.as_str(), request.target.as_target());
            for target in [target, named(target, "")] {
                let answer = if all {
                    inverse.who_can_in_all_namespaces(verb, target)
                } else {
                    inverse.who_can(verb, target)
                };
                let by_role = answer.holdings().filter(|one| matches!(one.grant, Grant::Role { .. }));
                let mut said: Vec<_> = by_role
                    .map(|one| line(&one.holder, &one.grant, one.scope, one.names, one.only_in))
                    .collect();
                let mut missing: Vec<_> = answer.dangling().map(BindingIndex::position).collect();
                let (of_bindings, mut dangling) = look_at_all(&policies, verb, target, all);
                // A mode may be named twice, and tells twice what it gives.
                let times = policies.modes().as_slice().iter().filter(|&mode| *mode == Mode::Rbac).count();
                let mut expected = vec![of_bindings; times].concat();
                dangling.retain(|_| times > 0);
                for list in [&mut said, &mut expected] {
                    list.sort_unstable();
                }
                for list in [&mut missing, &mut dangling] {
                    list.sort_unstable();
                }
                prop_assert_eq!(said, expected, "{} {:?}, in all namespaces: {}", verb, target, all);
                prop_assert_eq!(missing, dangling);
            }
        }
    }

    #[test]
    fn exactly_those_are_named_who_are_allowed((policies, requests) in policies_and_requests(8)) {
        let classes = Classes::of(&policies);
        let engine = Engine::compile(&policies).unwrap();
        let inverse = Inverse::new(&policies);
        for request in &requests {
            let (verb, target) = (request.verb.as_str(), request.target.as_target());
            let answer = inverse.who_can(verb, target);
            check_askers(classes.askers(), &engine, verb, target, is_exact, &answer)?;
        }
    }

    #[test]
    fn in_all_namespaces_each_is_named_with_those_who_are_allowed_in_it(
        (policies, requests) in policies_and_requests(2)
    ) {
        let classes = Classes::of(&policies);
        let engine = Engine::compile(&policies).unwrap();
        let inverse = Inverse::new(&policies);
        for request in &requests {
            let (verb, target) = (request.verb.as_str(), request.target.as_target());
            let answer = inverse.who_can_in_all_namespaces(verb, target);
            let at_once = in_namespace(target, "");
            check_askers(classes.askers(), &engine, verb, at_once, is_exact, &answer)?;
            if matches!(target, Target::Path(_)) {
                continue;
            }
            for namespace in classes.scopes().iter().filter(|scope| !scope.is_empty()) {
                let holds = |holding: &Holding<'_>| {
                    let here = match holding.scope {
                        GrantScope::Cluster => false,
                        GrantScope::Everywhere => true,
                        GrantScope::Namespace(own) => own == namespace,
                    };
                    here && holding.names.is_empty()
                };
                check_askers(classes.askers(), &engine, verb, in_namespace(target, namespace), holds, &answer)?;
            }
        }
    }

    #[test]
    fn every_holding_is_true_of_its_holder_alone((policies, requests) in policies_and_requests(8)) {
        let engine = Engine::compile(&policies).unwrap();
        let reference = Reference::new(&policies);
        let inverse = Inverse::new(&policies);
        for request in &requests {
            let (verb, target) = (request.verb.as_str(), request.target.as_target());
            let here = inverse.who_can(verb, target);
            let everywhere = inverse.who_can_in_all_namespaces(verb, target);
            for (holding, all) in
                here.holdings().map(|one| (one, false)).chain(everywhere.holdings().map(|one| (one, true)))
            {
                let asker = asker(&holding.holder);
                let target = match (all, holding.scope) {
                    (true, GrantScope::Namespace(namespace)) => in_namespace(target, namespace),
                    (true, GrantScope::Cluster | GrantScope::Everywhere) => in_namespace(target, ""),
                    (false, _) => target,
                };
                let named_targets: Vec<_> = if holding.names.is_empty() {
                    vec![target]
                } else {
                    prop_assert!(!holding.is_exact());
                    holding.names.iter().map(|name| named(target, name)).collect()
                };
                for target in named_targets {
                    prop_assert!(decide(&engine, &asker, verb, target).is_allow(), "{:?}", holding);
                    let request =
                        Request { user: &asker.user, groups: Cow::Owned(asker.groups()), verb, target };
                    prop_assert!(reference.authorize(&request).is_allow(), "{:?}", holding);
                }
            }
        }
    }

    /// A request with a name that is allowed through a rule with names is found from the question without one.
    #[test]
    fn whoever_may_do_it_to_some_object_is_named((policies, requests) in policies_and_requests(8)) {
        let classes = Classes::of(&policies);
        let engine = Engine::compile(&policies).unwrap();
        let inverse = Inverse::new(&policies);
        for request in &requests {
            let OwnedTarget::Resource { name, subresource, .. } = &request.target else { continue };
            let nameless_verb = (request.verb == "create" && subresource.is_empty())
                || request.verb == "deletecollection";
            if name.is_empty() {
                continue;
            }
            let (verb, target) = (request.verb.as_str(), request.target.as_target());
            let answer = inverse.who_can(verb, named(target, ""));
            if nameless_verb {
                // No request with this verb has a name, so that rules with names give nothing.
                prop_assert!(answer.holdings().all(|holding| holding.is_exact()), "{:?}", answer);
                continue;
            }
            let holds = |holding: &Holding<'_>| {
                holding.is_exact() && covers_name(&policies, holding, name)
                    || holding.names.contains(&name.as_str())
            };
            check_askers(classes.askers(), &engine, verb, target, holds, &answer)?;
        }
    }

    #[test]
    fn reading_order_loses_nobody((policies, requests) in policies_and_requests(4)) {
        let inverse = Inverse::new(&policies);
        for request in &requests {
            let target = request.target.as_target();
            let answer = inverse.who_can_in_all_namespaces(&request.verb, target);
            let ordered = answer.in_reading_order();
            prop_assert_eq!(ordered.last().map(|holding| holding.grant), Some(Grant::Superuser));
            for holding in answer.holdings() {
                let said =
                    |one: &Holding<'_>| (one.holder.to_string(), one.is_exact(), one.names.to_vec().join(","), format!("{:?}", one.scope));
                prop_assert!(ordered.iter().any(|kept| said(kept) == said(&holding)));
            }
        }
    }
}
