//! Who holds what, and where.
//!
//! ```text
//! scopes     hash of who XOR hash of where → access       a line each (see `lines`); by place there:
//!   held     [ who: 32 | namespace: 32 ] …                what the place stands for: compared on every find
//!   edges    [ edge: 32 ] …                               the grants that the access is made of
//! edges      [ grant ] … or [ count, grant … ] …          ascending
//! positions  [ u8 ] …                                     beside each grant: which subject of it this is
//! pairs      [ user, group ] …                            holders that are a user when in a group (ABAC)
//! holders    hash of who → holder                         a line each; by holder:
//!   starts   [ u32 ] …                                    where its places begin
//!   places   [ u32 ] …                                    its scopes
//! ```
//!
//! A request probes for its user and for each of its groups twice: for what they hold everywhere, and for what
//! they hold in the namespace. The last three tables list what somebody holds in all namespaces.

use rolecall_model::Request;

use crate::{
    error::ImageError,
    hashes::Hashes,
    image::ImageReader,
    lines::{Found, Key, Lines, Probe},
    permissions::{Access, Accesses},
    texts::{Text, TextNumbers, Texts},
    vocabulary::Vocabulary,
};

/// Somebody to whom a grant is given, as numbers of the vocabulary.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Principal {
    User(Text),
    Group(Text),
    /// This user, when in this group.
    UserInGroup(Text, Text),
}

/// A holder as one number: what it is in the upper two bits, the text or the pair below.
pub(crate) mod holder {
    use crate::{hashes::Hashes, texts::Text};

    pub(crate) const USER: u32 = 0;
    pub(crate) const GROUP: u32 = 1;
    pub(crate) const PAIR: u32 = 2;
    const BITS: u32 = 30;

    pub(crate) fn new(kind: u32, number: u32) -> u32 {
        kind << BITS | number
    }

    pub(crate) fn kind(holder: u32) -> u32 {
        holder >> BITS
    }

    #[inline]
    pub(crate) fn number(holder: u32) -> u32 {
        holder & ((1 << BITS) - 1)
    }

    /// The hash under which a holder is found.
    pub(crate) fn hash<'t>(
        holder: u32,
        hashes: &Hashes,
        pairs: &[[Text; 2]],
        string: impl Fn(Text) -> &'t str,
    ) -> u64 {
        let number = number(holder);
        match kind(holder) {
            USER => hashes.users.of(string(number)),
            GROUP => hashes.groups.of(string(number)),
            _ => {
                let [user, group] = pairs.get(number as usize).copied().unwrap_or_default();
                Hashes::user_in_group(hashes.users.of(string(user)), hashes.groups.of(string(group)))
            }
        }
    }
}

/// The scope of what counts in every namespace and without one. No namespace has this number.
pub(crate) const EVERYWHERE: u32 = u32::MAX;
/// How many of a request's user and groups are probed for before the first is looked at.
const AT_ONCE: usize = 8;
/// In `edges`: the one grant stands there itself, without a count.
pub(crate) const SINGLE: u32 = 1 << 31;
/// In `positions`: more than fits; see `far`.
pub(crate) const FAR: u8 = u8::MAX;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Grants<'a> {
    scopes: Lines<'a>,
    held: &'a [[u32; 2]],
    scope_edges: &'a [u32],
    edges: &'a [u32],
    positions: &'a [u8],
    /// (edge, position), ascending: those that `positions` has no room for.
    far: &'a [[u32; 2]],
    pairs: &'a [[Text; 2]],
    holders: Lines<'a>,
    holder_starts: &'a [u32],
    holder_places: &'a [u32],
}

/// One of those in whose name a request is made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who<'r> {
    User(&'r str),
    Group(&'r str),
    UserInGroup(&'r str, &'r str),
}

/// Where somebody may hold something.
#[derive(Clone, Copy, Debug, Default)]
struct Probed {
    hash: u64,
    everywhere: Probe,
    there: Probe,
}

/// Somebody who is known to the tables and holds something in too many namespaces to list them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ManyScopes {
    holder: u32,
    hash: u64,
}

/// A grant that applies to a request.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Edge {
    pub(crate) grant: u32,
    /// Which of the grant's subjects it is that applies.
    pub(crate) position: u32,
}

impl<'a> Grants<'a> {
    pub(crate) fn read(reader: &mut ImageReader<'a>) -> Result<Self, ImageError> {
        Ok(Self {
            pairs: reader.section()?,
            scopes: Lines::read(reader)?,
            held: reader.section()?,
            scope_edges: reader.section()?,
            edges: reader.section()?,
            positions: reader.section()?,
            far: reader.section()?,
            holders: Lines::read(reader)?,
            holder_starts: reader.section()?,
            holder_places: reader.section()?,
        })
    }

    /// Whether any access of the request's user and groups, everywhere or in the namespace, satisfies. They are looked
    /// up one after the other, or `together`: what the first finds is then known later, and all of them wait once.
    #[inline]
    pub(crate) fn any_access(
        &self,
        vocabulary: &Vocabulary<'_>,
        request: &Request<'_>,
        namespace: Option<Scope>,
        together: bool,
        mut satisfies: impl FnMut(Access) -> bool,
    ) -> bool {
        if together && self.pairs.is_empty() {
            return self.any_access_together(vocabulary, request, namespace, satisfies);
        }
        let texts = vocabulary.texts;
        self.any_of(&vocabulary.hashes, request.user, &request.groups, |who, hash| {
            self.held(texts, who, hash, Scope::EVERYWHERE).is_some_and(&mut satisfies)
                || namespace
                    .and_then(|namespace| self.held(texts, who, hash, namespace))
                    .is_some_and(&mut satisfies)
        })
    }

    fn any_access_together(
        &self,
        vocabulary: &Vocabulary<'_>,
        request: &Request<'_>,
        namespace: Option<Scope>,
        mut satisfies: impl FnMut(Access) -> bool,
    ) -> bool {
        let texts = vocabulary.texts;
        let hashes = &vocabulary.hashes;
        let mut groups = &*request.groups;
        let mut user = Some(request.user);
        loop {
            // All lines are asked for before any is waited for.
            let mut probed = [Probed::default(); AT_ONCE];
            let room = AT_ONCE - usize::from(user.is_some());
            let (now, later) = groups.split_at(groups.len().min(room));
            let mut places = probed.iter_mut();
            if let Some(user) = user
                && let Some(place) = places.next()
            {
                *place = self.probe(hashes.users.of(user), namespace);
            }
            for (group, place) in now.iter().zip(places) {
                *place = self.probe(hashes.groups.of(group), namespace);
            }
            let who = user.map(Who::User).into_iter().chain(now.iter().copied().map(Who::Group));
            for (who, Probed { hash, everywhere, there }) in who.zip(probed) {
                if everywhere.is_promising()
                    && self
                        .confirm(texts, who, hash, everywhere, Scope::EVERYWHERE)
                        .is_some_and(&mut satisfies)
                {
                    return true;
                }
                if there.is_promising()
                    && let Some(scope) = namespace
                    && self.confirm(texts, who, hash, there, scope).is_some_and(&mut satisfies)
                {
                    return true;
                }
            }
            if later.is_empty() {
                return false;
            }
            (groups, user) = (later, None);
        }
    }

    #[inline]
    fn probe(&self, hash: u64, namespace: Option<Scope>) -> Probed {
        Probed {
            hash,
            everywhere: self.scopes.probe(Key::of(hash)),
            there: namespace
                .map_or_else(Probe::default, |scope| self.scopes.probe(Key::of(hash ^ scope.hash))),
        }
    }

    #[inline]
    fn held(&self, texts: Texts<'_>, who: Who<'_>, hash: u64, scope: Scope) -> Option<Access> {
        self.scope(texts, who, hash, scope).map(|found| Access::from_word(found.value))
    }

    #[inline]
    fn confirm(
        &self,
        texts: Texts<'_>,
        who: Who<'_>,
        hash: u64,
        probe: Probe,
        scope: Scope,
    ) -> Option<Access> {
        let key = Key::of(hash ^ scope.hash);
        let is_it = |found| self.is_held(texts, found, who, scope.namespace);
        self.scopes.confirm(key, probe, is_it).map(|found| Access::from_word(found.value))
    }

    #[inline]
    fn is_held(&self, texts: Texts<'_>, found: Found, who: Who<'_>, namespace: u32) -> bool {
        self.held
            .get(found.place)
            .is_some_and(|&[holder, known]| known == namespace && self.is(texts, holder, who))
    }

    /// The place of what somebody holds in a scope.
    #[inline]
    pub(crate) fn scope(&self, texts: Texts<'_>, who: Who<'_>, hash: u64, scope: Scope) -> Option<Found> {
        let key = Key::of(hash ^ scope.hash);
        self.scopes.find(key, |found| self.is_held(texts, found, who, scope.namespace))
    }

    /// Whether a holder is this one: the strings are compared.
    #[inline]
    fn is(&self, texts: Texts<'_>, holder: u32, who: Who<'_>) -> bool {
        let number = holder::number(holder);
        match (holder::kind(holder), who) {
            (holder::USER, Who::User(name)) | (holder::GROUP, Who::Group(name)) => texts.is(number, name),
            (holder::PAIR, Who::UserInGroup(user, group)) => self
                .pairs
                .get(number as usize)
                .is_some_and(|&[first, second]| texts.is(first, user) && texts.is(second, group)),
            _ => false,
        }
    }

    /// Whether anybody in whose name a request is made satisfies.
    #[inline]
    pub(crate) fn any_of<'r>(
        &self,
        hashes: &Hashes,
        user: &'r str,
        groups: &[&'r str],
        mut satisfies: impl FnMut(Who<'r>, u64) -> bool,
    ) -> bool {
        let user_hash = hashes.users.of(user);
        if satisfies(Who::User(user), user_hash) {
            return true;
        }
        groups.iter().any(|&group| {
            let hash = hashes.groups.of(group);
            satisfies(Who::Group(group), hash)
                || !self.pairs.is_empty()
                    && satisfies(Who::UserInGroup(user, group), Hashes::user_in_group(user_hash, hash))
        })
    }

    /// The grants to a user and groups that count everywhere, and those of the namespace: ascending, each
    /// once, with the first of its subjects that applies.
    pub(crate) fn applying(
        &self,
        vocabulary: &Vocabulary<'_>,
        user: &str,
        groups: &[&str],
        namespace: Option<Scope>,
    ) -> [Vec<Edge>; 2] {
        let mut everywhere = Vec::new();
        let mut there = Vec::new();
        let texts = vocabulary.texts;
        self.any_of(&vocabulary.hashes, user, groups, |who, hash| {
            if let Some(found) = self.scope(texts, who, hash, Scope::EVERYWHERE) {
                everywhere.extend(self.edges_at(found.place));
            }
            if let Some(found) = namespace.and_then(|namespace| self.scope(texts, who, hash, namespace)) {
                there.extend(self.edges_at(found.place));
            }
            false
        });
        for edges in [&mut everywhere, &mut there] {
            edges.sort_unstable();
            edges.dedup_by_key(|edge| edge.grant);
        }
        [everywhere, there]
    }

    /// Adds what somebody holds, in every scope, to `found`; or says that it is in more than `limit` namespaces.
    pub(crate) fn scopes_of(
        &self,
        texts: Texts<'_>,
        who: Who<'_>,
        hash: u64,
        limit: usize,
        found: &mut Vec<(u32, Access)>,
    ) -> Option<ManyScopes> {
        let places = self.places_of(texts, who, hash);
        let &[holder, _] = places.first().and_then(|&place| self.held.get(place as usize))?;
        let many = places.len() > limit;
        // Scopes ascend, so that what counts everywhere stands last.
        let listed = if many { places.last().map(std::slice::from_ref).unwrap_or_default() } else { places };
        for &place in listed {
            if let (Some(&[_, namespace]), Some(value)) =
                (self.held.get(place as usize), self.scopes.at(place as usize))
                && (!many || namespace == EVERYWHERE)
            {
                found.push((namespace, Access::from_word(value)));
            }
        }
        many.then_some(ManyScopes { holder, hash })
    }

    /// The places of all scopes of somebody; none if the policy gives nothing to them.
    fn places_of(&self, texts: Texts<'_>, who: Who<'_>, hash: u64) -> &'a [u32] {
        let range = |holder: u32| {
            let start = *self.holder_starts.get(holder as usize)?;
            let end = *self.holder_starts.get(holder as usize + 1)?;
            self.holder_places.get(start as usize..end as usize)
        };
        let found = self.holders.find(Key::of(hash), |found| {
            let first = range(found.value).and_then(<[u32]>::first);
            first
                .and_then(|&place| self.held.get(place as usize))
                .is_some_and(|&[holder, _]| self.is(texts, holder, who))
        });
        found.and_then(|found| range(found.value)).unwrap_or_default()
    }

    /// What somebody of many scopes holds in a namespace.
    #[inline]
    pub(crate) fn held_by(&self, many: ManyScopes, scope: Scope) -> Option<Access> {
        let is_it = |found: Found| self.held.get(found.place) == Some(&[many.holder, scope.namespace]);
        let found = self.scopes.find(Key::of(many.hash ^ scope.hash), is_it)?;
        Some(Access::from_word(found.value))
    }

    /// Everybody in whose name a request of this user and these groups is made, with their hashes.
    pub(crate) fn everybody<'r>(
        &self,
        hashes: &Hashes,
        user: &'r str,
        groups: &[&'r str],
    ) -> Vec<(Who<'r>, u64)> {
        let mut all = Vec::with_capacity(1 + groups.len());
        self.any_of(hashes, user, groups, |who, hash| {
            all.push((who, hash));
            false
        });
        all
    }

    pub(crate) fn edges_at(&self, place: usize) -> impl Iterator<Item = Edge> + '_ {
        let range = self.scope_edges.get(place).and_then(|&edge| self.edge_range(edge)).unwrap_or_default();
        range.filter_map(|edge| {
            let &grant = self.edges.get(edge)?;
            let position = match *self.positions.get(edge)? {
                FAR => {
                    let far = self.far.binary_search_by_key(&edge, |&[edge, _]| edge as usize).ok()?;
                    self.far.get(far)?[1]
                }
                position => u32::from(position),
            };
            Some(Edge { grant, position })
        })
    }

    fn edge_range(&self, edge: u32) -> Option<std::ops::Range<usize>> {
        let start = (edge & !SINGLE) as usize;
        if edge & SINGLE != 0 {
            return Some(start..start + 1);
        }
        let &count = self.edges.get(start)?;
        Some(start + 1..start + 1 + count as usize)
    }

    pub(crate) fn decision_bytes(&self) -> usize {
        self.scopes.bytes() + size_of_val(self.held) + size_of_val(self.pairs)
    }

    pub(crate) fn edge_bytes(&self) -> usize {
        size_of_val(self.scope_edges)
            + size_of_val(self.edges)
            + size_of_val(self.positions)
            + size_of_val(self.far)
    }

    pub(crate) fn holder_bytes(&self) -> usize {
        self.holders.bytes() + size_of_val(self.holder_starts) + size_of_val(self.holder_places)
    }

    /// The most lines that the look-up of one of the scopes goes through, and of one of the holders.
    pub(crate) fn longest_probes(&self, vocabulary: &Vocabulary<'_>) -> [usize; 2] {
        let scope_way = |place| {
            self.scopes.at(place)?;
            let &[holder, namespace] = self.held.get(place)?;
            let there = match namespace {
                EVERYWHERE => Scope::EVERYWHERE.hash,
                number => vocabulary.hashes.namespaces.of(vocabulary.namespace_name(number)),
            };
            Some(self.scopes.way(self.hash(vocabulary, holder) ^ there, place))
        };
        let holder_way = |place| {
            let start = *self.holder_starts.get(self.holders.at(place)? as usize)?;
            let &[holder, _] = self.held.get(*self.holder_places.get(start as usize)? as usize)?;
            Some(self.holders.way(self.hash(vocabulary, holder), place))
        };
        [
            (0..self.scopes.places()).filter_map(scope_way).max().unwrap_or(0),
            (0..self.holders.places()).filter_map(holder_way).max().unwrap_or(0),
        ]
    }

    fn hash(&self, vocabulary: &Vocabulary<'_>, holder: u32) -> u64 {
        holder::hash(holder, &vocabulary.hashes, self.pairs, |text| vocabulary.texts.string(text))
    }

    /// How many (who, where) there are.
    pub(crate) fn scope_count(&self) -> usize {
        self.holder_places.len()
    }

    pub(crate) fn check(
        &self,
        texts: &TextNumbers,
        accesses: &Accesses,
        namespaces: usize,
        grants: usize,
    ) -> Result<(), ImageError> {
        let damaged = |what| Err(ImageError::Damaged { what });
        if self.pairs.iter().flatten().any(|&text| !texts.contains(text)) {
            return damaged("a user in a group is none of the texts");
        }
        let is_holder = |holder| {
            let number = holder::number(holder);
            match holder::kind(holder) {
                holder::USER | holder::GROUP => texts.contains(number),
                holder::PAIR => (number as usize) < self.pairs.len(),
                _ => false,
            }
        };
        let places = self.scopes.places();
        if self.held.len() != places || self.scope_edges.len() != places {
            return damaged("not every scope has a holder");
        }
        for place in 0..places {
            let (Some(value), Some(&[holder, namespace]), Some(&edge)) =
                (self.scopes.at(place), self.held.get(place), self.scope_edges.get(place))
            else {
                continue;
            };
            let is_scope = namespace == EVERYWHERE || (namespace as usize) < namespaces;
            if !is_scope || !is_holder(holder) || !accesses.contains(Access::from_word(value)) {
                return damaged("somebody holds what is no permission set");
            }
            let range = self.edge_range(edge).and_then(|range| self.edges.get(range));
            if !range.is_some_and(|edges| edges.iter().all(|&grant| (grant as usize) < grants)) {
                return damaged("somebody holds what is no grant");
            }
        }
        let far_fits =
            self.far.is_sorted() && self.far.iter().all(|&[edge, _]| (edge as usize) < self.edges.len());
        if self.positions.len() != self.edges.len() || !far_fits {
            return damaged("not every grant has a subject");
        }
        let holders = self.holder_starts.len().saturating_sub(1);
        let starts_fit = self.holder_starts.is_sorted()
            && self.holder_starts.last().map_or(0, |&end| end as usize) == self.holder_places.len();
        let is_number = |place| self.holders.at(place).is_none_or(|holder| (holder as usize) < holders);
        // Scopes of one holder, each once, ascending.
        let are_of_one = |ends: &[u32]| {
            let range = ends.first().zip(ends.last()).map(|(&start, &end)| start as usize..end as usize);
            let places = range.and_then(|range| self.holder_places.get(range)).unwrap_or(&[]);
            let held = |&place: &u32| self.held.get(place as usize).copied().unwrap_or([u32::MAX; 2]);
            places
                .iter()
                .map(held)
                .is_sorted_by(|[one, first], [other, second]| one == other && first < second)
        };
        if !starts_fit
            || !(0..self.holders.places()).all(is_number)
            || !self.holder_starts.windows(2).all(are_of_one)
            || self.holder_places.iter().any(|&place| self.scopes.at(place as usize).is_none())
        {
            return damaged("a holder has no scopes");
        }
        Ok(())
    }
}

/// Where something is held: everywhere, or in a namespace that the policy names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    pub(crate) hash: u64,
    pub(crate) namespace: u32,
}

impl Scope {
    pub(crate) const EVERYWHERE: Self = Self { hash: 0, namespace: EVERYWHERE };
}
