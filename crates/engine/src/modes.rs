//! The authorizers in the order in which they are asked, and the superuser before all of them.
//!
//! However tables are kept and subjects known, this order is the same: it stands here alone.

use rolecall_model::{
    Decision, Determination, Grant, ListedRule, Mode, RuleListing, SUPERUSER_GROUP, Silence, Unresolved,
};

/// The modes that look at policies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Policies {
    /// Attribute policies.
    Abac,
    /// Roles and bindings.
    Rbac,
}

/// Source: `conformance/README.md`, "The whole answer": the superuser step stands before every chain.
#[inline]
pub(crate) fn is_superuser(groups: &[&str]) -> bool {
    groups.contains(&SUPERUSER_GROUP)
}

/// What modes decide whose policies permit so.
#[inline]
pub(crate) fn authorize(
    modes: &[Mode],
    is_superuser: bool,
    mut permits: impl FnMut(Policies) -> bool,
) -> Decision {
    if is_superuser {
        return Decision::Allow;
    }
    for mode in modes {
        let permitted = match mode {
            Mode::Abac => permits(Policies::Abac),
            Mode::AlwaysAllow => true,
            Mode::AlwaysDeny => false,
            Mode::Rbac => permits(Policies::Rbac),
        };
        if permitted {
            return Decision::Allow;
        }
    }
    Decision::NoOpinion
}

/// What modes decide and why, when `ask` says of policies which grant of theirs allows, or which references lead nowhere.
pub(crate) fn determine(
    modes: &[Mode],
    is_superuser: bool,
    mut ask: impl FnMut(Policies) -> Result<Grant, Vec<Unresolved>>,
) -> Determination {
    if is_superuser {
        return Determination::Allow(Grant::Superuser);
    }
    let mut silences = Vec::with_capacity(modes.len());
    for &mode in modes {
        let answer = match mode {
            Mode::Abac => ask(Policies::Abac),
            Mode::AlwaysAllow => Ok(Grant::AlwaysAllow),
            Mode::AlwaysDeny => Err(Vec::new()),
            Mode::Rbac => ask(Policies::Rbac),
        };
        match answer {
            Ok(grant) => return Determination::Allow(grant),
            Err(unresolved) => silences.push(Silence { mode, unresolved }),
        }
    }
    Determination::NoOpinion(silences)
}

/// What modes list, when `list` adds what policies give.
pub(crate) fn rules(modes: &[Mode], mut list: impl FnMut(Policies, &mut RuleListing)) -> RuleListing {
    let mut listing = RuleListing::default();
    for mode in modes {
        match mode {
            Mode::Abac => list(Policies::Abac, &mut listing),
            Mode::AlwaysAllow => listing.rules.push(ListedRule::AlwaysAllow),
            Mode::AlwaysDeny => {}
            Mode::Rbac => list(Policies::Rbac, &mut listing),
        }
    }
    listing
}
