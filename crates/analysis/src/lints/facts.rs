//! What lints know beside the policy.

use std::collections::{HashMap, HashSet};

use rolecall_model::Places;
use rolecall_source::Span;

/// A resource type that there is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KnownType<'a> {
    /// The API group; empty for the core group.
    pub group: &'a str,
    /// The plural, which rules use.
    pub plural: &'a str,
    /// The singular.
    pub singular: &'a str,
    /// Whether it is one of Kubernetes' own, whose groups are known as a whole.
    pub built_in: bool,
}

/// What is known beside the policy set: plain values, from wherever the caller has them.
#[derive(Clone, Debug, Default)]
pub struct Facts<'a> {
    pub(super) types: HashMap<&'a str, Vec<KnownType<'a>>>,
    /// The groups that have a type of this plural.
    pub(super) groups_of: HashMap<&'a str, Vec<&'a str>>,
    pub(super) namespaces: HashSet<&'a str>,
    pub(super) service_accounts: HashSet<(&'a str, &'a str)>,
    pub(super) defaults: HashSet<(&'static str, String, String)>,
    pub(super) places: Option<&'a Places>,
}

impl<'a> Facts<'a> {
    /// Nothing is known: lints that need more than the policy find nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says which resource types there are.
    #[must_use]
    pub fn types(mut self, types: impl IntoIterator<Item = KnownType<'a>>) -> Self {
        for known in types {
            self.types.entry(known.group).or_default().push(known);
            self.groups_of.entry(known.plural).or_default().push(known.group);
        }
        self
    }

    /// Says which Namespaces were loaded.
    #[must_use]
    pub fn namespaces(mut self, namespaces: impl IntoIterator<Item = &'a str>) -> Self {
        self.namespaces.extend(namespaces);
        self
    }

    /// Says which ServiceAccounts were loaded, as namespace and name.
    #[must_use]
    pub fn service_accounts(mut self, accounts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.service_accounts.extend(accounts);
        self
    }

    /// Says which objects every cluster has from its start: kind, namespace (empty for none) and name.
    #[must_use]
    pub fn defaults(mut self, objects: impl IntoIterator<Item = (&'static str, String, String)>) -> Self {
        self.defaults.extend(objects);
        self
    }

    /// Says where entries stand.
    #[must_use]
    pub fn places(mut self, places: &'a Places) -> Self {
        self.places = Some(places);
        self
    }

    /// A place, if places are known, or else another.
    pub(super) fn place(
        &self,
        place: impl FnOnce(&Places) -> Option<Span>,
        other: Option<Span>,
    ) -> Option<Span> {
        self.places.and_then(place).or(other)
    }
}
