//! Plans: policies as small numbers into a [vocabulary](crate::vocabulary).
//!
//! Everything about a plan is legal; [`PolicyPlan::policies`] makes a policy of any. A number counts round its
//! vocabulary, and smaller numbers stand for plainer texts, so that both a shrinking property test and a
//! fuzzer that flips bytes get somewhere.

use rolecall_model::{
    AttributePolicy, Binding, Mode, Modes, Origin, PolicySet, Role, RoleRef, RoleRefKind, Rule, Subject, Wild,
};

use crate::vocabulary::{
    API_GROUPS, BINDINGS, GROUPS, NAMESPACES, PATHS, RESOURCE_NAMES, RESOURCES, ROLE_REFERENCES, ROLES,
    SERVICE_ACCOUNTS, UNKNOWN_KINDS, USERS, VERBS, text,
};

/// A policy set as numbers.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct PolicyPlan {
    /// The roles; a later one of the same name takes the place of an earlier.
    pub roles: Vec<RolePlan>,
    /// The bindings; likewise.
    pub bindings: Vec<BindingPlan>,
    /// The attribute policies.
    pub attribute_policies: Vec<AttributePolicyPlan>,
    /// Which modes are asked: 0 for whatever was loaded.
    pub modes: u8,
}

/// A Role or ClusterRole as numbers.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct RolePlan {
    /// The namespace; none for a ClusterRole.
    pub namespace: Option<u8>,
    /// The name.
    pub name: u8,
    /// The rules.
    pub rules: Vec<RulePlan>,
}

/// A rule as numbers.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct RulePlan {
    /// The verbs.
    pub verbs: Vec<u8>,
    /// The API groups.
    pub api_groups: Vec<u8>,
    /// The resources.
    pub resources: Vec<u8>,
    /// The names of objects.
    pub resource_names: Vec<u8>,
    /// The paths.
    pub non_resource_urls: Vec<u8>,
    /// Which list is made long, if any: more verbs than a word has bits, and so on.
    pub long: u8,
}

/// A RoleBinding or ClusterRoleBinding as numbers.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct BindingPlan {
    /// The namespace; none for a ClusterRoleBinding.
    pub namespace: Option<u8>,
    /// The name.
    pub name: u8,
    /// The kind of role it refers to: mostly a ClusterRole, often a Role, now and then neither.
    pub role_kind: u8,
    /// The name of the role.
    pub role: u8,
    /// The subjects.
    pub subjects: Vec<SubjectPlan>,
}

/// A subject as numbers.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct SubjectPlan {
    /// User, group, service account, or now and then an unknown kind.
    pub kind: u8,
    /// The name.
    pub name: u8,
    /// A service account's namespace; none for that of the binding.
    pub namespace: Option<u8>,
}

/// A line of an ABAC policy file, converted, as numbers.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct AttributePolicyPlan {
    /// The user.
    pub user: Option<u8>,
    /// The group.
    pub group: Option<u8>,
    /// Whether it only reads.
    pub read_only: bool,
    /// The API group; none for all.
    pub api_group: Option<u8>,
    /// The resource; none for all.
    pub resource: Option<u8>,
    /// The namespace; none for all.
    pub namespace: Option<u8>,
    /// The path.
    pub non_resource_path: u8,
}

impl PolicyPlan {
    /// The policy set that is planned.
    pub fn policies(&self) -> PolicySet {
        let mut builder = PolicySet::builder();
        if let Some(modes) = modes(self.modes) {
            builder = builder.modes(modes);
        }
        for plan in &self.roles {
            builder.add_role(plan.role());
        }
        for plan in &self.bindings {
            builder.add_binding(plan.binding());
        }
        for plan in &self.attribute_policies {
            builder.add_attribute_policy(plan.attribute_policy());
        }
        // It fails at 2³² objects of a kind, which no plan in memory has.
        builder.build().unwrap_or_default()
    }
}

impl RolePlan {
    fn role(&self) -> Role {
        let (name, rules) = (text(&ROLES, self.name), self.rules.iter().map(RulePlan::rule));
        match self.namespace {
            None => Role::cluster(name, rules),
            Some(namespace) => Role::namespaced(text(&NAMESPACES, namespace), name, rules),
        }
    }
}

impl RulePlan {
    fn rule(&self) -> Rule {
        Rule {
            verbs: list(&VERBS, &self.verbs, self.long == 1, "v"),
            api_groups: list(&API_GROUPS, &self.api_groups, self.long == 2, "g"),
            resources: list(&RESOURCES, &self.resources, self.long == 3, "s"),
            resource_names: list(&RESOURCE_NAMES, &self.resource_names, self.long == 4, "n"),
            non_resource_urls: list(&PATHS, &self.non_resource_urls, self.long == 5, "/a/p"),
            origin: Origin::Code,
        }
    }
}

impl BindingPlan {
    fn binding(&self) -> Binding {
        let kind = match self.role_kind % 8 {
            0..4 => RoleRefKind::ClusterRole,
            4..7 => RoleRefKind::Role,
            _ => RoleRefKind::Unsupported(text(&UNKNOWN_KINDS, self.role).to_owned()),
        };
        let role = RoleRef { kind, name: text(&ROLE_REFERENCES, self.role).into() };
        let (name, subjects) = (text(&BINDINGS, self.name), self.subjects.iter().map(SubjectPlan::subject));
        match self.namespace {
            None => Binding::cluster(name, role, subjects),
            Some(namespace) => Binding::namespaced(text(&NAMESPACES, namespace), name, role, subjects),
        }
    }
}

impl SubjectPlan {
    fn subject(&self) -> Subject {
        match self.kind % 8 {
            0..3 => Subject::user(text(&USERS, self.name)),
            3..5 => Subject::group(text(&GROUPS, self.name)),
            5..7 => {
                let namespace = self.namespace.map_or("", |namespace| text(&NAMESPACES, namespace));
                Subject::service_account(namespace, text(&SERVICE_ACCOUNTS, self.name))
            }
            _ => Subject::Unknown {
                kind: text(&UNKNOWN_KINDS, self.name).to_owned(),
                name: text(&USERS, self.name).to_owned(),
            },
        }
    }
}

impl AttributePolicyPlan {
    fn attribute_policy(&self) -> AttributePolicy {
        AttributePolicy {
            user: self.user.map(|user| text(&USERS, user).into()),
            group: self.group.map(|group| text(&GROUPS, group).into()),
            read_only: self.read_only,
            api_group: wild(&API_GROUPS, self.api_group),
            resource: wild(&RESOURCES, self.resource),
            namespace: wild(&NAMESPACES, self.namespace),
            non_resource_path: text(&PATHS, self.non_resource_path).into(),
            origin: Origin::Code,
        }
    }
}

/// How many entries a long list has on top: more than a word has bits, and more than fit a byte.
const LONG: usize = 300;

fn list<T: From<String>>(vocabulary: &[&'static str], numbers: &[u8], long: bool, stem: &str) -> Vec<T> {
    let on_top = (0..if long { LONG } else { 0 }).map(|number| format!("{stem}{number}"));
    let texts = numbers.iter().map(|&number| text(vocabulary, number).to_owned());
    texts.chain(on_top).map(T::from).collect()
}

fn wild<T: for<'a> From<&'a str>>(vocabulary: &[&'static str], number: Option<u8>) -> Wild<T> {
    match number.map(|number| text(vocabulary, number)) {
        None => Wild::Any,
        Some(text) => Wild::Is(text.into()),
    }
}

/// The modes of a number; `None` for whatever was loaded.
fn modes(number: u8) -> Option<Modes> {
    let modes: &[Mode] = match number % 12 {
        1 => &[Mode::Rbac],
        2 => &[Mode::Abac],
        3 => &[Mode::Rbac, Mode::Abac],
        4 => &[Mode::Abac, Mode::Rbac],
        5 => &[Mode::AlwaysDeny, Mode::Rbac],
        6 => &[Mode::Rbac, Mode::AlwaysAllow],
        7 => &[Mode::AlwaysDeny],
        8 => &[Mode::AlwaysAllow],
        9 => &[],
        10 => &[Mode::Abac, Mode::AlwaysDeny, Mode::Rbac],
        11 => &[Mode::Rbac, Mode::Rbac],
        _ => return None,
    };
    Some(Modes::new(modes.iter().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plainest_plan_is_the_plainest_policy() {
        let rule =
            RulePlan { verbs: vec![0], api_groups: vec![0], resources: vec![0], ..RulePlan::default() };
        let plan = PolicyPlan {
            roles: vec![RolePlan { rules: vec![rule], ..RolePlan::default() }],
            bindings: vec![BindingPlan { subjects: vec![SubjectPlan::default()], ..BindingPlan::default() }],
            ..PolicyPlan::default()
        };
        let expected = PolicySet::builder()
            .cluster_role("r0", [Rule::resources(["get"], [""], ["pods"])])
            .cluster_role_binding("b0", "r0", [Subject::user("jane")])
            .build()
            .unwrap();
        assert_eq!(plan.policies(), expected);
    }

    #[test]
    fn a_long_list_has_more_entries_than_a_word_has_bits() {
        for long in 1..=5 {
            let rule = RulePlan { long, ..RulePlan::default() }.rule();
            let lengths = [
                rule.verbs.len(),
                rule.api_groups.len(),
                rule.resources.len(),
                rule.resource_names.len(),
                rule.non_resource_urls.len(),
            ];
            assert_eq!(lengths.iter().filter(|&&length| length > 64).count(), 1, "{long}");
        }
    }
}
