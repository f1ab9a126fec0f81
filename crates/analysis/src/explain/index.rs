//! Which grants can matter to whom: found once for a policy set, so that an explanation looks at few.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rolecall_model::{AttributePolicyIndex, BindingIndex, Namespace, PolicySet, RoleIndex, RoleRefKind};

use super::{
    held::{Held, HeldBinding, HeldRoles},
    lists::{Lists, Names, number, number_of},
};

/// Lists of a policy set's grants by subject, by scope and by role.
///
/// They only lead to grants: whether one of these applies or covers is asked of the reference's rules.
/// Building costs O(n log n) in the policy's entries; the index names positions of the policy set that it
/// was made of, and is of no use with another.
#[derive(Clone, Debug)]
pub struct GrantIndex {
    /// Where the role of each binding is.
    roles: Vec<Option<RoleIndex>>,
    /// Whom bindings name.
    names: Names,
    /// The RoleBindings that name each, in document order.
    namespaced: Lists<BindingIndex>,
    held: Held,
    /// Whom attribute policies name.
    line_names: Names,
    lines: Lists<AttributePolicyIndex>,
    scopes: HashMap<Namespace, u32, RandomState>,
    /// Where the groups of each scope begin; scope 0 is the cluster's.
    scope_starts: Vec<u32>,
    /// The roles that are given in a scope, each with its bindings there.
    groups: Vec<Group>,
    /// The bindings by scope, then by role, then in document order.
    by_scope: Vec<BindingIndex>,
    by_role: Lists<BindingIndex>,
    /// The roles that gather their rules from others.
    aggregating: Vec<RoleIndex>,
}

#[derive(Clone, Copy, Debug)]
struct Group {
    role: Option<RoleIndex>,
    start: u32,
    end: u32,
}

impl GrantIndex {
    /// The index of a policy set.
    pub fn of(policies: &PolicySet) -> Self {
        let roles = resolve(policies);
        let mut names = Names::default();
        let mut scopes: HashMap<Namespace, u32, RandomState> = HashMap::default();
        let mut named = Vec::with_capacity(roles.len());
        // Where the names of each binding begin.
        let mut starts = Vec::with_capacity(roles.len() + 1);
        let mut namespaced = Vec::new();
        let mut by_scope = Vec::with_capacity(roles.len());
        let mut by_role = Vec::with_capacity(roles.len());
        for ((position, binding), &role) in policies.bindings().iter().enumerate().zip(&roles) {
            let Some(index) = BindingIndex::new(position) else { continue };
            let scope = match &binding.namespace {
                None => 0,
                Some(namespace) => {
                    let next = number_of(scopes.len());
                    number(&mut scopes, namespace, next) + 1
                }
            };
            starts.push(named.len());
            let subjects = binding.subjects.iter();
            named.extend(subjects.filter_map(|own| names.add_subject(own, binding.namespace.as_ref())));
            if scope != 0 {
                let own = named.iter().skip(starts.last().copied().unwrap_or_default());
                namespaced.extend(own.map(|&name| (name, index)));
            }
            // Bindings without a role behind all others.
            by_scope.push((scope, role.map_or(u64::from(u32::MAX), |role| role.position() as u64), index));
            if let Some(role) = role {
                by_role.push((number_of(role.position()), index));
            }
        }
        starts.push(named.len());
        by_scope.sort_unstable();
        let (groups, scope_starts) = group(&by_scope, &roles, scopes.len() + 1);
        let mut held = Vec::with_capacity(named.len());
        for &(scope, _, binding) in &by_scope {
            let place = binding.position();
            let range = starts.get(place).zip(starts.get(place + 1));
            let own = range.and_then(|(&start, &end)| named.get(start..end)).unwrap_or(&[]);
            let role = roles.get(place).copied().flatten();
            let is_shared = own.len() > 1;
            held.extend(own.iter().map(|&name| (name, HeldBinding { scope, role, binding, is_shared })));
        }
        let (line_names, lines) = lines(policies);
        Self {
            held: Held::of(&Lists::of(&held, names.len())),
            namespaced: Lists::of(&namespaced, names.len()),
            names,
            line_names,
            lines,
            scopes,
            scope_starts,
            groups,
            by_scope: by_scope.into_iter().map(|(_, _, binding)| binding).collect(),
            by_role: Lists::of(&by_role, policies.roles().len()),
            aggregating: aggregating(policies),
            roles,
        }
    }

    /// The roles that a user with these groups holds in a scope (`None`: the whole cluster).
    pub(super) fn held(&self, user: &str, groups: &[&str], namespace: Option<&str>) -> HeldRoles<'_> {
        let scope = self.scope(namespace);
        scope.map_or_else(HeldRoles::default, |scope| {
            self.held.roles(&self.names.numbers(user, groups), scope)
        })
    }

    /// The lists of all bindings that name this user or one of the groups, in no useful order.
    pub(crate) fn naming(&self, user: &str, groups: &[&str]) -> Vec<&[BindingIndex]> {
        self.names.numbers(user, groups).into_iter().map(|name| self.held.bindings_of(name)).collect()
    }

    /// The lists of RoleBindings that name this user or one of the groups, in document order.
    pub(super) fn naming_in_namespaces(&self, user: &str, groups: &[&str]) -> Vec<&[BindingIndex]> {
        self.names.numbers(user, groups).into_iter().map(|name| self.namespaced.get(name)).collect()
    }

    /// The lists of attribute policies that name this user or one of the groups, in document order.
    pub(crate) fn naming_lines(&self, user: &str, groups: &[&str]) -> Vec<&[AttributePolicyIndex]> {
        self.line_names.numbers(user, groups).into_iter().map(|name| self.lines.get(name)).collect()
    }

    /// The roles that gather their rules from others.
    pub(super) fn aggregating(&self) -> &[RoleIndex] {
        &self.aggregating
    }

    /// The role that a binding gives.
    pub(crate) fn role(&self, binding: BindingIndex) -> Option<RoleIndex> {
        self.roles.get(binding.position()).copied().flatten()
    }

    /// All bindings of a role, in document order.
    pub(super) fn bindings_of(&self, role: RoleIndex) -> &[BindingIndex] {
        self.by_role.get(number_of(role.position()))
    }

    /// The roles that are given in a scope (`None`: the whole cluster), each with its bindings there.
    pub(super) fn roles_in(
        &self,
        namespace: Option<&str>,
    ) -> impl Iterator<Item = (RoleIndex, &[BindingIndex])> {
        self.groups_in(namespace).iter().filter_map(|group| {
            let bindings = self.by_scope.get(group.start as usize..group.end as usize)?;
            Some((group.role?, bindings))
        })
    }

    /// The number of a scope; `None` for a namespace without bindings.
    fn scope(&self, namespace: Option<&str>) -> Option<u32> {
        namespace.map_or(Some(0), |namespace| self.scopes.get(namespace).map(|scope| scope + 1))
    }

    fn groups_in(&self, namespace: Option<&str>) -> &[Group] {
        let scope = self.scope(namespace).map(|scope| scope as usize);
        let range = scope.and_then(|scope| {
            Some(*self.scope_starts.get(scope)? as usize..*self.scope_starts.get(scope + 1)? as usize)
        });
        range.and_then(|range| self.groups.get(range)).unwrap_or(&[])
    }
}

/// Source: `spec/authorization/rbac.md` section 5, on where a role reference looks.
fn resolve(policies: &PolicySet) -> Vec<Option<RoleIndex>> {
    let mut places: HashMap<_, _, RandomState> = HashMap::default();
    for (position, role) in policies.roles().iter().enumerate() {
        if let Some(index) = RoleIndex::new(position) {
            places.insert((role.namespace.as_ref(), &role.name), index);
        }
    }
    let resolved = policies.bindings().iter().map(|binding| {
        let namespace = match binding.role.kind {
            RoleRefKind::ClusterRole => None,
            RoleRefKind::Role => Some(binding.namespace.as_ref()?),
            RoleRefKind::Unsupported(_) => return None,
        };
        places.get(&(namespace, &binding.role.name)).copied()
    });
    resolved.collect()
}

fn aggregating(policies: &PolicySet) -> Vec<RoleIndex> {
    let roles = policies.roles().iter().enumerate().filter(|(_, role)| role.aggregation.is_some());
    roles.filter_map(|(position, _)| RoleIndex::new(position)).collect()
}

fn group(
    sorted: &[(u32, u64, BindingIndex)],
    roles: &[Option<RoleIndex>],
    scope_count: usize,
) -> (Vec<Group>, Vec<u32>) {
    let mut groups: Vec<Group> = Vec::new();
    let mut starts = Vec::with_capacity(scope_count + 1);
    let mut start = 0;
    for same in sorted.chunk_by(|one, next| (one.0, one.1) == (next.0, next.1)) {
        let Some(&(scope, _, first)) = same.first() else { continue };
        while starts.len() <= scope as usize {
            starts.push(number_of(groups.len()));
        }
        let end = start + number_of(same.len());
        groups.push(Group { role: roles.get(first.position()).copied().flatten(), start, end });
        start = end;
    }
    starts.resize(scope_count + 1, number_of(groups.len()));
    (groups, starts)
}

fn lines(policies: &PolicySet) -> (Names, Lists<AttributePolicyIndex>) {
    let mut names = Names::default();
    let mut pairs = Vec::new();
    for (position, policy) in policies.attribute_policies().iter().enumerate() {
        let Some(index) = AttributePolicyIndex::new(position) else { continue };
        // With both, both have to hold: one leads there.
        let name = match (&policy.user, &policy.group) {
            (Some(user), _) => names.add_user(user),
            (None, Some(group)) => names.add_group(group),
            (None, None) => continue,
        };
        pairs.push((name, index));
    }
    let lists = Lists::of(&pairs, names.len());
    (names, lists)
}
