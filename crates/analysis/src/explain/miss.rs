//! Grants that do not allow a request, and which part of each does not hold.

use rolecall_model::{AttributePolicy, AttributePolicyIndex, BindingIndex, Request, RoleIndex, Rule, Target};
use rolecall_reference::{abac, path, rule};

/// A part of a grant, in the order in which the first that does not hold is named.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Part {
    /// The role that the binding refers to: there is none.
    Role,
    /// The role's rules: there are none.
    Rules,
    /// The verb; for an ABAC line, that it only reads.
    Verb,
    /// The API group.
    ApiGroup,
    /// The resource, or its subresource.
    Resource,
    /// The name of the object.
    Name,
    /// The path.
    Path,
    /// The namespace.
    Namespace,
    /// Who is meant.
    Subject,
    /// What it is about at all: a resource was asked for and the rule names none, or a path likewise.
    TargetKind,
}

const PARTS: [Part; 10] = [
    Part::Role,
    Part::Rules,
    Part::Verb,
    Part::ApiGroup,
    Part::Resource,
    Part::Name,
    Part::Path,
    Part::Namespace,
    Part::Subject,
    Part::TargetKind,
];

impl Part {
    /// The part's name in machine output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Rules => "rules",
            Self::Verb => "verb",
            Self::ApiGroup => "apiGroup",
            Self::Resource => "resource",
            Self::Name => "name",
            Self::Path => "path",
            Self::Namespace => "namespace",
            Self::Subject => "subject",
            Self::TargetKind => "targetKind",
        }
    }
}

/// A set of parts.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Parts(u16);

impl Parts {
    /// The parts in their order.
    pub fn iter(self) -> impl Iterator<Item = Part> {
        PARTS.into_iter().filter(move |&part| self.contains(part))
    }

    /// Whether a part is among them.
    pub fn contains(self, part: Part) -> bool {
        self.0 & (1 << part as u16) != 0
    }

    /// The first.
    pub fn first(self) -> Option<Part> {
        self.iter().next()
    }

    /// The only one, if there is one.
    pub fn only(self) -> Option<Part> {
        self.first().filter(|_| self.len() == 1)
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn with(self, part: Part) -> Self {
        Self(self.0 | (1 << part as u16))
    }

    pub(super) fn unless(self, holds: bool, part: Part) -> Self {
        if holds { self } else { self.with(part) }
    }
}

/// A grant that was considered.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Considered {
    /// A line of an ABAC policy file.
    AttributePolicy(AttributePolicyIndex),
    /// A binding.
    Binding {
        /// The binding.
        binding: BindingIndex,
        /// The role that it gives, if there is one.
        role: Option<RoleIndex>,
        /// The role's rule that comes nearest to the request, if the role has one.
        rule: Option<usize>,
    },
}

/// A grant that was considered and does not allow the request.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Miss {
    /// The grant.
    pub considered: Considered,
    /// The parts that do not hold; never empty.
    pub unmet: Parts,
}

/// Grants that fall short in the same way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MissGroup {
    /// The one part that does not hold; `None` where it is more than one.
    pub part: Option<Part>,
    /// How many grants these are.
    pub count: usize,
    /// Up to [`SHOWN`] of them, nearest first.
    pub nearest: Vec<Miss>,
}

/// How many grants of a group are named.
pub const SHOWN: usize = 3;

/// Gathers grants that fall short.
#[derive(Debug, Default)]
pub(super) struct Misses {
    groups: Vec<Gathered>,
}

#[derive(Debug)]
struct Gathered {
    part: Option<Part>,
    count: usize,
    nearest: Vec<(Nearness, Miss)>,
}

/// What comes first among grants that fall short in the same part.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Nearness {
    /// Kubernetes' own grants behind those of the files.
    pub(super) built_in: bool,
    /// RoleBindings before ClusterRoleBindings.
    pub(super) cluster_wide: bool,
    pub(super) considered: Considered,
}

impl Misses {
    /// Takes in a grant that stands for so many.
    pub(super) fn add(&mut self, miss: Miss, count: usize, nearness: Nearness) {
        let part = miss.unmet.only();
        let place = self.groups.iter().position(|group| group.part == part).unwrap_or_else(|| {
            self.groups.push(Gathered { part, count: 0, nearest: Vec::with_capacity(SHOWN + 1) });
            self.groups.len() - 1
        });
        let Some(group) = self.groups.get_mut(place) else { return };
        group.count += count;
        let key = (miss.unmet.len(), nearness);
        let place = group.nearest.partition_point(|(nearness, other)| (other.unmet.len(), *nearness) <= key);
        if place < SHOWN {
            group.nearest.insert(place, (nearness, miss));
            group.nearest.truncate(SHOWN);
        }
    }

    /// The groups, nearest first.
    pub(super) fn finish(mut self) -> Vec<MissGroup> {
        self.groups.sort_by_key(|group| group.part.map_or((1, Part::TargetKind), |part| (0, part)));
        let groups = self.groups.into_iter().map(|group| MissGroup {
            part: group.part,
            count: group.count,
            nearest: group.nearest.into_iter().map(|(_, miss)| miss).collect(),
        });
        groups.collect()
    }
}

/// The parts of a rule that do not cover a request.
pub(super) fn unmet_by_rule(rule: &Rule, request: &Request<'_>) -> Parts {
    let unmet = Parts::default().unless(rule::covers_verb(rule, request.verb), Part::Verb);
    match request.target {
        Target::Path(path) => unmet
            .unless(rule::covers_path(rule, path), Part::Path)
            .unless(!rule.non_resource_urls.is_empty(), Part::TargetKind),
        Target::Resource { namespace: _, api_group, resource, subresource, name } => unmet
            .unless(rule::covers_api_group(rule, api_group), Part::ApiGroup)
            .unless(rule::covers_resource(rule, resource, subresource), Part::Resource)
            .unless(rule::covers_name(rule, name), Part::Name)
            .unless(!rule.resources.is_empty(), Part::TargetKind),
    }
}

/// The rule that comes nearest to a request, and what of it does not hold; without a rule, that there is
/// none.
pub(super) fn nearest_rule(rules: &[Rule], request: &Request<'_>) -> (Option<usize>, Parts) {
    let unmet = rules.iter().map(|rule| unmet_by_rule(rule, request)).enumerate();
    let nearest = unmet.min_by_key(|(_, unmet)| (unmet.len(), unmet.first()));
    nearest.map_or((None, Parts::default().with(Part::Rules)), |(rule, unmet)| (Some(rule), unmet))
}

/// The parts of an ABAC line that do not match a request.
pub(super) fn unmet_by_attribute_policy(policy: &AttributePolicy, request: &Request<'_>) -> Parts {
    let unmet = Parts::default()
        .unless(abac::matches_subject(policy, request.user, &request.groups), Part::Subject)
        .unless(abac::matches_verb(policy, request.verb), Part::Verb);
    match request.target {
        Target::Path(path) => unmet.unless(path::covers(&policy.non_resource_path, path), Part::Path),
        Target::Resource { namespace, api_group, resource, .. } => unmet
            .unless(abac::covers(&policy.namespace, namespace), Part::Namespace)
            .unless(abac::covers(&policy.resource, resource), Part::Resource)
            .unless(abac::covers(&policy.api_group, api_group), Part::ApiGroup),
    }
}
