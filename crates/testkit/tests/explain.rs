//! Explanations, held to the engine's verdicts, to removing grants, to repairing them, and to class by class
//! comparison of what a fix allows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::HashSet;

use proptest::{prelude::*, test_runner::FileFailurePersistence};
use rolecall_analysis::{
    Classes,
    explain::{Considered, Explainer, Explanation, Miss, Part, Refusal, SHOWN_GRANTS, Verdict},
};
use rolecall_engine::Engine;
use rolecall_model::{
    AttributePolicy, Authorizer, Binding, Determination, Grant, Mode, OwnedRequest, PolicySet, Request, Role,
    RoleRef, RoleRefKind, Rule, Subject, Target, Wild,
};
use rolecall_reference::{Reference, subject};
use rolecall_testkit::policies_and_requests;

/// What failed once is kept and tried first.
fn config() -> ProptestConfig {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/explain.txt");
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(kept))),
        ..ProptestConfig::default()
    }
}

fn explain(policies: &PolicySet, request: &OwnedRequest) -> Explanation {
    let engine = Engine::compile(policies).unwrap();
    Explainer::new(policies).explain(&engine, &request.as_request())
}

/// The same policy set with other objects; its modes stay.
fn rebuild(
    policies: &PolicySet,
    roles: impl IntoIterator<Item = Role>,
    bindings: impl IntoIterator<Item = Binding>,
    lines: impl IntoIterator<Item = AttributePolicy>,
) -> PolicySet {
    let mut builder = PolicySet::builder().modes(policies.modes());
    for role in roles {
        builder.add_role(role);
    }
    for binding in bindings {
        builder.add_binding(binding);
    }
    for line in lines {
        builder.add_attribute_policy(line);
    }
    builder.build().unwrap()
}

/// The policy set without these grants, bindings and lines by what they say.
fn without(policies: &PolicySet, grants: &[Grant]) -> PolicySet {
    let kept = |is_gone: &dyn Fn(&Grant) -> bool| !grants.iter().any(is_gone);
    let bindings = policies.bindings().iter().enumerate().filter(|(position, _)| {
        kept(&|grant| matches!(grant, Grant::Role { binding, .. } if binding.position() == *position))
    });
    let lines = policies.attribute_policies().iter().enumerate().filter(|(position, _)| {
        kept(&|grant| matches!(grant, Grant::AttributePolicy(line) if line.position() == *position))
    });
    rebuild(
        policies,
        policies.roles().iter().cloned(),
        bindings.map(|(_, binding)| binding.clone()),
        lines.map(|(_, line)| line.clone()),
    )
}

fn namespace_of(target: Target<'_>) -> &str {
    match target {
        Target::Path(_) => "",
        Target::Resource { namespace, .. } => namespace,
    }
}

/// The policy set with what a grant lacks.
fn repaired(policies: &PolicySet, miss: &Miss, part: Part, request: &Request<'_>) -> Option<PolicySet> {
    let mut roles = policies.roles().to_vec();
    let mut bindings = policies.bindings().to_vec();
    let mut lines = policies.attribute_policies().to_vec();
    match miss.considered {
        Considered::AttributePolicy(index) => {
            repair_line(lines.get_mut(index.position())?, part, request);
        }
        Considered::Binding { binding, role, rule } => {
            let mut granted = bindings.get(binding.position())?.clone();
            let role = role.and_then(|role| policies.role(role));
            let mut role = role.cloned().unwrap_or_else(|| Role::cluster("x", [Rule::default()]));
            let mut rule = role.rules.get(rule.unwrap_or_default()).cloned().unwrap_or_default();
            repair_rule(&mut rule, part, request);
            match part {
                Part::Namespace => {
                    // A service account without a namespace is one of the binding's: it stays who it was.
                    for subject in &mut granted.subjects {
                        if let Subject::ServiceAccount { namespace, .. } = subject
                            && let Some(own) = &granted.namespace
                            && namespace.as_str().is_empty()
                        {
                            namespace.clone_from(own);
                        }
                    }
                    granted.namespace = Some(namespace_of(request.target).into());
                }
                Part::Subject => granted.subjects.push(asker(request)?),
                _ => {}
            }
            // A pair of its own, so that no other grant changes.
            role.rules = vec![rule];
            role.namespace.clone_from(&granted.namespace);
            role.name = "repaired".into();
            granted.name = "repaired".into();
            granted.role = RoleRef::role("repaired");
            if granted.namespace.is_none() {
                granted.role = RoleRef::cluster_role("repaired");
            }
            roles.push(role);
            bindings.push(granted);
        }
    }
    Some(rebuild(policies, roles, bindings, lines))
}

fn asker(request: &Request<'_>) -> Option<Subject> {
    let group = || group_of(request).map(Subject::group);
    if request.user.is_empty() { group() } else { Some(Subject::user(request.user)) }
}

/// A group that can be named: an ABAC line for group "" is for nobody.
fn group_of<'a>(request: &Request<'a>) -> Option<&'a str> {
    request.groups.iter().copied().find(|group| !group.is_empty())
}

fn repair_rule(rule: &mut Rule, part: Part, request: &Request<'_>) {
    match (part, request.target) {
        (Part::Role | Part::Rules, target) => {
            *rule = match target {
                Target::Path(path) => Rule::paths([request.verb], [path]),
                Target::Resource { api_group, .. } => Rule::resources([request.verb], [api_group], ["*"]),
            };
        }
        (Part::Verb, _) => rule.verbs.push(request.verb.into()),
        (Part::ApiGroup, Target::Resource { api_group, .. }) => rule.api_groups.push(api_group.into()),
        (Part::Resource, Target::Resource { resource, subresource, .. }) => {
            let slash = if subresource.is_empty() { "" } else { "/" };
            rule.resources.push(format!("{resource}{slash}{subresource}").into());
        }
        (Part::Name, Target::Resource { name, .. }) => rule.resource_names.push(name.into()),
        (Part::Path, Target::Path(path)) => rule.non_resource_urls.push(path.into()),
        _ => {}
    }
}

fn repair_line(line: &mut AttributePolicy, part: Part, request: &Request<'_>) {
    match (part, request.target) {
        (Part::Verb, _) => line.read_only = false,
        (Part::ApiGroup, Target::Resource { api_group, .. }) => line.api_group = Wild::Is(api_group.into()),
        (Part::Resource, Target::Resource { resource, .. }) => line.resource = Wild::Is(resource.to_owned()),
        (Part::Namespace, Target::Resource { namespace, .. }) => line.namespace = Wild::Is(namespace.into()),
        (Part::Path, Target::Path(path)) => line.non_resource_path = path.into(),
        (Part::Subject, _) if request.user.is_empty() => {
            line.user = None;
            line.group = group_of(request).map(Into::into);
        }
        (Part::Subject, _) => {
            line.user = Some(request.user.into());
            line.group = None;
        }
        _ => {}
    }
}

/// What of a request a fix is about: everything but who asks and, where it has none, the namespace and the name.
fn is_asked(class: &Request<'_>, request: &Request<'_>) -> bool {
    class.verb == request.verb
        && match (class.target, request.target) {
            (Target::Path(own), Target::Path(asked)) => own == asked,
            (
                Target::Resource { namespace, api_group, resource, subresource, name },
                Target::Resource {
                    namespace: asked_namespace,
                    api_group: asked_group,
                    resource: asked_resource,
                    subresource: asked_subresource,
                    name: asked_name,
                },
            ) => {
                let joined = |resource: &str, subresource: &str| match subresource {
                    "" => resource.to_owned(),
                    _ => format!("{resource}/{subresource}"),
                };
                (asked_namespace.is_empty() || namespace == asked_namespace)
                    && api_group == asked_group
                    && joined(resource, subresource) == joined(asked_resource, asked_subresource)
                    && (asked_name.is_empty() || name == asked_name)
            }
            _ => false,
        }
}

/// How many classes are gone through.
const LARGE: u64 = 60_000;

/// Holds what a change allows to the classes of both policies: what was asked, to those who gain, and no more.
fn check_change(
    before: &PolicySet,
    after: &PolicySet,
    request: &Request<'_>,
    gains: impl Fn(&Request<'_>) -> bool,
    is_exact: bool,
) -> Result<(), TestCaseError> {
    let (old, new) = (Engine::compile(before).unwrap(), Engine::compile(after).unwrap());
    prop_assert!(new.authorize(request).is_allow(), "still not allowed");
    let classes = Classes::of(after);
    // Large policies are left to the others: they take seconds each.
    let most = if classes.count() > LARGE { 0 } else { usize::MAX };
    for class in classes.iter().take(most) {
        let (was, is) = (old.authorize(&class).is_allow(), new.authorize(&class).is_allow());
        prop_assert!(is || !was, "lost: {:?}", class);
        if is_asked(&class, request) && gains(&class) {
            prop_assert!(is, "asked and not allowed: {:?}", class);
        } else if is_exact {
            prop_assert_eq!(is, was, "allowed and not asked: {:?}", class);
        }
    }
    Ok(())
}

fn refusal(explanation: &Explanation) -> Option<&Refusal> {
    match &explanation.verdict {
        Verdict::Allow(_) => None,
        Verdict::NoOpinion(refusal) => Some(refusal),
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn verdict_and_reason_are_those_of_engine_and_reference((policies, requests) in policies_and_requests(12)) {
        for request in &requests {
            let explanation = explain(&policies, request);
            match (&explanation.verdict, Reference::new(&policies).determine(&request.as_request())) {
                (Verdict::Allow(allowance), Determination::Allow(grant)) => {
                    prop_assert_eq!(allowance.decided_by.grant, grant, "{:?}", request);
                }
                (Verdict::NoOpinion(refusal), Determination::NoOpinion(silences)) => {
                    prop_assert_eq!(&refusal.silences, &silences, "{:?}", request);
                }
                (verdict, determination) => panic!("{request:?}: {verdict:?} and {determination:?}"),
            }
        }
    }

    #[test]
    fn all_grants_that_allow_are_named_and_nothing_else((policies, requests) in policies_and_requests(12)) {
        for request in &requests {
            let Verdict::Allow(allowance) = explain(&policies, request).verdict else { continue };
            let explainer = Explainer::new(&policies);
            let (own, others): (Vec<_>, Vec<_>) = explainer
                .allowing(&request.as_request())
                .partition(|allowing| allowing.grant == allowance.decided_by.grant);
            prop_assert_eq!(&own, std::slice::from_ref(&allowance.decided_by));
            prop_assert_eq!(others.len(), allowance.other_count);
            prop_assert_eq!(&others[..others.len().min(SHOWN_GRANTS)], &allowance.others);
            let grants: Vec<_> = own.iter().chain(&others).map(|allowing| allowing.grant).collect();
            prop_assert_eq!(grants.iter().collect::<HashSet<_>>().len(), grants.len(), "once each");
            let removable = |grant: &Grant| matches!(grant, Grant::Role { .. } | Grant::AttributePolicy(_));
            let stays = !grants.iter().all(removable);
            let all_gone = without(&policies, &grants);
            let decided = Reference::new(&all_gone).authorize(&request.as_request()).is_allow();
            prop_assert_eq!(decided, stays, "{:?} of {:?}", request, grants);
            for grant in grants.iter().filter(|grant| removable(grant) && !stays) {
                let others: Vec<_> = grants.iter().filter(|other| *other != grant).copied().collect();
                let alone = without(&policies, &others);
                let decided = Reference::new(&alone).authorize(&request.as_request()).is_allow();
                prop_assert!(decided, "{:?} is said to allow {:?}", grant, request);
            }
        }
    }

    #[test]
    fn a_grant_allows_once_the_part_that_is_missing_is_there((policies, requests) in policies_and_requests(12)) {
        for request in &requests {
            let explanation = explain(&policies, request);
            let Some(refusal) = refusal(&explanation) else { continue };
            let request = request.as_request();
            for group in &refusal.misses {
                prop_assert!(group.count >= group.nearest.len() && !group.nearest.is_empty());
                for miss in &group.nearest {
                    prop_assert_eq!(miss.unmet.only(), group.part);
                    prop_assert!(!miss.unmet.is_empty());
                    let Some(part) = group.part else { continue };
                    // Nobody can be bound, and nothing to be elsewhere than at the cluster scope.
                    let Some(_) = asker(&request) else { continue };
                    let is_binding = matches!(miss.considered, Considered::Binding { .. });
                    if part == Part::Namespace && is_binding && namespace_of(request.target).is_empty() {
                        continue;
                    }
                    let repaired = repaired(&policies, miss, part, &request).unwrap();
                    prop_assert!(
                        Reference::new(&repaired).authorize(&request).is_allow(),
                        "{:?} is all that {:?} lacks for {:?}", part, miss.considered, request
                    );
                }
            }
        }
    }

    #[test]
    fn every_binding_of_the_asker_that_counts_is_considered((policies, requests) in policies_and_requests(12)) {
        let only_rbac = rebuild(
            &policies, policies.roles().to_vec(), policies.bindings().to_vec(), [],
        );
        prop_assume!(policies.modes().as_slice().contains(&Mode::Rbac));
        for request in &requests {
            let explanation = explain(&only_rbac, request);
            let Some(refusal) = refusal(&explanation) else { continue };
            let request = request.as_request();
            let namespace = namespace_of(request.target);
            let names = |binding: &&Binding| subject::first_applying(binding, request.user, &request.groups).is_some();
            let counts = |binding: &&Binding| {
                let own = binding.namespace.as_ref();
                own.is_none_or(|own| !namespace.is_empty() && own.as_str() == namespace)
            };
            let naming = only_rbac.bindings().iter().filter(names);
            prop_assert_eq!(refusal.naming_bindings, naming.clone().count(), "{:?}", request);
            let own = refusal.misses.iter().filter(|group| {
                !matches!(group.part, Some(Part::Namespace | Part::Subject))
            });
            let considered: usize = own.map(|group| group.count).sum();
            prop_assert_eq!(considered, naming.filter(counts).count(), "{:?}", request);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..config() })]

    #[test]
    fn a_role_of_its_own_allows_exactly_what_was_asked((policies, requests) in policies_and_requests(3)) {
        for owned in &requests {
            let explanation = explain(&policies, owned);
            let request = owned.as_request();
            let Some(Ok(fixes)) = refusal(&explanation).map(|refusal| &refusal.fixes) else { continue };
            let own = Explainer::new(&policies).own_role(&request).unwrap();
            let is_new = |role: &Role| role.name != own.role.name || role.namespace != own.role.namespace;
            prop_assert!(policies.roles().iter().all(is_new), "the name is taken");
            let after = rebuild(
                &policies,
                policies.roles().iter().cloned().chain([own.role.clone()]),
                policies.bindings().iter().cloned().chain([own.binding.clone()]),
                policies.attribute_policies().to_vec(),
            );
            let gains = |class: &Request<'_>| {
                if request.user.is_empty() {
                    group_of(&request).is_some_and(|group| class.groups.contains(&group))
                } else {
                    class.user == request.user
                }
            };
            check_change(&policies, &after, &request, gains, fixes.wider.is_empty())?;
        }
    }

    #[test]
    fn a_rule_in_a_role_allows_what_was_asked_to_those_who_have_it((policies, requests) in policies_and_requests(3)) {
        for owned in &requests {
            let explanation = explain(&policies, owned);
            let request = owned.as_request();
            let Some(Ok(fixes)) = refusal(&explanation).map(|refusal| &refusal.fixes) else { continue };
            let Some(existing) = &fixes.existing else { continue };
            let extended = Explainer::new(&policies).extended_role(fixes).unwrap();
            let after = rebuild(
                &policies,
                policies.roles().iter().cloned().chain([extended.clone()]),
                policies.bindings().to_vec(),
                policies.attribute_policies().to_vec(),
            );
            let gives = |binding: &&Binding| {
                binding.role.name == extended.name
                    && match binding.role.kind {
                        RoleRefKind::ClusterRole => extended.namespace.is_none(),
                        RoleRefKind::Role => extended.namespace.is_some() && extended.namespace == binding.namespace,
                        RoleRefKind::Unsupported(_) => false,
                    }
            };
            let gains = |class: &Request<'_>| {
                policies.bindings().iter().filter(gives).any(|binding| {
                    let own = binding.namespace.as_ref();
                    let namespace = namespace_of(class.target);
                    own.is_none_or(|own| !namespace.is_empty() && own.as_str() == namespace)
                        && subject::first_applying(binding, class.user, &class.groups).is_some()
                })
            };
            check_change(&policies, &after, &request, gains, fixes.wider.is_empty())?;
            // Whoever is named does gain, and is not the asker alone.
            for &(binding, position) in &existing.others {
                let binding = policies.binding(binding).unwrap();
                prop_assert!(gives(&binding) && position < binding.subjects.len());
            }
        }
    }
}
