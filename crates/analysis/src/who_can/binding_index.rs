//! Bindings by the role that they give.

use std::ops::Range;

use super::Asked;

/// Bindings by their role, and those whose role is not there.
#[derive(Clone, Debug, Default)]
pub(super) struct BindingsByRole {
    /// Sorted by role and namespace.
    bindings: Vec<BindingAt>,
    /// Where the bindings of each role stand among them.
    of_roles: Vec<Range<usize>>,
    /// Those whose role is not there, sorted by namespace.
    dangling: Vec<BindingAt>,
}

/// A binding in a namespace, by its role.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct BindingAt {
    pub(super) role: u32,
    pub(super) namespace: u32,
    pub(super) binding: u32,
}

impl BindingsByRole {
    pub(super) fn new(roles: usize, mut bindings: Vec<BindingAt>, mut dangling: Vec<BindingAt>) -> Self {
        bindings.sort_unstable();
        dangling.sort_unstable();
        let mut of_roles = vec![0..0; roles];
        let mut start = 0;
        for of_role in bindings.chunk_by(|one, other| one.role == other.role) {
            let range = start..start + of_role.len();
            start = range.end;
            let place = of_role.first().and_then(|at| of_roles.get_mut(at.role as usize));
            if let Some(place) = place {
                *place = range;
            }
        }
        Self { bindings, of_roles, dangling }
    }

    /// The bindings of a role that count.
    pub(super) fn of_role(&self, role: u32, asked: Asked) -> [&[BindingAt]; 2] {
        let range = self.of_roles.get(role as usize).cloned().unwrap_or_default();
        asked.of(self.bindings.get(range).unwrap_or_default(), |at| at.namespace)
    }

    /// The bindings that count and whose role is not there.
    pub(super) fn dangling(&self, asked: Asked) -> [&[BindingAt]; 2] {
        asked.of(&self.dangling, |at| at.namespace)
    }
}
