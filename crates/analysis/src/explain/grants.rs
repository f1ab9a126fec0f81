//! Which grants allow a request, and which of the others come near.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rolecall_model::{
    AttributePolicyIndex, Binding, BindingIndex, Grant, Mode, Origin, PolicySet, Request, Role, RoleIndex,
    SUPERUSER_GROUP, Target,
};
use rolecall_reference::{abac, rule, subject};

use super::{
    index::{GrantIndex, merged},
    miss::{Considered, Miss, Misses, Nearness, Part, Parts, nearest_rule, unmet_by_attribute_policy},
};

/// How many bindings that are for others, or for elsewhere, are looked at.
const FARTHER_BINDINGS: usize = 1_000;

/// How many rules of roles that the asker does not have here are looked at.
const FARTHER_RULES: usize = 2_000;

/// How many ABAC lines that are for others are looked at.
const FARTHER_LINES: usize = 500;

/// A grant that allows a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Allowing {
    /// The grant: of a binding its first subject that applies and the first rule that covers.
    pub grant: Grant,
    /// The binding's other subjects that apply.
    pub more_subjects: Vec<usize>,
    /// The role's other rules that cover the request.
    pub more_rules: Vec<usize>,
}

impl Allowing {
    fn plain(grant: Grant) -> Self {
        Self { grant, more_subjects: Vec::new(), more_rules: Vec::new() }
    }
}

/// One request against one policy set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search<'a, 'r> {
    pub(super) policies: &'a PolicySet,
    pub(super) index: &'a GrantIndex,
    pub(super) request: &'a Request<'r>,
}

/// What was found on the way to the grants that do not allow.
#[derive(Debug, Default)]
pub(super) struct Nearby {
    pub(super) misses: Misses,
    /// How many bindings name the asker, here or elsewhere.
    pub(super) naming_bindings: usize,
    /// How many ABAC lines name the asker.
    pub(super) naming_lines: usize,
    /// How many bindings and lines that might have come near were left out.
    pub(super) left_out: usize,
}

impl<'a, 'r> Search<'a, 'r> {
    /// Every grant that allows, in the order in which they are asked.
    pub(super) fn allowing(self) -> Vec<Allowing> {
        let mut all = Vec::new();
        if self.request.groups.contains(&SUPERUSER_GROUP) {
            all.push(Allowing::plain(Grant::Superuser));
        }
        for mode in self.modes() {
            match mode {
                Mode::Abac => all.extend(self.allowing_lines()),
                Mode::AlwaysAllow => all.push(Allowing::plain(Grant::AlwaysAllow)),
                Mode::AlwaysDeny => {}
                Mode::Rbac => all.extend(self.allowing_bindings()),
            }
        }
        all
    }

    /// The grants that come near, and how many name the asker at all.
    pub(super) fn nearby(self, applying: &[(BindingIndex, usize)]) -> Nearby {
        let mut nearby = Nearby::default();
        for mode in self.modes() {
            match mode {
                Mode::Abac => self.add_lines(&mut nearby),
                Mode::AlwaysAllow | Mode::AlwaysDeny => {}
                Mode::Rbac => {
                    let mut roles = Roles::new(self);
                    self.add_applying(applying, &mut nearby);
                    self.add_elsewhere(&mut roles, &mut nearby);
                    self.add_of_others(&mut roles, &mut nearby);
                }
            }
        }
        nearby
    }

    /// The modes in order; one that is asked again has nothing to add.
    fn modes(self) -> Vec<Mode> {
        let mut modes = Vec::new();
        for &mode in self.policies.modes().as_slice() {
            if !modes.contains(&mode) {
                modes.push(mode);
            }
        }
        modes
    }

    /// The bindings that apply, in the order of evaluation.
    pub(super) fn applying(self) -> Vec<(BindingIndex, usize)> {
        let (user, groups) = (self.request.user, &self.request.groups);
        let (mut all, _) = merged(&self.index.cluster_wide.lists(user, groups), usize::MAX);
        let namespace = self.namespace();
        if !namespace.is_empty() {
            let here = self.index.bindings_in(namespace);
            let lists = self.index.namespaced.lists(user, groups);
            // Whichever is fewer: what is for the asker anywhere, or what is here for anybody.
            let is_here = |binding: &BindingIndex| {
                let binding = self.policies.binding(*binding);
                binding
                    .and_then(|binding| binding.namespace.as_ref())
                    .is_some_and(|own| own.as_str() == namespace)
            };
            let in_namespace = if lists.iter().map(|list| list.len()).sum::<usize>() < here.len() {
                let (mut own, _) = merged(&lists, usize::MAX);
                own.retain(is_here);
                own
            } else {
                let mut here = here.to_vec();
                here.sort_unstable();
                here
            };
            all.extend(in_namespace);
        }
        let with_subject = all.into_iter().filter_map(|index| {
            Some((index, subject::first_applying(self.policies.binding(index)?, user, groups)?))
        });
        with_subject.collect()
    }

    fn allowing_bindings(self) -> Vec<Allowing> {
        // Many bindings may give one role: its rules are gone through once.
        let mut covering: HashMap<RoleIndex, Vec<usize>, RandomState> = HashMap::default();
        let grants = self.applying().into_iter().filter_map(|(binding, subject)| {
            let role = self.index.role(binding)?;
            let covering = covering.entry(role).or_insert_with(|| self.covering_rules(role));
            let (&rule, more_rules) = covering.split_first()?;
            let more_subjects = self.subjects_after(self.policies.binding(binding)?, subject);
            let grant = Grant::Role { binding, subject, role, rule };
            Some(Allowing { grant, more_subjects, more_rules: more_rules.to_vec() })
        });
        grants.collect()
    }

    fn covering_rules(self, role: RoleIndex) -> Vec<usize> {
        let rules = self.policies.role(role).map_or(&[][..], |role| &role.rules);
        let covering = (0..).zip(rules).filter(|(_, rule)| rule::covers(rule, self.request));
        covering.map(|(rule, _)| rule).collect()
    }

    fn subjects_after(self, binding: &Binding, first: usize) -> Vec<usize> {
        let later = (0..).zip(&binding.subjects).skip(first + 1);
        let (user, groups) = (self.request.user, &self.request.groups);
        later
            .filter(|(_, subject)| subject::applies(subject, binding.namespace.as_ref(), user, groups))
            .map(|(position, _)| position)
            .collect()
    }

    fn allowing_lines(self) -> Vec<Allowing> {
        let lines = self.lines_of_asker().into_iter();
        lines
            .filter(|line| {
                self.policies
                    .attribute_policy(*line)
                    .is_some_and(|policy| abac::matches(policy, self.request))
            })
            .map(|line| Allowing::plain(Grant::AttributePolicy(line)))
            .collect()
    }

    fn lines_of_asker(self) -> Vec<AttributePolicyIndex> {
        let lists = self.index.attribute_policies.lists(self.request.user, &self.request.groups);
        merged(&lists, usize::MAX).0
    }

    /// The bindings that apply: what of their roles does not cover the request.
    fn add_applying(self, applying: &[(BindingIndex, usize)], nearby: &mut Nearby) {
        // Many bindings may give one role: its rules are gone through once.
        let mut nearest: HashMap<RoleIndex, (Option<usize>, Parts), RandomState> = HashMap::default();
        for &(binding, _) in applying {
            let role = self.index.role(binding);
            let of_role = role.and_then(|index| Some((index, self.policies.role(index)?)));
            let (rule, unmet) = match of_role {
                Some((index, role)) => {
                    *nearest.entry(index).or_insert_with(|| nearest_rule(&role.rules, self.request))
                }
                None => (None, Parts::default().with(Part::Role)),
            };
            if !unmet.is_empty() {
                let considered = Considered::Binding { binding, role, rule };
                self.add(Miss { considered, unmet }, 1, nearby);
            }
        }
    }

    /// The asker's bindings in other namespaces that would allow it there.
    fn add_elsewhere(self, roles: &mut Roles<'a, 'r>, nearby: &mut Nearby) {
        let (user, groups) = (self.request.user, &self.request.groups);
        let everywhere = self.index.cluster_wide.lists(user, groups);
        let (everywhere, _) = merged(&everywhere, usize::MAX);
        let lists = self.index.namespaced.lists(user, groups);
        let (elsewhere, left_out) = merged(&lists, FARTHER_BINDINGS);
        nearby.naming_bindings += everywhere.len() + elsewhere.len() + left_out;
        nearby.left_out += left_out;
        for index in elsewhere {
            let Some(binding) = self.policies.binding(index) else { continue };
            let here = binding.namespace.as_ref().is_some_and(|own| own.as_str() == self.namespace());
            if here && !self.namespace().is_empty() {
                continue;
            }
            let Some(role) = self.index.role(index) else { continue };
            if let Some(rule) = roles.covering_rule(role)
                && subject::first_applying(binding, user, groups).is_some()
                && matches!(self.request.target, Target::Resource { .. })
            {
                let considered = Considered::Binding { binding: index, role: Some(role), rule: Some(rule) };
                self.add(Miss { considered, unmet: Parts::default().with(Part::Namespace) }, 1, nearby);
            }
        }
    }

    /// Bindings that count here and would allow it to somebody else.
    fn add_of_others(self, roles: &mut Roles<'a, 'r>, nearby: &mut Nearby) {
        let namespace = Some(self.namespace()).filter(|namespace| !namespace.is_empty());
        let scopes = [namespace.map(Some), Some(None)];
        for (role, bindings) in scopes.into_iter().flatten().flat_map(|scope| self.index.roles_in(scope)) {
            let Some(rule) = roles.covering_rule(role) else { continue };
            // None of them applies, or the request would be allowed: one is named, all are counted.
            let Some(&binding) = bindings.iter().find(|binding| {
                self.policies.binding(**binding).is_some_and(|binding| !binding.subjects.is_empty())
            }) else {
                continue;
            };
            let considered = Considered::Binding { binding, role: Some(role), rule: Some(rule) };
            let unmet = Parts::default().with(Part::Subject);
            self.add(Miss { considered, unmet }, bindings.len(), nearby);
        }
        nearby.left_out += roles.left_out;
    }

    /// ABAC lines for the asker, and those that would allow it to somebody else.
    fn add_lines(self, nearby: &mut Nearby) {
        let own = self.lines_of_asker();
        let all = self.policies.attribute_policies();
        let others = (0..all.len()).filter_map(AttributePolicyIndex::new).take(FARTHER_LINES);
        nearby.left_out += all.len().saturating_sub(FARTHER_LINES);
        for (index, is_own) in own.iter().map(|&own| (own, true)).chain(others.map(|other| (other, false))) {
            let Some(policy) = self.policies.attribute_policy(index) else { continue };
            let unmet = unmet_by_attribute_policy(policy, self.request);
            let for_asker = !unmet.contains(Part::Subject);
            nearby.naming_lines += usize::from(is_own && for_asker);
            // A line for others is near if nothing but that is missing.
            let near = if is_own { for_asker } else { unmet.only() == Some(Part::Subject) };
            if near && !unmet.is_empty() {
                self.add(Miss { considered: Considered::AttributePolicy(index), unmet }, 1, nearby);
            }
        }
    }

    fn add(self, miss: Miss, count: usize, nearby: &mut Nearby) {
        let (built_in, cluster_wide) = match miss.considered {
            Considered::AttributePolicy(_) => (false, false),
            Considered::Binding { binding, role, .. } => {
                let is_built_in = |origin: Option<Origin>| origin == Some(Origin::BuiltIn);
                let binding = self.policies.binding(binding);
                let role = role.and_then(|role| self.policies.role(role));
                (
                    is_built_in(binding.map(|binding| binding.origin))
                        && role.is_none_or(|role| role.origin == Origin::BuiltIn),
                    binding.is_some_and(|binding| binding.namespace.is_none()),
                )
            }
        };
        let nearness = Nearness { built_in, cluster_wide, considered: miss.considered };
        nearby.misses.add(miss, count, nearness);
    }

    /// A path has no namespace.
    pub(super) fn namespace(self) -> &'r str {
        match self.request.target {
            Target::Path(_) => "",
            Target::Resource { namespace, .. } => namespace,
        }
    }
}

/// Which roles cover the request, each asked once and only so many in all.
struct Roles<'a, 'r> {
    search: Search<'a, 'r>,
    known: HashMap<RoleIndex, Option<usize>, RandomState>,
    rules: usize,
    left_out: usize,
}

impl<'a, 'r> Roles<'a, 'r> {
    fn new(search: Search<'a, 'r>) -> Self {
        Self { search, known: HashMap::default(), rules: 0, left_out: 0 }
    }

    /// The first rule of the role that covers the request.
    fn covering_rule(&mut self, index: RoleIndex) -> Option<usize> {
        if let Some(known) = self.known.get(&index) {
            return *known;
        }
        let role: &Role = self.search.policies.role(index)?;
        if self.rules > FARTHER_RULES {
            self.left_out += 1;
            return None;
        }
        self.rules += role.rules.len();
        let covering = role.rules.iter().position(|rule| rule::covers(rule, self.search.request));
        self.known.insert(index, covering);
        covering
    }
}
