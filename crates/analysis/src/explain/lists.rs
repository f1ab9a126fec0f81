//! Many short lists in one, and the numbers of the users and groups whose lists these are.

use std::{collections::HashMap, hash::Hash};

use foldhash::fast::RandomState;
use rolecall_model::{GroupName, Namespace, Subject, UserName};
use rolecall_reference::subject::effective_namespace;

/// The users and groups that a policy names, numbered together.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    users: HashMap<UserName, u32, RandomState>,
    groups: HashMap<GroupName, u32, RandomState>,
    /// Where the user names of service accounts are put together.
    user_name: String,
}

impl Names {
    /// The number of whom a subject of a binding in this namespace names; `None` for nobody.
    pub(super) fn add_subject(
        &mut self,
        subject: &Subject,
        binding_namespace: Option<&Namespace>,
    ) -> Option<u32> {
        match subject {
            Subject::Group(group) => Some(self.add_group(group)),
            Subject::ServiceAccount { namespace, name } => {
                let namespace = effective_namespace(namespace, binding_namespace);
                // Without a namespace it is nobody.
                if namespace.is_empty() {
                    return None;
                }
                self.user_name.clear();
                for part in ["system:serviceaccount:", namespace, ":", name.as_str()] {
                    self.user_name.push_str(part);
                }
                let known = self.users.get(self.user_name.as_str()).copied();
                Some(known.unwrap_or_else(|| self.add_user(&UserName::from(self.user_name.as_str()))))
            }
            Subject::Unknown { .. } => None,
            Subject::User(user) => Some(self.add_user(user)),
        }
    }

    pub(super) fn add_user(&mut self, user: &UserName) -> u32 {
        let next = number_of(self.len());
        number(&mut self.users, user, next)
    }

    pub(super) fn add_group(&mut self, group: &GroupName) -> u32 {
        let next = number_of(self.len());
        number(&mut self.groups, group, next)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.users.len() + self.groups.len()
    }

    /// The numbers of a user and of groups, each once.
    pub(super) fn numbers(&self, user: &str, groups: &[&str]) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(groups.len() + 1);
        let of_groups = groups.iter().map(|group| self.groups.get(*group));
        for &number in std::iter::once(self.users.get(user)).chain(of_groups).flatten() {
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        numbers
    }
}

/// Many short lists in one: list `n` lies between two starts.
#[derive(Clone, Debug)]
pub(super) struct Lists<T> {
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T: Copy> Lists<T> {
    /// Puts the items into their lists, each of which keeps the order of the pairs.
    pub(super) fn of(pairs: &[(u32, T)], count: usize) -> Self {
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
    pub(super) fn get(&self, list: u32) -> &[T] {
        let list = list as usize;
        let range = self.starts.get(list).zip(self.starts.get(list + 1));
        range.and_then(|(&start, &end)| self.items.get(start as usize..end as usize)).unwrap_or(&[])
    }

    /// The lists one after the other.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[T]> {
        (0..number_of(self.starts.len().saturating_sub(1))).map(|list| self.get(list))
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

/// The number of a key, which is the next one if it has none.
pub(super) fn number<K: Clone + Hash + Eq>(
    numbers: &mut HashMap<K, u32, RandomState>,
    key: &K,
    next: u32,
) -> u32 {
    if let Some(&number) = numbers.get(key) {
        return number;
    }
    numbers.insert(key.clone(), next);
    next
}

/// A policy set has fewer than 2³² of everything that is counted here but subjects, which memory bounds:
/// what lies beyond is not found.
pub(super) fn number_of(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
