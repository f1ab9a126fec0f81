//! The answer: whole at once, told line by line.

use rolecall_model::{Binding, BindingIndex, Grant, Namespace, PolicySet, RoleIndex};

use super::{binding_index::BindingAt, rule_index::GivingRole};
use crate::{grant_scope::GrantScope, holder::Holder};

/// Everybody who can do what was asked, each as often as something gives it.
///
/// Whom a policy names is allowed *exactly* what was asked if and only if some [holding](Holding) that
/// [is exact](Holding::is_exact) is that user's, or that of one of the groups which the request carries. The
/// other holdings are of grants that give a part of it: some objects of the type by name, or one namespace
/// where all were asked about.
///
/// It holds the roles that give it, with their bindings as pieces of the index: its size is in proportion to the
/// roles, however many subjects the bindings have. Who they are is read from the policy when they are gone through.
#[derive(Clone, Debug)]
pub struct WhoCan<'a> {
    policies: &'a PolicySet,
    in_all_namespaces: bool,
    given: Vec<Given<'a>>,
    dangling: [&'a [BindingAt]; 2],
}

/// What gives it.
#[derive(Clone, Debug)]
enum Given<'a> {
    /// Something that gives it to one holder.
    Once(Holding<'a>),
    /// A role, to the subjects of these bindings.
    Role(GivingRole<'a>, [&'a [BindingAt]; 2]),
}

/// One grant to one subject.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Holding<'a> {
    /// Who.
    pub holder: Holder<'a>,
    /// Through what; of a role, the first rule that gives it.
    pub grant: Grant,
    /// Where the grant counts by itself.
    pub scope: GrantScope<'a>,
    /// No name was asked about, and only the objects of these names are given; empty: all of them.
    pub names: &'a [&'a str],
    /// All namespaces were asked about, and only this one is given.
    pub only_in: Option<&'a str>,
}

impl Holding<'_> {
    /// Whether the very request that was asked about is allowed, and not a part of it.
    pub fn is_exact(&self) -> bool {
        self.names.is_empty() && self.only_in.is_none()
    }
}

impl<'a> WhoCan<'a> {
    pub(super) fn new(policies: &'a PolicySet, in_all_namespaces: bool) -> Self {
        Self { policies, in_all_namespaces, given: Vec::new(), dangling: [&[], &[]] }
    }

    pub(super) fn add(&mut self, holding: Holding<'a>) {
        self.given.push(Given::Once(holding));
    }

    pub(super) fn reserve(&mut self, roles: usize) {
        self.given.reserve(roles);
    }

    pub(super) fn add_role(&mut self, role: GivingRole<'a>, bindings: [&'a [BindingAt]; 2]) {
        if bindings.iter().any(|bindings| !bindings.is_empty()) {
            self.given.push(Given::Role(role, bindings));
        }
    }

    pub(super) fn set_dangling(&mut self, bindings: [&'a [BindingAt]; 2]) {
        self.dangling = bindings;
    }

    /// Who, through what: mode after mode; the superuser first. Cost: in proportion to what is taken.
    pub fn holdings(&self) -> impl Iterator<Item = Holding<'_>> {
        self.given.iter().flat_map(|given| {
            let (once, role) = match given {
                Given::Once(holding) => (Some(*holding), None),
                Given::Role(role, bindings) => (None, Some((role, bindings))),
            };
            let of_role = role.into_iter().flat_map(|(role, bindings)| {
                bindings.iter().copied().flatten().flat_map(|at| self.of_binding(role, at))
            });
            once.into_iter().chain(of_role)
        })
    }

    /// Bindings that count here and give a role that is not there: nothing, until somebody makes one.
    pub fn dangling(&self) -> impl Iterator<Item = BindingIndex> {
        self.dangling.iter().copied().flatten().filter_map(|at| BindingIndex::new(at.binding as usize))
    }

    /// The holdings in the order in which they are read: whole grants before parts, then by subject; the superuser,
    /// who is in every answer, last. What is said twice is left out. Cost: that of sorting them.
    pub fn in_reading_order(&self) -> Vec<Holding<'_>> {
        let mut holdings: Vec<_> = self.holdings().collect();
        holdings.sort_by(|one, other| {
            rank(one).cmp(&rank(other)).then_with(|| place(&one.grant).cmp(&place(&other.grant)))
        });
        holdings.dedup_by(|one, other| {
            one.holder == other.holder && place(&one.grant) == place(&other.grant) && one.names == other.names
        });
        holdings
    }

    /// The subjects of a binding of a role that gives it.
    fn of_binding<'s>(
        &'s self,
        given: &'s GivingRole<'a>,
        at: &'s BindingAt,
    ) -> impl Iterator<Item = Holding<'s>> {
        let found = || {
            let index = BindingIndex::new(at.binding as usize)?;
            let binding: &Binding = self.policies.binding(index)?;
            Some((index, RoleIndex::new(given.role as usize)?, binding, GrantScope::of_binding(binding)?))
        };
        found().into_iter().flat_map(move |(index, role, binding, scope)| {
            let only_in = match scope {
                GrantScope::Namespace(namespace) if self.in_all_namespaces => Some(namespace),
                _ => None,
            };
            let namespace: Option<&Namespace> = binding.namespace.as_ref();
            binding.subjects.iter().enumerate().filter_map(move |(subject, named)| {
                Some(Holding {
                    holder: Holder::of_subject(named, namespace)?,
                    grant: Grant::Role { binding: index, subject, role, rule: given.rule as usize },
                    scope,
                    names: &given.names,
                    only_in,
                })
            })
        })
    }
}

fn rank<'a>(holding: &Holding<'a>) -> (bool, bool, Holder<'a>, GrantScope<'a>) {
    (holding.grant == Grant::Superuser, !holding.is_exact(), holding.holder, holding.scope)
}

/// Which grant it is, whichever subject of it.
fn place(grant: &Grant) -> (u8, usize) {
    match grant {
        Grant::Superuser => (0, 0),
        Grant::AlwaysAllow => (1, 0),
        Grant::Role { binding, .. } => (2, binding.position()),
        Grant::AttributePolicy(policy) => (3, policy.position()),
    }
}
