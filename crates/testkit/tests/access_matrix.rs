//! The access matrix, held to the engine: every cell is allowed, and whatever is allowed has a cell.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{borrow::Cow, collections::BTreeSet};

use proptest::{prelude::*, test_runner::FileFailurePersistence};
use rolecall_analysis::{
    Asker, Classes, GrantScope,
    access_matrix::{Access, AccessMatrix, ApiGroups, Given, Resources, Row, RowTarget, Source, holders},
    explain::GrantIndex,
};
use rolecall_engine::Engine;
use rolecall_model::{Authorizer, ListedRule, Request, Rule, Target};
use rolecall_reference::{Reference, path, rule};
use rolecall_testkit::policies;

/// What failed once is kept and tried first.
fn config() -> ProptestConfig {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/access_matrix.txt");
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(kept))),
        cases: 64,
        ..ProptestConfig::default()
    }
}

/// Whether a row says that this is allowed.
fn covers(row: &Row<'_>, verb: &str, target: Target<'_>) -> bool {
    if !row.verbs.iter().any(|own| *own == "*" || *own == verb) {
        return false;
    }
    match (&row.target, target) {
        (RowTarget::Path(pattern), Target::Path(path)) => path::covers(&(*pattern).into(), path),
        (
            RowTarget::Resource { api_group: own_group, resource: own, names },
            Target::Resource { namespace, api_group, resource, subresource, name },
        ) => {
            let entry = |entry: &str| {
                let rule = Rule::resources(["get"], [""], [entry]);
                rule::covers_resource(&rule, resource, subresource)
            };
            row.scopes.iter().any(|scope| match scope {
                GrantScope::Everywhere => true,
                GrantScope::Cluster => namespace.is_empty(),
                GrantScope::Namespace(own) => *own == namespace,
            }) && match own_group {
                ApiGroups::Every => true,
                ApiGroups::Is(own) => *own == api_group,
            } && match own {
                Resources::Every => true,
                Resources::Entry(own) => entry(own),
                Resources::WithSubresources(own) => *own == resource,
            } && (names.is_empty() || names.contains(&name))
        }
        _ => false,
    }
}

/// Requests that a row speaks of, one for each of its corners.
fn check_row(engine: &Engine, asker: &Asker<'_>, row: &Row<'_>, fresh: &str) -> Result<(), TestCaseError> {
    let allowed = |verb: &str, target: Target<'_>| {
        engine
            .authorize(&Request { user: &asker.user, groups: Cow::Owned(asker.groups()), verb, target })
            .is_allow()
    };
    for verb in row.verbs.iter().map(|verb| if *verb == "*" { fresh } else { verb }) {
        match &row.target {
            RowTarget::Path(pattern) => {
                let path = format!("{}{fresh}", pattern.trim_end_matches('*'));
                let path = if pattern.ends_with('*') { &path } else { *pattern };
                prop_assert!(allowed(verb, Target::Path(path)), "{:?}: {:?} {}", asker, row, path);
            }
            RowTarget::Resource { api_group, resource, names } => {
                let api_group = match api_group {
                    ApiGroups::Every => fresh,
                    ApiGroups::Is(group) => group,
                };
                let (resource, subresource) = match resource {
                    Resources::Every => (fresh, fresh),
                    Resources::Entry(entry) => match entry.split_once('/') {
                        // A slash at the end leaves no subresource: then the entry is one text.
                        Some((_, "")) | None => (*entry, ""),
                        Some(("*", subresource)) => (fresh, subresource),
                        Some((resource, subresource)) => (resource, subresource),
                    },
                    Resources::WithSubresources(resource) => (*resource, fresh),
                };
                let names = if names.is_empty() { vec!["", fresh] } else { names.to_vec() };
                for scope in &row.scopes {
                    let namespaces = match scope {
                        GrantScope::Cluster => vec![""],
                        GrantScope::Everywhere => vec!["", fresh],
                        GrantScope::Namespace(namespace) => vec![*namespace],
                    };
                    for namespace in namespaces {
                        for &name in &names {
                            let target =
                                Target::Resource { namespace, api_group, resource, subresource, name };
                            prop_assert!(allowed(verb, target), "{:?}: {:?} {:?}", asker, row, target);
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_cell_is_allowed_and_whatever_is_allowed_has_a_cell(policies in policies()) {
        let engine = Engine::compile(&policies).unwrap();
        let index = GrantIndex::of(&policies);
        let classes = Classes::of(&policies);
        for asker in classes.askers() {
            let access = Access::of(&policies, &index, &asker.user, &asker.groups());
            let all = AccessMatrix::of(&policies, &access.given, None);
            for row in &all.rows {
                check_row(&engine, asker, row, classes.fresh())?;
            }
            for namespace in classes.scopes() {
                let here = AccessMatrix::of(&policies, &access.given, Some(namespace));
                let targets = classes.own_targets(asker, namespace);
                for (verb, target) in targets.in_namespace(namespace).chain(targets.on_paths()) {
                    if matches!(target, Target::Path("") | Target::Resource { resource: "", .. }) {
                        // What no server asks has no row.
                        continue;
                    }
                    let groups = Cow::Owned(asker.groups());
                    let allowed =
                        engine.authorize(&Request { user: &asker.user, groups, verb, target }).is_allow();
                    let told = all.rows.iter().any(|row| covers(row, verb, target));
                    prop_assert_eq!(allowed, told, "{:?} {} {:?}: {:?}", asker, verb, target, all);
                    if !namespace.is_empty() {
                        let told = here.rows.iter().any(|row| covers(row, verb, target));
                        prop_assert_eq!(allowed, told, "{:?} {} {:?}: {:?}", asker, verb, target, here);
                    }
                }
            }
        }
    }

    /// The grants are those of the specification's own listing, which knows no index.
    #[test]
    fn the_grants_are_those_that_a_listing_shows(policies in policies()) {
        let reference = Reference::new(&policies);
        let index = GrantIndex::of(&policies);
        let classes = Classes::of(&policies);
        for asker in classes.askers() {
            let access = Access::of(&policies, &index, &asker.user, &asker.groups());
            for namespace in classes.scopes().iter().filter(|scope| !scope.is_empty()) {
                let listing = reference.rules_for(&asker.user, &asker.groups(), namespace);
                let listed: BTreeSet<_> = listing
                    .rules
                    .iter()
                    .map(|rule| match rule {
                        ListedRule::AlwaysAllow => "everything".to_owned(),
                        ListedRule::AttributePolicy(policy) => format!("{policy:?}"),
                        ListedRule::Role { role, .. } => format!("{role:?}"),
                    })
                    .collect();
                let counts = |given: &&Given<'_>| match given.scope {
                    GrantScope::Cluster => false,
                    GrantScope::Everywhere => true,
                    GrantScope::Namespace(own) => own == namespace,
                };
                let given: BTreeSet<_> = access
                    .given
                    .iter()
                    .filter(counts)
                    .filter_map(|given| match given.source {
                        Source::Superuser => None,
                        Source::AlwaysAllow => Some("everything".to_owned()),
                        Source::AttributePolicy(policy) => {
                            let policy_is_listed = policies.attribute_policy(policy).is_some_and(|policy| {
                                policy.resource != rolecall_model::Wild::Is(String::new())
                                    || !policy.non_resource_path.as_str().is_empty()
                            });
                            policy_is_listed.then(|| format!("{policy:?}"))
                        }
                        Source::Role { role, .. } => {
                            let rules = &policies.role(role)?.rules;
                            let shown = |rule: &Rule| {
                                !rule.resources.is_empty() || !rule.non_resource_urls.is_empty()
                            };
                            rules.iter().any(shown).then(|| format!("{role:?}"))
                        }
                    })
                    .collect();
                prop_assert_eq!(listed, given, "{:?} in {}", asker, namespace);
            }
        }
    }

    /// Whoever is given something alone is among the holders.
    #[test]
    fn every_grant_is_somebodys(policies in policies()) {
        let index = GrantIndex::of(&policies);
        let holders = holders(&policies);
        for asker in Classes::of(&policies).askers() {
            for given in Access::of(&policies, &index, &asker.user, &asker.groups()).given {
                prop_assert!(holders.contains(&given.holder), "{:?}", given);
            }
        }
    }
}
