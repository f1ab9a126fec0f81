//! Who can do something: a policy read from its roles to its subjects.

mod inverse;
pub(crate) mod path_index;

use std::sync::Arc;

use rolecall_model::{BindingIndex, Grant};

pub use self::inverse::Inverse;
use crate::{grant_scope::GrantScope, holder::Holder};

/// Everybody who can do what was asked, each as often as something gives it.
///
/// Whom a policy names is allowed *exactly* what was asked if and only if some [holding](Holding) that
/// [is exact](Holding::is_exact) is that user's, or that of one of the groups which the request carries. The
/// other holdings are of grants that give a part of it: some objects of the type by name, or one namespace
/// where all were asked about.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct WhoCan<'p> {
    /// Who, through what: mode after mode; the superuser first.
    pub holdings: Vec<Holding<'p>>,
    /// Bindings that count here and give a role that is not there: nothing, until somebody makes one.
    pub dangling: Vec<BindingIndex>,
}

/// One grant to one subject.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Holding<'p> {
    /// Who.
    pub holder: Holder<'p>,
    /// Through what; of a role, the first rule that gives it.
    pub grant: Grant,
    /// Where the grant counts by itself.
    pub scope: GrantScope<'p>,
    /// No name was asked about, and only the objects of these names are given; empty: all of them.
    pub names: Arc<[&'p str]>,
    /// All namespaces were asked about, and only this one is given.
    pub only_in: Option<&'p str>,
}

impl Holding<'_> {
    /// Whether the very request that was asked about is allowed, and not a part of it.
    pub fn is_exact(&self) -> bool {
        self.names.is_empty() && self.only_in.is_none()
    }
}

impl WhoCan<'_> {
    /// Puts the holdings in the order in which they are read: whole grants before parts, then by subject;
    /// the superuser, who is in every answer, last. What is said twice is left out.
    pub fn put_in_reading_order(&mut self) {
        self.holdings.sort_by(|one, other| {
            rank(one).cmp(&rank(other)).then_with(|| place(&one.grant).cmp(&place(&other.grant)))
        });
        self.holdings.dedup_by(|one, other| {
            one.holder == other.holder && place(&one.grant) == place(&other.grant) && one.names == other.names
        });
    }
}

fn rank<'p>(holding: &Holding<'p>) -> (bool, bool, Holder<'p>, GrantScope<'p>) {
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
