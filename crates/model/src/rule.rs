//! What one rule of a role says.

use crate::{ApiGroup, Origin, PathPattern, ResourceName, ResourcePattern, Verb};

/// One rule of a role: verbs on resources, or verbs on paths.
///
/// The lists are as they stand in the policy; `*` is a wildcard only as a whole entry. A rule with both
/// halves (an API server refuses to store one) covers requests of both kinds.
///
/// Source: `spec/authorization/rbac.md` sections 1 and 3.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Rule {
    /// Which verbs; without one the rule covers nothing.
    pub verbs: Vec<Verb>,
    /// Of which API groups; without one the rule covers no resource.
    pub api_groups: Vec<ApiGroup>,
    /// Which resources.
    pub resources: Vec<ResourcePattern>,
    /// Only objects of these names; none means all objects, with or without a name.
    pub resource_names: Vec<ResourceName>,
    /// Which paths.
    pub non_resource_urls: Vec<PathPattern>,
    /// Where the rule stands. Not part of what it says: see [`Rule::says_the_same`].
    pub origin: Origin,
}

impl Rule {
    /// A rule on resources of all names.
    pub fn resources<V, G, R>(
        verbs: impl IntoIterator<Item = V>,
        api_groups: impl IntoIterator<Item = G>,
        resources: impl IntoIterator<Item = R>,
    ) -> Self
    where
        V: Into<Verb>,
        G: Into<ApiGroup>,
        R: Into<ResourcePattern>,
    {
        Self {
            verbs: verbs.into_iter().map(Into::into).collect(),
            api_groups: api_groups.into_iter().map(Into::into).collect(),
            resources: resources.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// A rule on paths that are no resources.
    pub fn paths<V, P>(verbs: impl IntoIterator<Item = V>, paths: impl IntoIterator<Item = P>) -> Self
    where
        V: Into<Verb>,
        P: Into<PathPattern>,
    {
        Self {
            verbs: verbs.into_iter().map(Into::into).collect(),
            non_resource_urls: paths.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// The same rule for objects of these names only.
    #[must_use]
    pub fn named<N: Into<ResourceName>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.resource_names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Whether both rules have the same lists in the same order, wherever they stand.
    ///
    /// Source: `spec/authorization/rbac.md` section 8, semantic deep equality of rules.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.verbs == other.verbs
            && self.api_groups == other.api_groups
            && self.resources == other.resources
            && self.resource_names == other.resource_names
            && self.non_resource_urls == other.non_resource_urls
    }
}
