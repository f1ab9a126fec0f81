//! Who holds what, and where.
//!
//! ```text
//! users, groups     number → what the user or group holds everywhere, and whether anything in a namespace
//! pairs             (user, group) → number of a holder that is a user within a group (ABAC's conjunction)
//! … in namespaces   (holder, namespace) → what it holds there
//! slots             access → the grants it is made of, ascending: to say afterwards which one it was
//! ```
//!
//! A request costs one probe for its user and for each group, and one more for those of them that hold
//! something in some namespace.

use fxhash::FxHashMap;
use rolecall_model::Request;

use crate::{
    error::{CompileError, number},
    permission_sets::PermissionSetsBuilder,
    permissions::Access,
    probe_table::{ProbeTable, pair},
    vocabulary::Vocabulary,
};

/// Somebody to whom a grant is given, as numbers of the vocabulary.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Principal {
    User(u32),
    Group(u32),
    /// This user, when in this group.
    UserInGroup(u32, u32),
}

#[derive(Clone, Debug)]
pub(crate) struct Grants {
    users: Holders,
    groups: Holders,
    pairs: ProbeTable<u32>,
    pair_holders: Holders,
    slots: Vec<(u32, u32)>,
    slot_grants: Vec<u32>,
}

/// Holders of one kind by their number.
#[derive(Clone, Debug)]
struct Holders {
    everywhere: Vec<Holder>,
    namespaces: ProbeTable<Held>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Holder {
    held: Held,
    /// Whether it holds anything in a namespace.
    namespaced: bool,
    /// For a user: whether it is part of a pair.
    paired: bool,
}

/// What is held in one scope.
#[derive(Clone, Copy, Debug)]
struct Held {
    access: Access,
    slot: u32,
}

const NO_SLOT: u32 = u32::MAX;

impl Default for Held {
    fn default() -> Self {
        Self { access: Access::NOTHING, slot: NO_SLOT }
    }
}

impl Grants {
    /// Whether any access of the request's user and groups, everywhere or in the namespace, satisfies.
    #[inline]
    pub(crate) fn any_access(
        &self,
        vocabulary: &Vocabulary,
        request: &Request<'_>,
        namespace: Option<u32>,
        mut satisfies: impl FnMut(Access) -> bool,
    ) -> bool {
        self.visit(vocabulary, request.user, &request.groups, |holders, number, holder| {
            satisfies(holder.held.access)
                || holder.namespaced
                    && namespace
                        .and_then(|namespace| holders.namespaces.get(pair(number, namespace)))
                        .is_some_and(|held| satisfies(held.access))
        })
    }

    /// The grants to a user and groups that count everywhere, and those of the namespace: ascending, each
    /// once.
    pub(crate) fn applying(
        &self,
        vocabulary: &Vocabulary,
        user: &str,
        groups: &[&str],
        namespace: Option<u32>,
    ) -> [Vec<u32>; 2] {
        let mut everywhere = Vec::new();
        let mut there = Vec::new();
        self.visit(vocabulary, user, groups, |holders, number, holder| {
            everywhere.extend_from_slice(self.slot(holder.held.slot));
            if let Some(held) =
                namespace.and_then(|namespace| holders.namespaces.get(pair(number, namespace)))
            {
                there.extend_from_slice(self.slot(held.slot));
            }
            false
        });
        for grants in [&mut everywhere, &mut there] {
            grants.sort_unstable();
            grants.dedup();
        }
        [everywhere, there]
    }

    fn slot(&self, slot: u32) -> &[u32] {
        let (start, end) = self.slots.get(slot as usize).copied().unwrap_or_default();
        self.slot_grants.get(start as usize..end as usize).unwrap_or(&[])
    }

    #[inline]
    fn visit(
        &self,
        vocabulary: &Vocabulary,
        user: &str,
        groups: &[&str],
        mut stops: impl FnMut(&Holders, u32, &Holder) -> bool,
    ) -> bool {
        let mut paired = None;
        if let Some(number) = vocabulary.users.lookup(user)
            && let Some(holder) = self.users.everywhere.get(number as usize)
        {
            if stops(&self.users, number, holder) {
                return true;
            }
            paired = holder.paired.then_some(number);
        }
        for group in groups {
            let Some(number) = vocabulary.groups.lookup(group) else { continue };
            if let Some(holder) = self.groups.everywhere.get(number as usize)
                && stops(&self.groups, number, holder)
            {
                return true;
            }
            if let Some(both) = paired.and_then(|user| self.pairs.get(pair(user, number)))
                && let Some(holder) = self.pair_holders.everywhere.get(both as usize)
                && stops(&self.pair_holders, both, holder)
            {
                return true;
            }
        }
        false
    }

    pub(crate) fn bytes(&self) -> usize {
        let holders = [&self.users, &self.groups, &self.pair_holders];
        holders
            .iter()
            .map(|holders| holders.everywhere.len() * size_of::<Holder>() + holders.namespaces.bytes())
            .sum::<usize>()
            + self.pairs.bytes()
            + self.slots.len() * 8
            + self.slot_grants.len() * 4
    }
}

/// Gathers grants.
#[derive(Debug, Default)]
pub(crate) struct GrantsBuilder {
    pairs: FxHashMap<(u32, u32), u32>,
    entries: Vec<Entry>,
}

/// Sorts by holder, then scope (everywhere last), then grant.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Entry {
    kind: Kind,
    holder: u32,
    scope: u32,
    grant: u32,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Kind {
    User,
    Group,
    Pair,
}

/// The scope of what counts in every namespace and without one.
const EVERYWHERE: u32 = u32::MAX;

impl GrantsBuilder {
    /// Gives a grant to somebody, in a namespace or (`None`) everywhere.
    pub(crate) fn add(
        &mut self,
        principal: Principal,
        namespace: Option<u32>,
        grant: u32,
    ) -> Result<(), CompileError> {
        let (kind, holder) = match principal {
            Principal::User(user) => (Kind::User, user),
            Principal::Group(group) => (Kind::Group, group),
            Principal::UserInGroup(user, group) => {
                let new = number(self.pairs.len(), "users in groups")?;
                (Kind::Pair, *self.pairs.entry((user, group)).or_insert(new))
            }
        };
        self.entries.push(Entry { kind, holder, scope: namespace.unwrap_or(EVERYWHERE), grant });
        Ok(())
    }

    /// The tables. `set_of` says which permission set a grant gives, if any.
    pub(crate) fn build(
        mut self,
        sets: &mut PermissionSetsBuilder,
        set_of: impl Fn(u32) -> Option<u32>,
    ) -> Result<Grants, CompileError> {
        self.entries.sort_unstable();
        self.entries.dedup();
        let mut slots = Vec::new();
        let mut slot_grants = Vec::with_capacity(self.entries.len());
        let mut drafts = [Draft::default(), Draft::default(), Draft::default()];
        let [users, groups, pairs] = &mut drafts;
        for slot in self.entries.chunk_by(|left, right| {
            (left.kind, left.holder, left.scope) == (right.kind, right.holder, right.scope)
        }) {
            let Some(&Entry { kind, holder, scope, .. }) = slot.first() else { continue };
            let access = sets.union(slot.iter().filter_map(|entry| set_of(entry.grant)).collect())?;
            let start = number(slot_grants.len(), "grants")?;
            slot_grants.extend(slot.iter().map(|entry| entry.grant));
            slots.push((start, number(slot_grants.len(), "grants")?));
            let held = Held { access, slot: number(slots.len() - 1, "grants")? };
            let draft = match kind {
                Kind::User => &mut *users,
                Kind::Group => &mut *groups,
                Kind::Pair => &mut *pairs,
            };
            draft.hold(holder, scope, held);
        }
        #[expect(clippy::iter_over_hash_type, reason = "sets a flag, in whatever order")]
        for &(user, _) in self.pairs.keys() {
            users.holder(user).paired = true;
        }
        let pair_entries: Vec<_> =
            self.pairs.iter().map(|(&(user, group), &both)| (pair(user, group), both)).collect();
        let [users, groups, pair_holders] = drafts.map(Draft::build);
        Ok(Grants {
            users,
            groups,
            pairs: ProbeTable::build(pair_entries.into_iter()),
            pair_holders,
            slots,
            slot_grants,
        })
    }
}

/// Holders on their way into tables.
#[derive(Debug, Default)]
struct Draft {
    everywhere: Vec<Holder>,
    namespaces: Vec<(u64, Held)>,
}

impl Draft {
    fn hold(&mut self, number: u32, scope: u32, held: Held) {
        let holder = self.holder(number);
        if scope == EVERYWHERE {
            holder.held = held;
        } else {
            holder.namespaced = true;
            self.namespaces.push((pair(number, scope), held));
        }
    }

    fn holder(&mut self, number: u32) -> &mut Holder {
        let place = number as usize;
        if self.everywhere.len() <= place {
            self.everywhere.resize(place + 1, Holder::default());
        }
        // The line above made the place.
        #[expect(clippy::indexing_slicing, reason = "the vector was just made long enough")]
        &mut self.everywhere[place]
    }

    fn build(self) -> Holders {
        Holders { everywhere: self.everywhere, namespaces: ProbeTable::build(self.namespaces.into_iter()) }
    }
}
