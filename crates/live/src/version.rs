//! One state of a live policy.

use std::sync::Arc;

use rolecall_engine::Layers;
use rolecall_model::{
    AttributePolicy, AttributePolicyIndex, Authorizer, Binding, BindingIndex, Decision, Determination, Mode,
    Modes, PolicySet, Request, Role, RoleIndex, RuleListing, TooManyObjects,
};

use crate::slots::Slots;

/// One state of a live policy, which never changes.
///
/// It answers as an engine of [the same policy set](Self::to_policy_set) would. The indexes in its answers are
/// those of [`role`](Self::role), [`binding`](Self::binding) and [`attribute_policy`](Self::attribute_policy) of this
/// very version: there are gaps between them where objects were removed, and another version may count otherwise.
#[derive(Clone, Debug)]
pub struct Version {
    pub(crate) number: u64,
    pub(crate) roles: Slots<Role>,
    pub(crate) bindings: Slots<Binding>,
    pub(crate) attribute_policies: Arc<[AttributePolicy]>,
    pub(crate) chosen_modes: Option<Modes>,
    pub(crate) layers: Layers,
}

impl Version {
    /// How many steps were taken before this one.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The role at an index in an answer of this version.
    pub fn role(&self, index: RoleIndex) -> Option<&Role> {
        self.roles.get(index.position())
    }

    /// The binding at an index in an answer of this version.
    pub fn binding(&self, index: BindingIndex) -> Option<&Binding> {
        self.bindings.get(index.position())
    }

    /// The attribute policy at an index in an answer of this version.
    pub fn attribute_policy(&self, index: AttributePolicyIndex) -> Option<&AttributePolicy> {
        self.attribute_policies.get(index.position())
    }

    /// All roles, in the order of their first coming; of aggregated ones, with the rules that they hold.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.iter().map(|(_, role)| &**role)
    }

    /// All bindings, in the order of their first coming.
    pub fn bindings(&self) -> impl Iterator<Item = &Binding> {
        self.bindings.iter().map(|(_, binding)| &**binding)
    }

    /// The bytes that the tables take, those of the changes among them.
    pub fn table_bytes(&self) -> usize {
        self.layers.table_bytes()
    }

    /// The policy as a set. Cost: O(n).
    ///
    /// # Errors
    ///
    /// When there are 2³² objects of a kind or more.
    pub fn to_policy_set(&self) -> Result<PolicySet, TooManyObjects> {
        let mut builder = PolicySet::builder();
        if let Some(modes) = &self.chosen_modes {
            builder = builder.modes(modes.clone());
        }
        for role in self.roles() {
            builder.add_role(role.clone());
        }
        for binding in self.bindings() {
            builder.add_binding(binding.clone());
        }
        for policy in &*self.attribute_policies {
            builder.add_attribute_policy(policy.clone());
        }
        builder.build()
    }
}

/// The modes of a policy with so many objects: those chosen, or as [`PolicySet::modes`] has it.
pub(crate) fn modes(
    chosen: Option<&Modes>,
    roles: &Slots<Role>,
    bindings: &Slots<Binding>,
    attribute_policies: &[AttributePolicy],
) -> Modes {
    if let Some(modes) = chosen {
        return modes.clone();
    }
    let rbac = roles.filled() + bindings.filled() > 0;
    let abac = !attribute_policies.is_empty();
    Modes::new((rbac || !abac).then_some(Mode::Rbac).into_iter().chain(abac.then_some(Mode::Abac)))
}

impl Authorizer for Version {
    fn authorize(&self, request: &Request<'_>) -> Decision {
        self.layers.authorize(request)
    }

    fn determine(&self, request: &Request<'_>) -> Determination {
        self.layers.determine(request)
    }

    fn rules_for(&self, user: &str, groups: &[&str], namespace: &str) -> RuleListing {
        self.layers.rules_for(user, groups, namespace)
    }
}
