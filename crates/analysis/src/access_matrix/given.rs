//! What is given to somebody, grant by grant.

use std::collections::BTreeSet;

use rolecall_model::{
    AttributePolicyIndex, BindingIndex, Grant, Mode, PolicySet, RoleIndex, SUPERUSER_GROUP,
};
use rolecall_reference::{abac, subject};

use crate::{
    explain::{GrantIndex, lists::merged},
    grant_scope::GrantScope,
    holder::Holder,
};

/// Everything that is given to a user with groups.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Access<'p> {
    /// The grants: the superuser's, then mode after mode.
    pub given: Vec<Given<'p>>,
    /// Bindings to them of roles that are not there.
    pub dangling: Vec<BindingIndex>,
}

/// One thing that is given to somebody.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Given<'p> {
    /// What gives it.
    pub source: Source,
    /// As whom it is given: the user, or the first group that is named.
    pub holder: Holder<'p>,
    /// Where it counts; for an ABAC policy, where its resources do: its paths count everywhere.
    pub scope: GrantScope<'p>,
}

/// What gives something: a [`Grant`] with all of its rules.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Source {
    /// Group `system:masters`.
    Superuser,
    /// Mode `AlwaysAllow`.
    AlwaysAllow,
    /// A binding of a role.
    Role {
        /// The binding.
        binding: BindingIndex,
        /// The role that it gives.
        role: RoleIndex,
    },
    /// A line of an ABAC policy file.
    AttributePolicy(AttributePolicyIndex),
}

impl From<Grant> for Source {
    fn from(grant: Grant) -> Self {
        match grant {
            Grant::AlwaysAllow => Self::AlwaysAllow,
            Grant::AttributePolicy(policy) => Self::AttributePolicy(policy),
            Grant::Role { binding, subject: _, role, rule: _ } => Self::Role { binding, role },
            Grant::Superuser => Self::Superuser,
        }
    }
}

impl<'p> Access<'p> {
    /// What a policy gives to a user with these groups, in any namespace. Nothing is added to them.
    ///
    /// Only what a policy set's own index is good for can be asked of it.
    pub fn of(policies: &'p PolicySet, index: &GrantIndex, user: &str, groups: &[&str]) -> Self {
        let mut access = Self::default();
        let everything = |source, holder| Given { source, holder, scope: GrantScope::Everywhere };
        if groups.contains(&SUPERUSER_GROUP) {
            access.given.push(everything(Source::Superuser, Holder::Group(SUPERUSER_GROUP)));
        }
        for mode in policies.modes().as_slice() {
            match mode {
                Mode::Abac => access.add_attribute_policies(policies, index, user, groups),
                Mode::AlwaysAllow => {
                    access.given.push(everything(Source::AlwaysAllow, Holder::Everybody));
                }
                // It has no opinion, and takes nothing away.
                Mode::AlwaysDeny => {}
                Mode::Rbac => access.add_roles(policies, index, user, groups),
            }
        }
        access
    }

    fn add_roles(&mut self, policies: &'p PolicySet, index: &GrantIndex, user: &str, groups: &[&str]) {
        for place in merged(&index.naming(user, groups), usize::MAX).0 {
            let Some(binding) = policies.binding(place) else { continue };
            let applying = subject::first_applying(binding, user, groups);
            let Some(named) = applying.and_then(|subject| binding.subjects.get(subject)) else { continue };
            let Some(holder) = Holder::of_subject(named, binding.namespace.as_ref()) else { continue };
            let Some(scope) = GrantScope::of_binding(binding) else { continue };
            match index.role(place) {
                Some(role) => {
                    self.given.push(Given { source: Source::Role { binding: place, role }, holder, scope });
                }
                None => self.dangling.push(place),
            }
        }
    }

    fn add_attribute_policies(
        &mut self,
        policies: &'p PolicySet,
        index: &GrantIndex,
        user: &str,
        groups: &[&str],
    ) {
        for place in merged(&index.naming_lines(user, groups), usize::MAX).0 {
            let Some(policy) = policies.attribute_policy(place) else { continue };
            let Some(holder) = Holder::of_attribute_policy(policy) else { continue };
            if abac::matches_subject(policy, user, groups) {
                let scope = GrantScope::of_attribute_policy(&policy.namespace);
                self.given.push(Given { source: Source::AttributePolicy(place), holder, scope });
            }
        }
    }
}

/// Everybody to whom the modes of a policy can give something, in the order of [`Holder`]; with group
/// `system:masters`, which no policy has to name.
pub fn holders(policies: &PolicySet) -> BTreeSet<Holder<'_>> {
    let mut holders = BTreeSet::from([Holder::Group(SUPERUSER_GROUP)]);
    for mode in policies.modes().as_slice() {
        match mode {
            Mode::Abac => {
                holders.extend(policies.attribute_policies().iter().filter_map(Holder::of_attribute_policy));
            }
            Mode::AlwaysAllow => {
                holders.insert(Holder::Everybody);
            }
            Mode::AlwaysDeny => {}
            Mode::Rbac => {
                holders.extend(policies.bindings().iter().flat_map(|binding| {
                    let named = binding.subjects.iter();
                    named.filter_map(|subject| Holder::of_subject(subject, binding.namespace.as_ref()))
                }));
            }
        }
    }
    holders
}
