//! A policy with what lints ask of it again and again: which role a binding gives, who is bound to a role.

use std::collections::HashMap;

use rolecall_model::{
    AttributePolicy, Binding, IncompletePolicies, Origin, PolicySet, Role, RoleRefKind, Rule, Subject,
};
use rolecall_reference::subject::effective_namespace;

use super::Facts;

/// A policy set and its references, followed once.
#[derive(Debug)]
pub(super) struct Policy<'a> {
    pub(super) roles: &'a [Role],
    pub(super) bindings: &'a [Binding],
    pub(super) attribute_policies: &'a [AttributePolicy],
    /// Whether that is all there is: if not, nothing may be said to be missing.
    pub(super) is_complete: bool,
    pub(super) facts: &'a Facts<'a>,
    /// The role of each binding, by number.
    role_of: Vec<Option<usize>>,
    /// The bindings of each role, by number.
    bindings_of: Vec<Vec<usize>>,
}

impl<'a> Policy<'a> {
    pub(super) fn new(set: &'a PolicySet, facts: &'a Facts<'a>) -> Self {
        Self::of(set.roles(), set.bindings(), set.attribute_policies(), facts)
    }

    pub(super) fn incomplete(part: &'a IncompletePolicies, facts: &'a Facts<'a>) -> Self {
        let all = Self::of(part.roles(), part.bindings(), part.attribute_policies(), facts);
        Self { is_complete: false, ..all }
    }

    fn of(
        roles: &'a [Role],
        bindings: &'a [Binding],
        attribute_policies: &'a [AttributePolicy],
        facts: &'a Facts<'a>,
    ) -> Self {
        let numbers: HashMap<_, _> = roles
            .iter()
            .enumerate()
            .map(|(number, role)| {
                (
                    (
                        role.namespace.as_ref().map_or("", |name| name.as_str()),
                        role.kind(),
                        role.name.as_str(),
                    ),
                    number,
                )
            })
            .collect();
        let mut bindings_of = vec![Vec::new(); roles.len()];
        let role_of = bindings
            .iter()
            .enumerate()
            .map(|(number, binding)| {
                let name = binding.role.name.as_str();
                let role = match (&binding.role.kind, &binding.namespace) {
                    (RoleRefKind::ClusterRole, _) => numbers.get(&("", "ClusterRole", name)),
                    (RoleRefKind::Role, Some(namespace)) => numbers.get(&(namespace.as_str(), "Role", name)),
                    (RoleRefKind::Role, None) | (RoleRefKind::Unsupported(_), _) => None,
                };
                if let Some(bindings) = role.and_then(|&role| bindings_of.get_mut(role)) {
                    bindings.push(number);
                }
                role.copied()
            })
            .collect();
        Self { roles, bindings, attribute_policies, is_complete: true, facts, role_of, bindings_of }
    }

    /// Every rule that stands in the text of its role, with its number; what aggregation gathered stands
    /// in the text of another.
    pub(super) fn written_rules(&self) -> impl Iterator<Item = (&'a Role, usize, &'a Rule)> {
        self.roles.iter().filter(|role| role.aggregation.is_none()).flat_map(|role| {
            role.rules
                .iter()
                .enumerate()
                .filter(|(_, rule)| rule.origin.span().is_some())
                .map(move |(number, rule)| (role, number, rule))
        })
    }

    /// Every binding that stands in a text.
    pub(super) fn written_bindings(&self) -> impl Iterator<Item = &'a Binding> {
        self.bindings.iter().filter(|binding| binding.origin.span().is_some())
    }

    /// The number of the role that a binding gives, if it is there.
    pub(super) fn role_number(&self, binding: usize) -> Option<usize> {
        self.role_of.get(binding).copied().flatten()
    }

    /// Whether any binding gives a role.
    pub(super) fn is_bound(&self, role: usize) -> bool {
        self.bindings_of.get(role).is_some_and(|bindings| !bindings.is_empty())
    }

    /// The bindings that give a role to somebody and that no cluster has of itself.
    pub(super) fn grants_of(&self, role: usize) -> Vec<&'a Binding> {
        self.bindings_of
            .get(role)
            .into_iter()
            .flatten()
            .filter_map(|&binding| self.bindings.get(binding))
            .filter(|binding| !binding.subjects.is_empty() && !self.is_default_binding(binding))
            .collect()
    }

    /// Whether every cluster has a role of this name from its start.
    pub(super) fn is_default_role(&self, role: &Role) -> bool {
        role.origin == Origin::BuiltIn
            || self.is_default(role.kind(), role.namespace.as_ref().map(AsRef::as_ref), role.name.as_str())
    }

    /// Whether every cluster has a binding of this name from its start.
    pub(super) fn is_default_binding(&self, binding: &Binding) -> bool {
        binding.origin == Origin::BuiltIn
            || self.is_default(
                binding.kind(),
                binding.namespace.as_ref().map(AsRef::as_ref),
                binding.name.as_str(),
            )
    }

    fn is_default(&self, kind: &'static str, namespace: Option<&str>, name: &str) -> bool {
        self.facts.defaults.contains(&(kind, namespace.unwrap_or("").to_owned(), name.to_owned()))
    }
}

/// A subject in the words of a message.
pub(super) fn who(subject: &Subject, binding: &Binding) -> String {
    match subject {
        Subject::Group(name) => format!("group {name}"),
        Subject::ServiceAccount { namespace, name } => {
            format!("service account {}/{name}", effective_namespace(namespace, binding.namespace.as_ref()))
        }
        Subject::Unknown { kind, name } => format!("{kind} {name}"),
        Subject::User(name) => format!("user {name}"),
    }
}
