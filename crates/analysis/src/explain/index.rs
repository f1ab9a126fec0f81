//! Which grants can matter to whom: found once for a policy set, so that an explanation looks at few.

use std::{borrow::Borrow, collections::HashMap, hash::Hash};

use foldhash::fast::RandomState;
use rolecall_model::{
    AttributePolicyIndex, Binding, BindingIndex, Namespace, PolicySet, RoleIndex, RoleRefKind, Subject,
    UserName,
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
    pub(crate) cluster_wide: Subjects<BindingIndex>,
    pub(crate) namespaced: Subjects<BindingIndex>,
    pub(crate) attribute_policies: Subjects<AttributePolicyIndex>,
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

/// Grants by the user or group that they name.
#[derive(Clone, Debug)]
pub(crate) struct Subjects<T> {
    users: Multimap<UserName, T>,
    groups: Multimap<rolecall_model::GroupName, T>,
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
        let mut cluster_wide = SubjectsBuilder::default();
        let mut namespaced = SubjectsBuilder::default();
        let mut scopes: HashMap<Namespace, u32, RandomState> = HashMap::default();
        let mut by_scope = Vec::with_capacity(roles.len());
        let mut by_role = Vec::with_capacity(roles.len());
        for ((position, binding), &role) in policies.bindings().iter().enumerate().zip(&roles) {
            let Some(index) = BindingIndex::new(position) else { continue };
            let scope = match &binding.namespace {
                None => 0,
                Some(namespace) => number(&mut scopes, namespace) + 1,
            };
            let subjects = if scope == 0 { &mut cluster_wide } else { &mut namespaced };
            subjects.add_binding(binding, index);
            // Bindings without a role behind all others.
            by_scope.push((scope, role.map_or(u64::from(u32::MAX), |role| role.position() as u64), index));
            if let Some(role) = role {
                by_role.push((number_of(role.position()), index));
            }
        }
        by_scope.sort_unstable();
        let (groups, scope_starts) = group(&by_scope, &roles, scopes.len() + 1);
        Self {
            cluster_wide: cluster_wide.build(),
            namespaced: namespaced.build(),
            attribute_policies: attribute_policies(policies),
            scopes,
            scope_starts,
            groups,
            by_scope: by_scope.into_iter().map(|(_, _, binding)| binding).collect(),
            by_role: Lists::of(&by_role, policies.roles().len()),
            aggregating: aggregating(policies),
            roles,
        }
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

    /// All RoleBindings of a namespace, in no useful order.
    pub(super) fn bindings_in(&self, namespace: &str) -> &[BindingIndex] {
        let groups = self.groups_in(Some(namespace));
        let range = groups.first().zip(groups.last()).map(|(first, last)| first.start..last.end);
        range.and_then(|range| self.by_scope.get(range.start as usize..range.end as usize)).unwrap_or(&[])
    }

    fn groups_in(&self, namespace: Option<&str>) -> &[Group] {
        let scope = match namespace {
            None => Some(0),
            Some(namespace) => self.scopes.get(namespace).map(|scope| *scope as usize + 1),
        };
        let range = scope.and_then(|scope| {
            Some(*self.scope_starts.get(scope)? as usize..*self.scope_starts.get(scope + 1)? as usize)
        });
        range.and_then(|range| self.groups.get(range)).unwrap_or(&[])
    }
}

impl<T: Copy + Ord> Subjects<T> {
    /// The lists of grants that name this user or one of the groups.
    pub(crate) fn lists<'a>(&'a self, user: &str, groups: &[&str]) -> Vec<&'a [T]> {
        let of_groups = groups.iter().map(|group| self.groups.get(group));
        std::iter::once(self.users.get(user)).chain(of_groups).filter(|list| !list.is_empty()).collect()
    }
}

/// At most so many entries of several lists, each once and in order; and how many were left out.
pub(crate) fn merged<T: Copy + Ord>(lists: &[&[T]], most: usize) -> (Vec<T>, usize) {
    let total: usize = lists.iter().map(|list| list.len()).sum();
    let mut all: Vec<T> = lists.iter().flat_map(|list| list.iter().copied()).take(most).collect();
    let left_out = total - all.len();
    all.sort_unstable();
    all.dedup();
    (all, left_out)
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

fn attribute_policies(policies: &PolicySet) -> Subjects<AttributePolicyIndex> {
    let mut subjects = SubjectsBuilder::default();
    for (position, policy) in policies.attribute_policies().iter().enumerate() {
        let Some(index) = AttributePolicyIndex::new(position) else { continue };
        // With both, both have to hold: one leads there.
        match (&policy.user, &policy.group) {
            (Some(user), _) => subjects.users.add(user, index),
            (None, Some(group)) => subjects.groups.add(group, index),
            (None, None) => {}
        }
    }
    subjects.build()
}

#[derive(Debug)]
struct SubjectsBuilder<T> {
    users: MultimapBuilder<UserName, T>,
    groups: MultimapBuilder<rolecall_model::GroupName, T>,
}

impl<T> Default for SubjectsBuilder<T> {
    fn default() -> Self {
        Self { users: MultimapBuilder::default(), groups: MultimapBuilder::default() }
    }
}

impl<T: Copy> SubjectsBuilder<T> {
    fn build(self) -> Subjects<T> {
        Subjects { users: self.users.build(), groups: self.groups.build() }
    }
}

impl SubjectsBuilder<BindingIndex> {
    fn add_binding(&mut self, binding: &Binding, index: BindingIndex) {
        for subject in &binding.subjects {
            match subject {
                Subject::Group(group) => self.groups.add(group, index),
                Subject::ServiceAccount { namespace, name } => {
                    let of_binding = binding.namespace.as_ref().map_or("", Namespace::as_str);
                    let namespace = Some(namespace.as_str()).filter(|own| !own.is_empty());
                    let namespace = namespace.unwrap_or(of_binding);
                    // Without a namespace it is nobody.
                    if !namespace.is_empty() {
                        let user = UserName::from(format!("system:serviceaccount:{namespace}:{name}"));
                        self.users.add(&user, index);
                    }
                }
                Subject::Unknown { .. } => {}
                Subject::User(user) => self.users.add(user, index),
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Multimap<K, T> {
    numbers: HashMap<K, u32, RandomState>,
    lists: Lists<T>,
}

impl<K: Hash + Eq + Borrow<str>, T> Multimap<K, T> {
    fn get(&self, key: &str) -> &[T] {
        self.numbers.get(key).map_or(&[], |&number| self.lists.get(number))
    }
}

#[derive(Debug)]
struct MultimapBuilder<K, T> {
    numbers: HashMap<K, u32, RandomState>,
    pairs: Vec<(u32, T)>,
}

impl<K, T> Default for MultimapBuilder<K, T> {
    fn default() -> Self {
        Self { numbers: HashMap::default(), pairs: Vec::new() }
    }
}

impl<K: Clone + Hash + Eq, T: Copy> MultimapBuilder<K, T> {
    fn add(&mut self, key: &K, item: T) {
        let number = number(&mut self.numbers, key);
        self.pairs.push((number, item));
    }

    fn build(self) -> Multimap<K, T> {
        Multimap { lists: Lists::of(&self.pairs, self.numbers.len()), numbers: self.numbers }
    }
}

/// Many short lists in one: list `n` lies between two starts.
#[derive(Clone, Debug)]
struct Lists<T> {
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T: Copy> Lists<T> {
    /// Puts the items into their lists, each of which keeps the order of the pairs.
    fn of(pairs: &[(u32, T)], count: usize) -> Self {
        let mut starts = vec![0; count + 1];
        for &(list, _) in pairs {
            if let Some(next) = starts.get_mut(list as usize + 1) {
                *next += 1;
            }
        }
        let mut total = 0;
        for start in &mut starts {
            total += *start;
            *start = total;
        }
        let mut places = starts.clone();
        let mut items: Vec<T> = pairs.iter().map(|&(_, item)| item).collect();
        for &(list, item) in pairs {
            let Some(place) = places.get_mut(list as usize) else { continue };
            if let Some(own) = items.get_mut(*place as usize) {
                *own = item;
            }
            *place += 1;
        }
        Self { starts, items }
    }
}

impl<T> Lists<T> {
    fn get(&self, list: u32) -> &[T] {
        let list = list as usize;
        let range = self.starts.get(list).zip(self.starts.get(list + 1));
        range.and_then(|(&start, &end)| self.items.get(start as usize..end as usize)).unwrap_or(&[])
    }
}

/// The number of a key, given out in the order in which keys come.
fn number<K: Clone + Hash + Eq>(numbers: &mut HashMap<K, u32, RandomState>, key: &K) -> u32 {
    if let Some(&number) = numbers.get(key) {
        return number;
    }
    let number = number_of(numbers.len());
    numbers.insert(key.clone(), number);
    number
}

/// A policy set has fewer than 2³² of everything that is counted here but subjects, which memory bounds:
/// what lies beyond is not found.
fn number_of(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
