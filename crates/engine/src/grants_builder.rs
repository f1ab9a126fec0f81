//! Gathering who is given what, and laying it out.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::{
    error::{CompileError, number, number_below},
    grants::{EVERYWHERE, FAR, Principal, SINGLE, holder},
    image::ImageWriter,
    lines::{Key, LinesBuilder},
    permission_sets::{Holding, PermissionSetsBuilder, Written},
    texts::{TEXT_LIMIT, Text},
    vocabulary::VocabularyBuilder,
};

/// What is given to somebody of whom only is noted that there is nothing else; it sorts last, and reaches no table.
pub(crate) const NO_GRANT: u32 = u32::MAX;

/// Gathers grants.
#[derive(Debug, Default)]
pub(crate) struct GrantsBuilder {
    pairs: Vec<[Text; 2]>,
    pair_numbers: HashMap<[Text; 2], u32, RandomState>,
    entries: Vec<Entry>,
}

/// Sorts by holder, then scope (everywhere last), then grant, then position.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Entry {
    holder: u32,
    scope: u32,
    grant: u32,
    position: u32,
}

/// What somebody holds in a scope, before it has a place.
#[derive(Debug)]
struct HeldScope {
    holder: u32,
    scope: u32,
    edge: u32,
    holding: Holding,
}

/// Grants in the order of their holders and scopes, with the permission sets that they come to.
#[derive(Debug)]
pub(crate) struct HeldGrants {
    pairs: Vec<[Text; 2]>,
    scopes: Vec<HeldScope>,
    holders: usize,
    edges: Vec<u32>,
    positions: Vec<u8>,
    far: Vec<[u32; 2]>,
}

impl GrantsBuilder {
    /// Room for so many more grants to somebody.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.entries.reserve(count);
    }

    /// Gives a grant to somebody, who is the subject of it at this position, in a namespace or (`None`)
    /// everywhere.
    pub(crate) fn add(
        &mut self,
        principal: Principal,
        namespace: Option<u32>,
        grant: u32,
        position: u32,
    ) -> Result<(), CompileError> {
        let holder = match principal {
            Principal::User(user) => holder::new(holder::USER, user),
            Principal::Group(group) => holder::new(holder::GROUP, group),
            Principal::UserInGroup(user, group) => {
                let pair = [user, group];
                let number = match self.pair_numbers.get(&pair) {
                    Some(&known) => known,
                    None => {
                        let new = number_below(self.pairs.len(), TEXT_LIMIT, "users in groups")?;
                        self.pairs.push(pair);
                        self.pair_numbers.insert(pair, new);
                        new
                    }
                };
                holder::new(holder::PAIR, number)
            }
        };
        self.entries.push(Entry { holder, scope: namespace.unwrap_or(EVERYWHERE), grant, position });
        Ok(())
    }

    /// Unites what everybody holds in each scope. `set_of` says which permission set a grant gives, if any.
    pub(crate) fn hold(
        mut self,
        sets: &mut PermissionSetsBuilder,
        set_of: impl Fn(u32) -> Option<u32>,
    ) -> Result<HeldGrants, CompileError> {
        self.entries.sort_unstable();
        self.entries.dedup_by_key(|entry| (entry.holder, entry.scope, entry.grant));
        let mut held = HeldGrants {
            pairs: self.pairs,
            scopes: Vec::new(),
            holders: 0,
            edges: Vec::with_capacity(self.entries.len()),
            positions: Vec::with_capacity(self.entries.len()),
            far: Vec::new(),
        };
        let mut united = Vec::new();
        let mut last = None;
        let same = |left: &Entry, right: &Entry| (left.holder, left.scope) == (right.holder, right.scope);
        for scope in self.entries.chunk_by(same) {
            let Some(&Entry { holder, scope: namespace, .. }) = scope.first() else { continue };
            let scope = scope.split_last().map_or(
                scope,
                |(last, others)| {
                    if last.grant == NO_GRANT { others } else { scope }
                },
            );
            united.clear();
            united.extend(scope.iter().filter_map(|entry| set_of(entry.grant)));
            let holding = sets.union(&mut united)?;
            let edge = held.add_edges(scope)?;
            held.scopes.push(HeldScope { holder, scope: namespace, edge, holding });
            if last != Some(holder) {
                held.holders += 1;
                last = Some(holder);
            }
        }
        Ok(held)
    }
}

impl HeldGrants {
    fn add_edges(&mut self, entries: &[Entry]) -> Result<u32, CompileError> {
        let start = number(self.edges.len(), "grants")?;
        let edge = if entries.len() == 1 {
            start | SINGLE
        } else {
            self.edges.push(number(entries.len(), "grants")?);
            self.positions.push(0);
            start
        };
        for entry in entries {
            let near = u8::try_from(entry.position).ok().filter(|&near| near != FAR);
            if near.is_none() {
                self.far.push([number(self.edges.len(), "grants")?, entry.position]);
            }
            self.positions.push(near.unwrap_or(FAR));
            self.edges.push(entry.grant);
        }
        Ok(edge)
    }

    /// How many (who, where) there are.
    pub(crate) fn scope_count(&self) -> usize {
        self.scopes.len()
    }

    pub(crate) fn write(
        &self,
        vocabulary: &VocabularyBuilder,
        written: &Written,
        writer: &mut ImageWriter,
    ) -> Result<(), CompileError> {
        let namespaces = vocabulary.namespace_hashes();
        let mut scopes = LinesBuilder::new(self.scopes.len());
        let mut held = vec![[u32::MAX; 2]; scopes.places()];
        let mut scope_edges = vec![0; scopes.places()];
        let mut holders = LinesBuilder::new(self.holders);
        let mut starts = Vec::with_capacity(self.holders + 1);
        let mut places = Vec::with_capacity(self.scopes.len());
        for scopes_of_one in self.scopes.chunk_by(|left, right| left.holder == right.holder) {
            let Some(&HeldScope { holder, .. }) = scopes_of_one.first() else { continue };
            let hash =
                holder::hash(holder, &vocabulary.hashes, &self.pairs, |text| vocabulary.texts.string(text));
            holders.add(Key::of(hash), number(starts.len(), "holders")?);
            starts.push(number(places.len(), "grants")?);
            for &HeldScope { scope, edge, holding, .. } in scopes_of_one {
                let there = namespaces.get(scope as usize).copied().unwrap_or(0);
                let place = scopes.add(Key::of(hash ^ there), written.access(holding).word());
                if let (Some(held), Some(scope_edge)) = (held.get_mut(place), scope_edges.get_mut(place)) {
                    *held = [holder, scope];
                    *scope_edge = edge;
                }
                places.push(number(place, "grants")?);
            }
        }
        starts.push(number(places.len(), "grants")?);
        writer.section(&self.pairs);
        scopes.write(writer);
        writer.section(&held);
        writer.section(&scope_edges);
        writer.section(&self.edges);
        writer.section(&self.positions);
        writer.section(&self.far);
        holders.write(writer);
        writer.section(&starts);
        writer.section(&places);
        Ok(())
    }
}
