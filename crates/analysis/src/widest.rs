//! Whose permission sets are the widest.

use std::collections::HashMap;

use rolecall_model::{Namespace, PolicySet, Role, RoleRefKind, Rule};

use crate::{GrantScope, Holder};

/// What somebody is given in one scope, by roles, in numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Width<'p> {
    /// To whom.
    pub holder: Holder<'p>,
    /// Where.
    pub scope: GrantScope<'p>,
    /// How many roles, each counted once.
    pub roles: usize,
    /// The rules of these roles.
    pub rules: usize,
    /// What these rules come to when they are multiplied out: a verb of a resource in a group, or of a path, each.
    pub entries: usize,
}

/// The widest permission sets of a policy: those with the most entries, the widest first; among equals those that
/// more rules make, then in the order of holders and scopes. Cost: linear in the subjects of bindings.
pub fn widest(policies: &PolicySet, count: usize) -> Vec<Width<'_>> {
    let mut places = HashMap::new();
    let mut weights = Vec::with_capacity(policies.roles().len());
    for (index, role) in policies.roles().iter().enumerate() {
        places.insert((role.namespace.as_ref().map(Namespace::as_str), role.name.as_str()), index);
        weights.push((role.rules.len(), entries(role)));
    }
    let mut given: HashMap<(Holder<'_>, GrantScope<'_>), Vec<usize>> = HashMap::new();
    for binding in policies.bindings() {
        let namespace = match binding.role.kind {
            RoleRefKind::ClusterRole => None,
            RoleRefKind::Role => binding.namespace.as_ref().map(Namespace::as_str),
            RoleRefKind::Unsupported(_) => continue,
        };
        // A ClusterRoleBinding of a Role leads nowhere.
        if namespace.is_none() && binding.role.kind == RoleRefKind::Role {
            continue;
        }
        let Some(&role) = places.get(&(namespace, binding.role.name.as_str())) else { continue };
        let Some(scope) = GrantScope::of_binding(binding) else { continue };
        for subject in &binding.subjects {
            if let Some(holder) = Holder::of_subject(subject, binding.namespace.as_ref()) {
                given.entry((holder, scope)).or_default().push(role);
            }
        }
    }
    let mut widths: Vec<_> = given
        .into_iter()
        .map(|((holder, scope), mut roles)| {
            roles.sort_unstable();
            roles.dedup();
            let weights = roles.iter().filter_map(|&role| weights.get(role));
            let (rules, entries) = weights.fold((0_usize, 0_usize), |(rules, entries), weight| {
                (rules.saturating_add(weight.0), entries.saturating_add(weight.1))
            });
            Width { holder, scope, roles: roles.len(), rules, entries }
        })
        .collect();
    widths.sort_unstable_by(|one, other| {
        let key = |width: &Width<'_>| (width.entries, width.rules);
        key(other).cmp(&key(one)).then_with(|| (one.holder, one.scope).cmp(&(other.holder, other.scope)))
    });
    widths.truncate(count);
    widths
}

fn entries(role: &Role) -> usize {
    let of_rule = |rule: &Rule| {
        let resources = rule.api_groups.len().saturating_mul(rule.resources.len());
        let named = resources.saturating_mul(rule.resource_names.len().max(1));
        rule.verbs.len().saturating_mul(named.saturating_add(rule.non_resource_urls.len()))
    };
    role.rules.iter().map(of_rule).fold(0, usize::saturating_add)
}

#[cfg(test)]
mod tests {
    use rolecall_model::{RoleRef, Subject};

    use super::*;

    #[test]
    fn roles_are_counted_once_and_the_widest_comes_first() {
        let policies = PolicySet::builder()
            .cluster_role("wide", [Rule::resources(["get", "list"], ["", "apps"], ["a", "b", "c"])])
            .cluster_role("narrow", [Rule::paths(["get"], ["/a", "/b"])])
            .cluster_role_binding("1", "wide", [Subject::user("jane"), Subject::group("dev")])
            .cluster_role_binding("2", "wide", [Subject::user("jane")])
            .cluster_role_binding("3", "narrow", [Subject::user("jane")])
            .role_binding("n", "4", RoleRef::cluster_role("narrow"), [Subject::user("jane")])
            .role_binding("n", "5", RoleRef::role("wide"), [Subject::user("nobody")])
            .cluster_role_binding("6", "gone", [Subject::user("nobody")])
            .build()
            .unwrap();
        let width = |holder, scope, roles, rules, entries| Width { holder, scope, roles, rules, entries };
        let (everywhere, there) = (GrantScope::Everywhere, GrantScope::Namespace("n"));
        let all = [
            width(Holder::User("jane"), everywhere, 2, 2, 14),
            width(Holder::Group("dev"), everywhere, 1, 1, 12),
            width(Holder::User("jane"), there, 1, 1, 2),
        ];
        assert_eq!(widest(&policies, 9), all);
        assert_eq!(widest(&policies, 1), all[..1]);
    }
}
