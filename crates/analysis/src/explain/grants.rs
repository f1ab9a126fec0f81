//! Which grants allow a request, and which of the others come near.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rolecall_model::{
    AttributePolicyIndex, Binding, BindingIndex, Grant, Mode, Origin, PolicySet, Request, Role, RoleIndex,
    SUPERUSER_GROUP, Target,
};
use rolecall_reference::{abac, rule, subject};

use super::{
    held::{HeldRole, HeldRoles, InOrder},
    index::GrantIndex,
    lists::merged,
    miss::{Considered, Miss, Misses, Nearness, Part, Parts, SHOWN, nearest_rule, unmet_by_attribute_policy},
};

/// How many of the other grants that allow a request are named.
pub const SHOWN_GRANTS: usize = 10;

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
    pub(super) fn plain(grant: Grant) -> Self {
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

/// The roles that the asker holds where the request is made.
#[derive(Debug)]
pub(super) struct Own<'a> {
    /// By ClusterRoleBindings.
    pub(super) everywhere: HeldRoles<'a>,
    /// By RoleBindings of the namespace.
    pub(super) here: HeldRoles<'a>,
}

/// Grants that allow a request, in the order in which they are asked.
pub(super) struct AllowingGrants<'a> {
    pub(super) count: usize,
    pub(super) grants: Box<dyn Iterator<Item = Allowing> + 'a>,
}

impl AllowingGrants<'_> {
    fn of(grants: Vec<Allowing>) -> Self {
        Self { count: grants.len(), grants: Box::new(grants.into_iter()) }
    }
}

impl<'a, 'r> Search<'a, 'r> {
    /// Every grant that allows, counted at once and made one by one. Cost: by the roles that the asker holds here,
    /// then by the grants that are read.
    pub(super) fn allowing(self) -> AllowingGrants<'a> {
        let mut all = AllowingGrants::of(Vec::new());
        let is_superuser = self.request.groups.contains(&SUPERUSER_GROUP);
        let superuser = is_superuser.then(|| AllowingGrants::of(vec![Allowing::plain(Grant::Superuser)]));
        let of_modes = self.modes().into_iter().map(|mode| match mode {
            Mode::Abac => AllowingGrants::of(self.allowing_lines()),
            Mode::AlwaysAllow => AllowingGrants::of(vec![Allowing::plain(Grant::AlwaysAllow)]),
            Mode::AlwaysDeny => AllowingGrants::of(Vec::new()),
            Mode::Rbac => self.allowing_bindings(),
        });
        for next in superuser.into_iter().chain(of_modes) {
            all.count += next.count;
            all.grants = Box::new(all.grants.chain(next.grants));
        }
        all
    }

    /// The grant with everything else of it that allows; `None` if it is none of [`allowing`](Self::allowing).
    pub(super) fn allowing_like(self, grant: Grant) -> Option<Allowing> {
        let is_asked = |mode| self.policies.modes().as_slice().contains(&mode);
        let allowing = match grant {
            Grant::AlwaysAllow => is_asked(Mode::AlwaysAllow).then(|| Allowing::plain(grant)),
            Grant::AttributePolicy(line) => {
                (is_asked(Mode::Abac) && self.is_allowing_line(line)).then(|| Allowing::plain(grant))
            }
            Grant::Role { binding, role, .. } => (is_asked(Mode::Rbac) && self.is_here(binding))
                .then(|| self.allowing_binding(binding, &self.covering_rules(role)))
                .flatten(),
            Grant::Superuser => {
                self.request.groups.contains(&SUPERUSER_GROUP).then(|| Allowing::plain(grant))
            }
        };
        allowing.filter(|allowing| allowing.grant == grant)
    }

    /// The grants that come near, and how many name the asker at all.
    pub(super) fn nearby(self, own: &Own<'_>) -> Nearby {
        let mut nearby = Nearby::default();
        for mode in self.modes() {
            match mode {
                Mode::Abac => self.add_lines(&mut nearby),
                Mode::AlwaysAllow | Mode::AlwaysDeny => {}
                Mode::Rbac => {
                    let mut roles = Roles::new(self);
                    self.add_own(own, &mut nearby);
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

    /// The roles that the asker holds here. Cost: by their number.
    pub(super) fn own(self) -> Own<'a> {
        let (user, groups) = (self.request.user, &self.request.groups);
        let namespace = Some(self.namespace()).filter(|namespace| !namespace.is_empty());
        let here = namespace.map(|_| self.index.held(user, groups, namespace));
        Own { everywhere: self.index.held(user, groups, None), here: here.unwrap_or_default() }
    }

    /// Whether a binding counts where the request is made.
    fn is_here(self, binding: BindingIndex) -> bool {
        self.policies.binding(binding).is_some_and(|binding| {
            let own = binding.namespace.as_ref();
            own.is_none_or(|own| !self.namespace().is_empty() && own.as_str() == self.namespace())
        })
    }

    fn allowing_bindings(self) -> AllowingGrants<'a> {
        // Many bindings may give one role: its rules are gone through once.
        let mut covering: HashMap<RoleIndex, Vec<usize>, RandomState> = HashMap::default();
        let own = self.own();
        let mut count = 0;
        let in_order = [&own.everywhere, &own.here].map(|held| {
            let mut lists = Vec::new();
            for held in held.iter() {
                let Some(role) = held.role() else { continue };
                if !covering.entry(role).or_insert_with(|| self.covering_rules(role)).is_empty() {
                    count += held.count();
                    lists.extend(held.lists());
                }
            }
            InOrder::of(lists.into_iter())
        });
        let grants = in_order.into_iter().flatten().filter_map(move |binding| {
            self.allowing_binding(binding, covering.get(&self.index.role(binding)?)?)
        });
        AllowingGrants { count, grants: Box::new(grants) }
    }

    /// The grant of a binding, given which rules of its role cover.
    fn allowing_binding(self, index: BindingIndex, covering: &[usize]) -> Option<Allowing> {
        let binding = self.policies.binding(index)?;
        let role = self.index.role(index)?;
        let (&rule, more_rules) = covering.split_first()?;
        let subject = subject::first_applying(binding, self.request.user, &self.request.groups)?;
        let grant = Grant::Role { binding: index, subject, role, rule };
        let more_subjects = self.subjects_after(binding, subject);
        Some(Allowing { grant, more_subjects, more_rules: more_rules.to_vec() })
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
        let lines = self.lines_of_asker().into_iter().filter(|line| self.is_allowing_line(*line));
        lines.map(|line| Allowing::plain(Grant::AttributePolicy(line))).collect()
    }

    fn is_allowing_line(self, line: AttributePolicyIndex) -> bool {
        let policy = self.policies.attribute_policy(line);
        policy.is_some_and(|policy| abac::matches(policy, self.request))
    }

    fn lines_of_asker(self) -> Vec<AttributePolicyIndex> {
        merged(&self.index.naming_lines(self.request.user, &self.request.groups), usize::MAX).0
    }

    /// The bindings that apply: what of their roles does not cover the request.
    fn add_own(self, own: &Own<'_>, nearby: &mut Nearby) {
        let mut nearest: HashMap<RoleIndex, (Option<usize>, Parts), RandomState> = HashMap::default();
        for (cluster_wide, held) in [(true, &own.everywhere), (false, &own.here)] {
            for held in held.iter() {
                let count = held.count();
                if cluster_wide {
                    nearby.naming_bindings += count;
                }
                let of_role = held.role().and_then(|index| Some((index, self.policies.role(index)?)));
                let (rule, unmet) = match of_role {
                    Some((index, role)) => {
                        *nearest.entry(index).or_insert_with(|| nearest_rule(&role.rules, self.request))
                    }
                    None => (None, Parts::default().with(Part::Role)),
                };
                if unmet.is_empty() {
                    continue;
                }
                let may_be_built_in = of_role.is_none_or(|(_, role)| role.origin == Origin::BuiltIn);
                // All are counted with the first.
                let mut count = count;
                for (binding, built_in) in self.nearest_bindings(held, may_be_built_in) {
                    let considered = Considered::Binding { binding, role: held.role(), rule };
                    let nearness = Nearness { built_in, cluster_wide, considered };
                    nearby.misses.add(Miss { considered, unmet }, count, nearness);
                    count = 0;
                }
            }
        }
    }

    /// The first bindings that give a role, each with whether it is built in: these come behind the others.
    fn nearest_bindings(self, held: HeldRole<'_, '_>, may_be_built_in: bool) -> Vec<(BindingIndex, bool)> {
        let (mut nearest, mut built_in) = (Vec::with_capacity(SHOWN), Vec::new());
        for index in InOrder::of(held.lists()) {
            let origin = self.policies.binding(index).filter(|_| may_be_built_in);
            if origin.is_some_and(|binding| binding.origin == Origin::BuiltIn) {
                built_in.push((index, true));
            } else {
                nearest.push((index, false));
                if nearest.len() == SHOWN {
                    break;
                }
            }
        }
        nearest.extend(built_in.into_iter().take(SHOWN - nearest.len()));
        nearest
    }

    /// The asker's bindings in other namespaces that would allow it there.
    fn add_elsewhere(self, roles: &mut Roles<'a, 'r>, nearby: &mut Nearby) {
        let (user, groups) = (self.request.user, &self.request.groups);
        let lists = self.index.naming_in_namespaces(user, groups);
        let (elsewhere, left_out) = merged(&lists, FARTHER_BINDINGS);
        nearby.naming_bindings += elsewhere.len() + left_out;
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
