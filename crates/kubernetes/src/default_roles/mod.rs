//! Kubernetes' own roles and bindings, as an API server of version 1.36 makes them at its start.
//!
//! Most manifests refer to some of them and few contain them. Each table stands in a file of its own; how they
//! are written, in `table`. A test holds them against what Kubernetes' own code says
//! (`conformance/bootstrap`).

mod bindings;
mod components;
mod controllers;
mod namespaced;
mod recognition;
mod table;
mod user_facing;

use rolecall_model::{Binding, Role};

pub use self::recognition::{is_default_binding, is_default_rule};
use self::table::DefaultRole;

/// All default ClusterRoles, then all default Roles, with [`Origin::BuiltIn`](rolecall_model::Origin::BuiltIn).
/// Aggregated ones carry their selectors and no rules.
///
/// ```
/// let roles = rolecall_kubernetes::default_roles::roles();
/// assert!(roles.iter().any(|role| role.name.as_str() == "view" && role.aggregation.is_some()));
/// ```
pub fn roles() -> Vec<Role> {
    tables().map(DefaultRole::to_role).collect()
}

/// All default ClusterRoleBindings, then all default RoleBindings, likewise.
pub fn bindings() -> Vec<Binding> {
    bindings::all()
}

fn tables() -> impl Iterator<Item = DefaultRole> {
    [user_facing::USER_FACING, components::COMPONENTS, controllers::CONTROLLERS, namespaced::NAMESPACED]
        .into_iter()
        .flatten()
        .copied()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rolecall_model::{Origin, RoleRefKind};

    use super::*;

    #[test]
    fn every_role_and_binding_is_named_once_and_every_binding_finds_its_role() {
        let names: HashSet<_> =
            roles().into_iter().map(|role| (role.kind(), role.namespace, role.name)).collect();
        assert_eq!(names.len(), roles().len());

        let bindings = bindings();
        let places: HashSet<_> =
            bindings.iter().map(|binding| (binding.namespace.clone(), binding.name.clone())).collect();
        assert_eq!(places.len(), bindings.len());
        for binding in bindings {
            let namespace = binding.namespace.filter(|_| binding.role.kind == RoleRefKind::Role);
            let role = (binding.role.kind.as_str(), namespace, binding.role.name);
            assert!(
                names.iter().any(|name| (name.0, &name.1, &name.2) == (role.0, &role.1, &role.2)),
                "{role:?}"
            );
        }
    }

    #[test]
    fn everything_says_that_it_is_built_in() {
        assert!(bindings().iter().all(|binding| binding.origin == Origin::BuiltIn));
        for role in roles() {
            assert_eq!(role.origin, Origin::BuiltIn);
            assert!(role.rules.iter().all(|rule| rule.origin == Origin::BuiltIn));
            assert!(role.aggregation.is_some() || !role.rules.is_empty(), "{}", role.name);
            assert_eq!(role.labels["kubernetes.io/bootstrapping"], "rbac-defaults");
        }
    }
}
