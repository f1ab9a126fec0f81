//! What requests are aimed at: a policy, with its texts gathered kind by kind.

use std::collections::HashMap;

use rolecall_model::{
    ApiGroup, Binding, GroupName, Namespace, PathPattern, PolicySet, ResourceName, ResourcePattern, Role,
    RoleName, RoleRefKind, Subject, UserName, Verb, Wild,
};

use crate::vocabulary::{
    API_GROUPS, GROUPS, NAMESPACES, PATHS, RESOURCE_NAMES, RESOURCES, SUBRESOURCES, USERS, VERBS,
};

/// A policy and all of its texts, gathered once to draw many requests from.
#[derive(Clone, Debug)]
pub struct Aim {
    policies: PolicySet,
    roles: HashMap<(Option<Namespace>, RoleName), usize>,
    pub(crate) verbs: Pool,
    pub(crate) api_groups: Pool,
    pub(crate) resources: Pool,
    pub(crate) subresources: Pool,
    pub(crate) names: Pool,
    pub(crate) namespaces: Pool,
    pub(crate) paths: Pool,
    pub(crate) users: Pool,
    pub(crate) groups: Pool,
}

/// Texts of one kind: those of the policy, then those that are odd in any policy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool(Vec<String>);

impl Aim {
    /// Aims at a policy.
    pub fn at(policies: &PolicySet) -> Self {
        let key = |role: &Role| (role.namespace.clone(), role.name.clone());
        let roles = policies.roles().iter().enumerate().map(|(position, role)| (key(role), position));
        let mut aim = Self {
            policies: policies.clone(),
            roles: roles.collect(),
            verbs: Pool::default(),
            api_groups: Pool::default(),
            resources: Pool::default(),
            subresources: Pool::default(),
            names: Pool::default(),
            namespaces: Pool::default(),
            paths: Pool::default(),
            users: Pool::default(),
            groups: Pool::default(),
        };
        aim.gather_roles(policies);
        aim.gather_bindings(policies);
        aim.gather_attribute_policies(policies);
        for (pool, odd) in [
            (&mut aim.verbs, &VERBS[..]),
            (&mut aim.api_groups, &API_GROUPS[..]),
            (&mut aim.resources, &RESOURCES[..]),
            (&mut aim.subresources, &SUBRESOURCES[..]),
            (&mut aim.names, &RESOURCE_NAMES[..]),
            (&mut aim.namespaces, &NAMESPACES[..]),
            (&mut aim.paths, &PATHS[..]),
            (&mut aim.users, &USERS[..]),
            (&mut aim.groups, &GROUPS[..]),
        ] {
            pool.finish(odd);
        }
        aim
    }

    pub(crate) fn policies(&self) -> &PolicySet {
        &self.policies
    }

    /// The role that a binding refers to.
    pub(crate) fn role(&self, binding: &Binding) -> Option<&Role> {
        let namespace = match binding.role.kind {
            RoleRefKind::Role => binding.namespace.clone(),
            RoleRefKind::ClusterRole | RoleRefKind::Unsupported(_) => None,
        };
        let position = self.roles.get(&(namespace, binding.role.name.clone()))?;
        self.policies.roles().get(*position)
    }

    fn gather_roles(&mut self, policies: &PolicySet) {
        for rule in policies.roles().iter().flat_map(|role| &role.rules) {
            self.verbs.add(rule.verbs.iter().map(Verb::as_str));
            self.api_groups.add(rule.api_groups.iter().map(ApiGroup::as_str));
            for entry in rule.resources.iter().map(ResourcePattern::as_str) {
                let (resource, subresource) = entry.split_once('/').unwrap_or((entry, ""));
                self.resources.add([resource, entry]);
                self.subresources.add([subresource]);
            }
            self.names.add(rule.resource_names.iter().map(ResourceName::as_str));
            self.paths.add(rule.non_resource_urls.iter().map(PathPattern::as_str));
        }
    }

    fn gather_bindings(&mut self, policies: &PolicySet) {
        for binding in policies.bindings() {
            self.namespaces.add(binding.namespace.as_ref().map(Namespace::as_str));
            for subject in &binding.subjects {
                match subject {
                    Subject::Group(name) => self.groups.add([name.as_str()]),
                    Subject::ServiceAccount { namespace, name } => {
                        self.namespaces.add([namespace.as_str()]);
                        self.users.add([name.as_str(), &service_account(namespace, name, binding)]);
                    }
                    Subject::Unknown { kind: _, name } => self.users.add([name.as_str()]),
                    Subject::User(name) => self.users.add([name.as_str()]),
                }
            }
        }
    }

    fn gather_attribute_policies(&mut self, policies: &PolicySet) {
        for policy in policies.attribute_policies() {
            self.users.add(policy.user.as_ref().map(UserName::as_str));
            self.groups.add(policy.group.as_ref().map(GroupName::as_str));
            self.namespaces.add(named(&policy.namespace));
            self.api_groups.add(named(&policy.api_group));
            self.resources.add(named(&policy.resource));
            self.paths.add([policy.non_resource_path.as_str()]);
        }
    }
}

impl Pool {
    fn add<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) {
        self.0.extend(texts.into_iter().map(str::to_owned));
    }

    /// Puts the policy's own texts in order, each once, and the odd ones behind them.
    fn finish(&mut self, odd: &[&str]) {
        self.0.sort();
        self.0.dedup();
        self.0.extend(odd.iter().map(|&text| text.to_owned()));
    }

    /// The text of a number, which counts round the pool.
    pub(crate) fn text(&self, number: u16) -> &str {
        pick(&self.0, number).map_or("", String::as_str)
    }
}

/// The item of a number, which counts round the items.
pub(crate) fn pick<T>(items: &[T], number: u16) -> Option<&T> {
    items.get(usize::from(number).checked_rem(items.len())?)
}

/// The user name of a service account subject; a namespace that is missing is the binding's.
pub(crate) fn service_account(namespace: &Namespace, name: &UserName, binding: &Binding) -> String {
    let of_binding = binding.namespace.as_ref().map_or("", Namespace::as_str);
    let namespace = if namespace.as_str().is_empty() { of_binding } else { namespace.as_str() };
    format!("system:serviceaccount:{namespace}:{name}")
}

/// The value that a pattern names, unless it is the wildcard.
pub(crate) fn named<T: AsRef<str>>(pattern: &Wild<T>) -> Option<&str> {
    match pattern {
        Wild::Any => None,
        Wild::Is(value) => Some(value.as_ref()),
    }
}
