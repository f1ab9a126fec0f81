//! What can change.

use rolecall_engine::role_named_by;
use rolecall_model::{Binding, BindingName, Namespace, Role, RoleName};

/// A change of one object.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// Adds a binding, or puts it in the place of the one of the same namespace and name.
    PutBinding(Binding),
    /// Adds a role, or puts it in the place of the one of the same namespace and name.
    PutRole(Role),
    /// Removes a binding.
    RemoveBinding(BindingKey),
    /// Removes a role. Bindings of it stay, and lead nowhere.
    RemoveRole(RoleKey),
}

/// Which binding: there is one of a namespace and name.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct BindingKey {
    /// The namespace of a RoleBinding; `None` for a ClusterRoleBinding.
    pub namespace: Option<Namespace>,
    /// The name.
    pub name: BindingName,
}

impl BindingKey {
    /// The key of a binding.
    pub fn of(binding: &Binding) -> Self {
        Self { namespace: binding.namespace.clone(), name: binding.name.clone() }
    }
}

/// Which role: there is one of a namespace and name.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct RoleKey {
    /// The namespace of a Role; `None` for a ClusterRole.
    pub namespace: Option<Namespace>,
    /// The name.
    pub name: RoleName,
}

impl RoleKey {
    /// The key of a role.
    pub fn of(role: &Role) -> Self {
        Self { namespace: role.namespace.clone(), name: role.name.clone() }
    }

    /// The key of the role that a binding names, if it names what can be one.
    pub(crate) fn named_by(binding: &Binding) -> Option<Self> {
        let (namespace, name) = role_named_by(binding)?;
        Some(Self { namespace: namespace.cloned(), name: name.clone() })
    }
}
