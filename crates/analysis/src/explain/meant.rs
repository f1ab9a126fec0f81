//! The role that a reference without one most likely stands for.

use rolecall_diagnostics::did_you_mean;
use rolecall_model::{Binding, PolicySet, Role, RoleRefKind};

/// How many roles are compared: more would cost more than the answer.
const COMPARED: usize = 20_000;

/// The role whose name comes nearest to the one that a binding refers to, among those that its reference
/// could mean; `None` where no name is near. Cost: a walk over the roles.
///
/// Source: `spec/authorization/rbac.md` section 5, on where a role reference looks.
pub fn role_meant<'p>(policies: &'p PolicySet, binding: &Binding) -> Option<&'p Role> {
    let namespace = match binding.role.kind {
        RoleRefKind::ClusterRole => None,
        RoleRefKind::Role => Some(binding.namespace.as_ref()?),
        RoleRefKind::Unsupported(_) => return None,
    };
    let possible =
        || policies.roles().iter().filter(|role| role.namespace.as_ref() == namespace).take(COMPARED);
    let name = did_you_mean(binding.role.name.as_str(), possible().map(|role| role.name.as_str()))?;
    possible().find(|role| role.name.as_str() == name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use rolecall_model::{Namespace, RoleRef};

    use super::*;

    #[test]
    fn only_a_role_that_could_be_referred_to_is_meant() {
        let elsewhere = Role { namespace: Some(Namespace::from("b")), ..Role::cluster("editor", []) };
        let here = Role { namespace: Some(Namespace::from("a")), ..Role::cluster("edition", []) };
        let mut builder = PolicySet::builder();
        for role in [elsewhere, here, Role::cluster("viewer", [])] {
            builder.add_role(role);
        }
        let policies = builder.build().unwrap();
        let meant = |reference: RoleRef, namespace: &str| {
            let binding = Binding {
                namespace: Some(namespace.into()).filter(|own: &Namespace| !own.as_str().is_empty()),
                ..Binding::cluster("x", reference, [])
            };
            role_meant(&policies, &binding).map(|role| role.name.as_str().to_owned())
        };
        assert_eq!(meant(RoleRef::role("edtior"), "b").as_deref(), Some("editor"));
        assert_eq!(meant(RoleRef::role("edtior"), "c"), None);
        assert_eq!(meant(RoleRef::role("veiwer"), "a"), None);
        assert_eq!(meant(RoleRef::cluster_role("veiwer"), "a").as_deref(), Some("viewer"));
        assert_eq!(meant(RoleRef::cluster_role("veiwer"), "").as_deref(), Some("viewer"));
        assert_eq!(meant(RoleRef::role("viewer"), ""), None);
    }
}
