//! Which roles somebody holds in a scope, and by which bindings.
//!
//! A user may have tens of thousands of bindings in one namespace, but these give only so many roles. So a
//! holder's bindings lie grouped: by scope, then by role, then in document order. How many give a role is the
//! length of a group, and its first ones are the group's first. Where several of an asker's names meet in a role,
//! a binding may name more than one of them and is to count once: only groups that have bindings of several
//! subjects are compared for that.

use std::{cmp::Reverse, collections::BinaryHeap};

use rolecall_model::{BindingIndex, RoleIndex};

use super::lists::{Lists, number_of};

/// The bindings of every user and group, grouped.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// Where the groups of each holder begin.
    starts: Vec<u32>,
    groups: Vec<Group>,
    /// All bindings by holder, scope, role, and in document order.
    bindings: Vec<BindingIndex>,
}

/// The bindings that give one role in one scope to one holder.
#[derive(Clone, Copy, Debug)]
struct Group {
    scope: u32,
    role: Option<RoleIndex>,
    start: u32,
    end: u32,
    /// Whether a binding among them has other subjects, too.
    is_shared: bool,
}

/// A binding as it is sorted.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeldBinding {
    pub(super) scope: u32,
    pub(super) role: Option<RoleIndex>,
    pub(super) binding: BindingIndex,
    /// Whether it has several subjects.
    pub(super) is_shared: bool,
}

impl Held {
    /// Groups lists, one of each holder, that are in order.
    pub(super) fn of(sorted: &Lists<HeldBinding>) -> Self {
        let mut held = Self { starts: vec![0], groups: Vec::new(), bindings: Vec::new() };
        for list in sorted.iter() {
            for same in list.chunk_by(|one, next| (one.scope, one.role) == (next.scope, next.role)) {
                let Some(&HeldBinding { scope, role, .. }) = same.first() else { continue };
                let start = held.bindings.len();
                // A binding may name its holder twice.
                let once = same.chunk_by(|one, next| one.binding == next.binding);
                held.bindings.extend(once.filter_map(<[_]>::first).map(|held| held.binding));
                held.groups.push(Group {
                    scope,
                    role,
                    start: number_of(start),
                    end: number_of(held.bindings.len()),
                    is_shared: same.iter().any(|held| held.is_shared),
                });
            }
            held.starts.push(number_of(held.groups.len()));
        }
        held
    }

    fn groups_of(&self, holder: u32) -> &[Group] {
        let holder = holder as usize;
        let range = self.starts.get(holder).zip(self.starts.get(holder + 1));
        range.and_then(|(&start, &end)| self.groups.get(start as usize..end as usize)).unwrap_or(&[])
    }

    /// All bindings of a holder, in no useful order.
    pub(super) fn bindings_of(&self, holder: u32) -> &[BindingIndex] {
        let groups = self.groups_of(holder);
        let range = groups.first().zip(groups.last()).map(|(first, last)| first.start..last.end);
        range.and_then(|range| self.bindings.get(range.start as usize..range.end as usize)).unwrap_or(&[])
    }

    /// The roles that holders have in a scope. Cost: by the number of these.
    pub(super) fn roles(&self, holders: &[u32], scope: u32) -> HeldRoles<'_> {
        let mut parts = Vec::new();
        for &holder in holders {
            let groups = self.groups_of(holder);
            let start = groups.partition_point(|group| group.scope < scope);
            let own = groups.get(start..).unwrap_or(&[]).iter().take_while(|group| group.scope == scope);
            parts.extend(own.map(|group| Part {
                role: group.role,
                is_shared: group.is_shared,
                bindings: self.bindings.get(group.start as usize..group.end as usize).unwrap_or(&[]),
            }));
        }
        // It is made of one run for each holder, which a stable sort finds.
        parts.sort_by_key(|part| part.role.map_or(u64::MAX, |role| role.position() as u64));
        HeldRoles { parts }
    }
}

/// The roles that an asker holds in a scope.
#[derive(Clone, Debug, Default)]
pub(super) struct HeldRoles<'a> {
    /// By role.
    parts: Vec<Part<'a>>,
}

/// The bindings of one role to one of the asker's names, in document order.
#[derive(Clone, Copy, Debug)]
struct Part<'a> {
    role: Option<RoleIndex>,
    is_shared: bool,
    bindings: &'a [BindingIndex],
}

impl<'a> HeldRoles<'a> {
    /// Each role once; bindings of roles that are not there together as the last.
    pub(super) fn iter(&self) -> impl Iterator<Item = HeldRole<'_, 'a>> {
        self.parts.chunk_by(|one, next| one.role == next.role).map(|parts| HeldRole { parts })
    }
}

/// A role that an asker holds in a scope; `None` for all that are not there.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeldRole<'h, 'a> {
    /// Never empty, all of one role.
    parts: &'h [Part<'a>],
}

impl<'a> HeldRole<'_, 'a> {
    pub(super) fn role(self) -> Option<RoleIndex> {
        self.parts.first().and_then(|part| part.role)
    }

    /// How many bindings give it, each counted once.
    pub(super) fn count(self) -> usize {
        let mut alone = 0;
        let mut shared = Vec::new();
        for part in self.parts {
            if part.is_shared && self.parts.len() > 1 {
                shared.push(part.bindings);
            } else {
                alone += part.bindings.len();
            }
        }
        alone + count_once(&mut shared)
    }

    /// The bindings that give it, in document order: a list for each of the asker's names.
    pub(super) fn lists(self) -> impl Iterator<Item = &'a [BindingIndex]> {
        self.parts.iter().map(|part| part.bindings)
    }
}

/// How many bindings several lists have, each list being in order. Cost: by all but the longest list, and by its
/// logarithm.
fn count_once(lists: &mut [&[BindingIndex]]) -> usize {
    lists.sort_by_key(|list| Reverse(list.len()));
    let mut count = 0;
    for (position, list) in lists.iter().enumerate() {
        let mut before = lists.get(..position).unwrap_or(&[]).to_vec();
        if before.is_empty() {
            count += list.len();
            continue;
        }
        count +=
            list.iter().filter(|binding| !before.iter_mut().any(|list| is_next(list, **binding))).count();
    }
    count
}

/// Drops what lies before a binding, in steps that double, and tells whether it is there.
fn is_next(list: &mut &[BindingIndex], binding: BindingIndex) -> bool {
    let mut step = 1;
    while list.get(step).is_some_and(|own| *own < binding) {
        step *= 2;
    }
    let near = list.get(..=step).unwrap_or(list);
    let start = near.partition_point(|own| *own < binding);
    *list = list.get(start..).unwrap_or(&[]);
    list.first() == Some(&binding)
}

/// The bindings of several lists in document order, each once. Cost: of each, the logarithm of the number of lists.
#[derive(Clone, Debug)]
pub(super) struct InOrder<'a> {
    lists: Vec<&'a [BindingIndex]>,
    /// The next of each list that has one.
    next: BinaryHeap<Reverse<(BindingIndex, usize)>>,
    last: Option<BindingIndex>,
}

impl<'a> InOrder<'a> {
    pub(super) fn of(lists: impl Iterator<Item = &'a [BindingIndex]>) -> Self {
        let lists: Vec<_> = lists.collect();
        let next = lists.iter().enumerate();
        let next = next.filter_map(|(number, list)| Some(Reverse((*list.first()?, number)))).collect();
        Self { lists, next, last: None }
    }
}

impl Iterator for InOrder<'_> {
    type Item = BindingIndex;

    fn next(&mut self) -> Option<BindingIndex> {
        while let Some(Reverse((binding, number))) = self.next.pop() {
            if let Some(list) = self.lists.get_mut(number) {
                *list = list.get(1..).unwrap_or(&[]);
                if let Some(&next) = list.first() {
                    self.next.push(Reverse((next, number)));
                }
            }
            if self.last != Some(binding) {
                self.last = Some(binding);
                return Some(binding);
            }
        }
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn bindings(positions: &[usize]) -> Vec<BindingIndex> {
        positions.iter().map(|position| BindingIndex::new(*position).unwrap()).collect()
    }

    #[track_caller]
    fn check(lists: &[&[usize]]) {
        let all: BTreeSet<usize> = lists.iter().flat_map(|list| list.iter().copied()).collect();
        let lists: Vec<_> = lists.iter().map(|list| bindings(list)).collect();
        let mut slices: Vec<_> = lists.iter().map(Vec::as_slice).collect();
        let in_order: Vec<_> = InOrder::of(slices.iter().copied()).map(BindingIndex::position).collect();
        assert_eq!(in_order, all.iter().copied().collect::<Vec<_>>());
        assert_eq!(count_once(&mut slices), all.len());
    }

    #[test]
    fn what_several_lists_have_counts_once_and_stays_in_order() {
        check(&[]);
        check(&[&[], &[]]);
        check(&[&[3], &[1, 2, 3, 4]]);
        check(&[&[1, 5, 9], &[2, 5, 8], &[0, 5, 9, 10]]);
        let long: Vec<_> = (0..100).collect();
        let third: Vec<_> = (0..120).step_by(3).collect();
        check(&[&third, &[99, 101], &long]);
    }
}
