//! A whole policy.

use std::{collections::HashMap, fmt};

use crate::{
    AttributePolicy, Binding, BindingName, Mode, Modes, Namespace, Role, RoleName, RoleRef, Rule, Subject,
};

macro_rules! indexes {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(u32);

        impl $name {
            /// The index of a position, if it fits: a policy set never holds more.
            pub fn new(position: usize) -> Option<Self> {
                u32::try_from(position).ok().map(Self)
            }

            /// The position.
            pub fn position(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

indexes! {
    /// A position in [`PolicySet::roles`].
    RoleIndex
    /// A position in [`PolicySet::bindings`].
    BindingIndex
    /// A position in [`PolicySet::attribute_policies`].
    AttributePolicyIndex
}

/// Roles, bindings and attribute policies that are asked together.
///
/// Every kind stands in document order. There is one role of a namespace and name, one binding likewise:
/// the builder lets a later one take an earlier one's place, as `kubectl apply` does.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PolicySet {
    roles: Vec<Role>,
    bindings: Vec<Binding>,
    attribute_policies: Vec<AttributePolicy>,
    modes: Option<Modes>,
}

impl PolicySet {
    /// Starts an empty policy set.
    pub fn builder() -> PolicySetBuilder {
        PolicySetBuilder::default()
    }

    /// All Roles and ClusterRoles, in document order.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// All RoleBindings and ClusterRoleBindings, in document order.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// All ABAC policies, in document order.
    pub fn attribute_policies(&self) -> &[AttributePolicy] {
        &self.attribute_policies
    }

    /// Which authorizers are asked, in which order: what the builder was told, or else whatever was
    /// loaded, RBAC before ABAC (RBAC alone for an empty policy set).
    pub fn modes(&self) -> Modes {
        if let Some(modes) = &self.modes {
            return modes.clone();
        }
        let rbac = !self.roles.is_empty() || !self.bindings.is_empty();
        let abac = !self.attribute_policies.is_empty();
        Modes::new((rbac || !abac).then_some(Mode::Rbac).into_iter().chain(abac.then_some(Mode::Abac)))
    }

    /// Which authorizers are asked, if the builder was told.
    pub fn chosen_modes(&self) -> Option<&Modes> {
        self.modes.as_ref()
    }

    /// The role at an index of this policy set.
    pub fn role(&self, index: RoleIndex) -> Option<&Role> {
        self.roles.get(index.position())
    }

    /// The binding at an index of this policy set.
    pub fn binding(&self, index: BindingIndex) -> Option<&Binding> {
        self.bindings.get(index.position())
    }

    /// The attribute policy at an index of this policy set.
    pub fn attribute_policy(&self, index: AttributePolicyIndex) -> Option<&AttributePolicy> {
        self.attribute_policies.get(index.position())
    }
}

/// Gathers a policy set. Aggregated ClusterRoles have to be resolved before (see
/// `rolecall_kubernetes::aggregation`): their rules are taken as they are.
#[derive(Clone, Debug, Default)]
pub struct PolicySetBuilder {
    set: PolicySet,
    role_places: HashMap<(Option<Namespace>, RoleName), usize>,
    binding_places: HashMap<(Option<Namespace>, BindingName), usize>,
}

impl PolicySetBuilder {
    /// Adds a role; one of the same namespace and name is replaced in its place.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        self.add_role(role);
        self
    }

    /// Adds a ClusterRole.
    #[must_use]
    pub fn cluster_role(self, name: impl Into<RoleName>, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.role(Role::cluster(name, rules))
    }

    /// Adds a binding; one of the same namespace and name is replaced in its place.
    #[must_use]
    pub fn binding(mut self, binding: Binding) -> Self {
        self.add_binding(binding);
        self
    }

    /// Adds a ClusterRoleBinding to a ClusterRole.
    #[must_use]
    pub fn cluster_role_binding(
        self,
        name: impl Into<BindingName>,
        role: impl Into<RoleName>,
        subjects: impl IntoIterator<Item = Subject>,
    ) -> Self {
        self.binding(Binding::cluster(name, RoleRef::cluster_role(role), subjects))
    }

    /// Adds a RoleBinding; the role reference says whether to a Role or a ClusterRole.
    #[must_use]
    pub fn role_binding(
        self,
        namespace: impl Into<Namespace>,
        name: impl Into<BindingName>,
        role: RoleRef,
        subjects: impl IntoIterator<Item = Subject>,
    ) -> Self {
        self.binding(Binding::namespaced(namespace, name, role, subjects))
    }

    /// Adds an attribute policy.
    #[must_use]
    pub fn attribute_policy(mut self, policy: AttributePolicy) -> Self {
        self.add_attribute_policy(policy);
        self
    }

    /// Sets which authorizers are asked, and in which order.
    #[must_use]
    pub fn modes(mut self, modes: Modes) -> Self {
        self.set.modes = Some(modes);
        self
    }

    /// Adds a role, or puts it in the place of the one of the same namespace and name, which is returned.
    pub fn add_role(&mut self, role: Role) -> Option<Role> {
        let key = (role.namespace.clone(), role.name.clone());
        let place = *self.role_places.entry(key).or_insert(self.set.roles.len());
        match self.set.roles.get_mut(place) {
            Some(earlier) => Some(std::mem::replace(earlier, role)),
            None => {
                self.set.roles.push(role);
                None
            }
        }
    }

    /// Adds a binding, or puts it in the place of the one of the same namespace and name, which is
    /// returned.
    pub fn add_binding(&mut self, binding: Binding) -> Option<Binding> {
        let key = (binding.namespace.clone(), binding.name.clone());
        let place = *self.binding_places.entry(key).or_insert(self.set.bindings.len());
        match self.set.bindings.get_mut(place) {
            Some(earlier) => Some(std::mem::replace(earlier, binding)),
            None => {
                self.set.bindings.push(binding);
                None
            }
        }
    }

    /// Adds an attribute policy behind the others.
    pub fn add_attribute_policy(&mut self, policy: AttributePolicy) {
        self.set.attribute_policies.push(policy);
    }

    /// The roles so far, in document order.
    pub fn roles(&self) -> &[Role] {
        &self.set.roles
    }

    /// Gives a role other rules: what aggregation does once all roles are there.
    pub fn replace_rules(&mut self, index: RoleIndex, rules: Vec<Rule>) {
        if let Some(role) = self.set.roles.get_mut(index.position()) {
            role.rules = rules;
        }
    }

    /// Whether a role of this namespace (`None`: a ClusterRole) and name was added.
    pub fn has_role(&self, namespace: Option<&Namespace>, name: &RoleName) -> bool {
        self.role_places.contains_key(&(namespace.cloned(), name.clone()))
    }

    /// Whether a binding of this namespace (`None`: a ClusterRoleBinding) and name was added.
    pub fn has_binding(&self, namespace: Option<&Namespace>, name: &BindingName) -> bool {
        self.binding_places.contains_key(&(namespace.cloned(), name.clone()))
    }

    /// The finished policy set.
    ///
    /// # Errors
    ///
    /// When there are 2³² objects of a kind or more: their indexes have 32 bits.
    pub fn build(self) -> Result<PolicySet, TooManyObjects> {
        let PolicySet { roles, bindings, attribute_policies, .. } = &self.set;
        let counts = [
            ("roles", roles.len()),
            ("bindings", bindings.len()),
            ("ABAC policies", attribute_policies.len()),
        ];
        for (kind, count) in counts {
            if u32::try_from(count).is_err() {
                return Err(TooManyObjects { kind, count });
            }
        }
        Ok(self.set)
    }
}

/// A policy set with more objects of a kind than can be counted in 32 bits.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TooManyObjects {
    kind: &'static str,
    count: usize,
}

impl TooManyObjects {
    /// So many objects of a kind.
    pub fn new(kind: &'static str, count: usize) -> Self {
        Self { kind, count }
    }
}

impl fmt::Display for TooManyObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} are too many: a policy set holds fewer than {} of a kind",
            self.count,
            self.kind,
            1u64 << 32
        )
    }
}

impl std::error::Error for TooManyObjects {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_object_of_the_same_name_takes_the_place_of_the_earlier() {
        let set = PolicySet::builder()
            .cluster_role("a", [])
            .cluster_role("b", [])
            .cluster_role("a", [Rule::paths(["get"], ["/"])])
            .role(Role::namespaced("n", "a", []))
            .build()
            .unwrap();
        let names: Vec<_> =
            set.roles().iter().map(|role| (role.kind(), role.name.as_str(), role.rules.len())).collect();
        assert_eq!(names, [("ClusterRole", "a", 1), ("ClusterRole", "b", 0), ("Role", "a", 0)]);
    }

    #[test]
    fn without_a_word_about_modes_rbac_comes_before_abac_and_only_what_was_loaded() {
        assert_eq!(PolicySet::default().modes(), Modes::new([Mode::Rbac]));
        let set = PolicySet::builder().cluster_role("a", []).build().unwrap();
        assert_eq!(set.modes(), Modes::new([Mode::Rbac]));
    }
}
