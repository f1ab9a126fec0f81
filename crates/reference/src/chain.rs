//! The chain: the superuser step, then the modes in their order.

use rolecall_model::{
    Determination, Grant, ListedRule, Mode, PolicySet, Request, RuleListing, SUPERUSER_GROUP, Silence,
};

use crate::{
    abac,
    rbac::{self, Given},
};

/// The answer of the whole chain.
///
/// The first link that allows ends the chain, and what the links before it had to say is dropped; if none
/// allows, what every mode had to say is kept, in order. No mode here ever denies.
///
/// Source: `conformance/README.md` "The whole answer"; `spec/authorization/chain.md` section 2.
pub(crate) fn determine(policies: &PolicySet, request: &Request<'_>) -> Determination {
    if is_superuser(&request.groups) {
        return Determination::Allow(Grant::Superuser);
    }
    first_opinion(policies.modes().as_slice(), |mode| ask(mode, policies, request))
}

/// What the first mode with an opinion says, or what all of them had to say.
pub(crate) fn first_opinion(modes: &[Mode], ask: impl Fn(Mode) -> Result<Grant, Silence>) -> Determination {
    let mut silences = Vec::new();
    for &mode in modes {
        match ask(mode) {
            Ok(grant) => return Determination::Allow(grant),
            Err(silence) => silences.push(silence),
        }
    }
    Determination::NoOpinion(silences)
}

/// The rules of all modes, one mode after the other; references that lead nowhere once.
///
/// The superuser step lists nothing.
///
/// Source: `spec/authorization/chain.md` section 1 (column "Rules listing"; "not part of rules listing") and
/// section 2 ("Rules listing union").
pub(crate) fn rules_for(policies: &PolicySet, user: &str, groups: &[&str], namespace: &str) -> RuleListing {
    rules_given(policies, user, groups, namespace, || rbac::given(policies, user, groups, namespace))
}

/// The same when something else finds what bindings give.
pub(crate) fn rules_given<'a, G: Iterator<Item = Given<'a>>>(
    policies: &PolicySet,
    user: &str,
    groups: &[&str],
    namespace: &str,
    given: impl Fn() -> G,
) -> RuleListing {
    let mut listing = RuleListing::default();
    for &mode in policies.modes().as_slice() {
        let of_mode = match mode {
            Mode::Abac => {
                RuleListing { rules: abac::list(policies, user, groups, namespace), unresolved: Vec::new() }
            }
            Mode::AlwaysAllow => RuleListing { rules: vec![ListedRule::AlwaysAllow], unresolved: Vec::new() },
            Mode::AlwaysDeny => RuleListing::default(),
            Mode::Rbac => rbac::list(given()),
        };
        listing.rules.extend(of_mode.rules);
        for unresolved in of_mode.unresolved {
            if !listing.unresolved.contains(&unresolved) {
                listing.unresolved.push(unresolved);
            }
        }
    }
    listing
}

/// Group `system:masters` is allowed everything, whatever the modes.
///
/// Source: `conformance/README.md` "The whole answer"; `spec/authorization/rbac.md` section 10.
pub(crate) fn is_superuser(groups: &[&str]) -> bool {
    groups.contains(&SUPERUSER_GROUP)
}

/// What one mode says: the grant by which it allows, or that it has no opinion.
///
/// Source: `spec/authorization/chain.md` section 1.
fn ask(mode: Mode, policies: &PolicySet, request: &Request<'_>) -> Result<Grant, Silence> {
    match mode {
        Mode::Abac => abac::authorize(policies, request).ok_or(Silence { mode, unresolved: Vec::new() }),
        Mode::AlwaysAllow => Ok(Grant::AlwaysAllow),
        // It has no opinion; in spite of its name it does not deny.
        Mode::AlwaysDeny => Err(Silence { mode, unresolved: Vec::new() }),
        Mode::Rbac => rbac::authorize(policies, request).map_err(|unresolved| Silence { mode, unresolved }),
    }
}

#[cfg(test)]
mod tests {
    use rolecall_model::{Modes, Rule, Subject, Unresolved};

    use super::*;

    fn dangling(modes: &[Mode]) -> PolicySet {
        PolicySet::builder()
            .cluster_role("empty", [])
            .cluster_role_binding("ghost", "ghost-role", [Subject::user("jane")])
            .modes(Modes::new(modes.iter().copied()))
            .build()
            .unwrap()
    }

    fn jane() -> Request<'static> {
        Request::resource("get", "pods").user("jane")
    }

    #[test]
    fn the_superuser_stands_before_every_mode() {
        let policies = dangling(&[Mode::AlwaysDeny]);
        let masters = jane().group("dev").group("system:masters");
        assert_eq!(determine(&policies, &masters), Determination::Allow(Grant::Superuser));
        assert_eq!(rules_for(&policies, "jane", &["system:masters"], "a"), RuleListing::default());
    }

    #[test]
    fn all_silences_are_kept_in_order_when_nobody_allows() {
        let policies = dangling(&[Mode::Abac, Mode::AlwaysDeny, Mode::Rbac]);
        let expected = [
            Silence { mode: Mode::Abac, unresolved: Vec::new() },
            Silence { mode: Mode::AlwaysDeny, unresolved: Vec::new() },
            Silence { mode: Mode::Rbac, unresolved: vec![Unresolved::ClusterRole("ghost-role".into())] },
        ];
        assert_eq!(determine(&policies, &jane()), Determination::NoOpinion(expected.to_vec()));
    }

    #[test]
    fn an_allow_ends_the_chain_and_drops_what_was_said_before() {
        let policies = dangling(&[Mode::Rbac, Mode::AlwaysAllow, Mode::Abac]);
        assert_eq!(determine(&policies, &jane()), Determination::Allow(Grant::AlwaysAllow));
    }

    #[test]
    fn without_modes_nobody_has_an_opinion() {
        assert_eq!(determine(&dangling(&[]), &jane()), Determination::NoOpinion(Vec::new()));
    }

    #[test]
    fn a_listing_concatenates_the_modes_and_names_a_dangling_reference_once() {
        let policies = dangling(&[Mode::AlwaysAllow, Mode::Rbac, Mode::AlwaysDeny, Mode::Rbac]);
        let listing = rules_for(&policies, "jane", &[], "a");
        assert_eq!(listing.rules, [ListedRule::AlwaysAllow]);
        assert_eq!(listing.unresolved, [Unresolved::ClusterRole("ghost-role".into())]);
    }

    #[test]
    fn an_empty_policy_allows_nothing() {
        let policies = PolicySet::default();
        let request = Request::path("get", "/healthz").user("jane");
        assert!(!determine(&policies, &request).decision().is_allow());
        let unused = PolicySet::builder().cluster_role("all", [Rule::paths(["*"], ["*"])]).build().unwrap();
        assert!(!determine(&unused, &request).decision().is_allow());
    }
}
