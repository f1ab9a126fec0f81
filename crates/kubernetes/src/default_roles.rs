//! Kubernetes' own roles and bindings, as an API server of version 1.36 makes them at its start.

use rolecall_model::{Binding, Role};

/// All default Roles and ClusterRoles, with [`Origin::BuiltIn`](rolecall_model::Origin::BuiltIn).
/// Aggregated ones carry their selectors and no rules.
pub fn roles() -> Vec<Role> {
    Vec::new()
}

/// All default RoleBindings and ClusterRoleBindings, likewise.
pub fn bindings() -> Vec<Binding> {
    Vec::new()
}
