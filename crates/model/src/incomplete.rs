//! What is left of a policy of which a part cannot be read.

use crate::{AttributePolicy, Binding, PolicySet, Role};

/// The roles, bindings and attribute policies without an error, of texts of which some part has one: to be looked at,
/// by an editor or a lint.
///
/// What is missing may take away, replace or explain what is there, so that nothing may be decided by it: no
/// authorizer is made of it, and it gives no [`PolicySet`] out.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct IncompletePolicies {
    part: PolicySet,
}

impl IncompletePolicies {
    /// Roles and ClusterRoles, in document order.
    pub fn roles(&self) -> &[Role] {
        self.part.roles()
    }

    /// RoleBindings and ClusterRoleBindings, in document order.
    pub fn bindings(&self) -> &[Binding] {
        self.part.bindings()
    }

    /// ABAC policies, in document order.
    pub fn attribute_policies(&self) -> &[AttributePolicy] {
        self.part.attribute_policies()
    }
}

impl From<PolicySet> for IncompletePolicies {
    fn from(part: PolicySet) -> Self {
        Self { part }
    }
}
