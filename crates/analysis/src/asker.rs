//! Who may ask: the users and groups that a policy names, and where each is given something.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, HashSet},
};

use rolecall_model::{
    AttributePolicy, Binding, GroupName, Namespace, PolicySet, Request, SUPERUSER_GROUP, Subject, Target,
    UserName,
};

use crate::{fresh::named, names::Names};

/// A user with groups, as a request carries them.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Asker<'p> {
    /// The user's name; empty when a group asks alone.
    pub user: Cow<'p, str>,
    /// The groups.
    pub groups: Vec<Cow<'p, str>>,
}

impl<'p> Asker<'p> {
    pub(crate) fn user(name: impl Into<Cow<'p, str>>) -> Self {
        Self { user: name.into(), groups: Vec::new() }
    }

    pub(crate) fn group(mut self, name: impl Into<Cow<'p, str>>) -> Self {
        self.groups.push(name.into());
        self
    }

    /// The groups as a request borrows them.
    pub fn groups(&self) -> Vec<&str> {
        self.groups.iter().map(|group| &**group).collect()
    }

    /// A request of this asker, whose groups were borrowed before.
    pub(crate) fn request<'a>(
        &'a self,
        groups: &'a [&'a str],
        verb: &'a str,
        target: Target<'a>,
    ) -> Request<'a> {
        Request { user: &self.user, groups: Cow::Borrowed(groups), verb, target }
    }
}

/// A user or a group with what names it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Principal<'p> {
    /// The asker that is this one alone, without implied groups.
    pub(crate) alone: Asker<'p>,
    pub(crate) bindings: Vec<&'p Binding>,
    pub(crate) attribute_policies: Vec<&'p AttributePolicy>,
    /// Something is given to it whatever the namespace.
    everywhere: bool,
}

/// All users and groups that a policy names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Principals<'p> {
    all: Vec<Principal<'p>>,
    users: HashMap<Cow<'p, str>, usize>,
    groups: HashMap<&'p str, usize>,
    /// Who is given something everywhere.
    everywhere: Vec<usize>,
    /// Who is given something in a namespace: by namespace.
    in_namespace: HashMap<&'p str, BTreeSet<usize>>,
    /// Askers of whom a policy speaks without naming a user or a group that could be bound.
    odd: Vec<Asker<'p>>,
}

impl<'p> Principals<'p> {
    pub(crate) fn of(policies: &'p PolicySet) -> Self {
        let mut this = Self::default();
        for binding in policies.bindings() {
            for subject in &binding.subjects {
                let principal = match subject {
                    Subject::Group(group) => this.group_named(group.as_str()),
                    Subject::ServiceAccount { namespace, name } => {
                        this.user_named(service_account(namespace, name, binding).into())
                    }
                    Subject::Unknown { kind: _, name } => {
                        this.odd.push(Asker::user(name.as_str()).group(name.as_str()));
                        continue;
                    }
                    Subject::User(user) => this.user_named(user.as_str().into()),
                };
                this.give(principal, binding.namespace.as_ref().map(Namespace::as_str));
                if let Some(principal) = this.all.get_mut(principal) {
                    principal.bindings.push(binding);
                }
            }
        }
        for policy in policies.attribute_policies() {
            let user = policy.user.as_ref().map(UserName::as_str);
            let group = policy.group.as_ref().map(GroupName::as_str);
            if let (Some(user), Some(group)) = (user, group) {
                this.odd.push(Asker::user(user).group(group));
            }
            let principals =
                [user.map(|user| this.user_named(user.into())), group.map(|group| this.group_named(group))];
            for principal in principals.into_iter().flatten() {
                // A path has no namespace: a policy gives its paths, be it the empty one, everywhere.
                this.give(principal, None);
                this.give(principal, named(&policy.namespace));
                if let Some(principal) = this.all.get_mut(principal) {
                    principal.attribute_policies.push(policy);
                }
            }
        }
        this
    }

    /// Each user and each group alone; users also with the groups that an API server implies, where the
    /// policy names one of them; strangers, the superuser, and the literal star.
    pub(crate) fn askers(&self, fresh: &str) -> Vec<Asker<'p>> {
        let mut askers = vec![
            Asker::default(),
            Asker::user(fresh.to_owned()).group(fresh.to_owned()),
            Asker::user("*").group("*"),
            Asker::user(fresh.to_owned()).group(SUPERUSER_GROUP),
            Asker::user(fresh.to_owned()).group(fresh.to_owned()).group(SUPERUSER_GROUP),
        ];
        for principal in &self.all {
            askers.push(principal.alone.clone());
            if !principal.is_user() {
                continue;
            }
            let implied = implied_groups(&principal.alone.user);
            if implied.iter().any(|group| self.groups.contains_key(group.as_str())) {
                let with_groups = implied.into_iter().map(Cow::Owned).collect();
                askers.push(Asker { user: principal.alone.user.clone(), groups: with_groups });
            }
        }
        askers.extend(self.odd.iter().cloned());
        let mut known = HashSet::new();
        askers.retain(|asker| known.insert(asker.clone()));
        askers
    }

    /// The pairs of two of which each is given something in this namespace (empty: cluster scope), and of
    /// which one is given something in it alone. Two users are no pair: a request has one.
    pub(crate) fn pairs<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = Asker<'p>> + 'a {
        let members: Vec<usize> = if namespace.is_empty() {
            self.everywhere.clone()
        } else {
            self.in_namespace.get(namespace).into_iter().flatten().copied().collect()
        };
        let others: &[usize] = if namespace.is_empty() { &[] } else { &self.everywhere };
        let of = |position: &usize| self.all.get(*position);
        let pairs = (0..members.len()).flat_map(move |first| {
            let second = members.iter().skip(first + 1).chain(others);
            let first = members.get(first).copied();
            second.copied().filter_map(move |second| Some((first?, second))).collect::<Vec<_>>()
        });
        pairs.filter_map(move |(first, second)| of(&first)?.with(of(&second)?))
    }

    /// Who is given something in this namespace or everywhere.
    pub(crate) fn sharing(&self, namespace: &str) -> Vec<&Principal<'p>> {
        let members = self.in_namespace.get(namespace).into_iter().flatten();
        members.chain(&self.everywhere).filter_map(|&position| self.all.get(position)).collect()
    }

    /// The parts of an asker that the policy names.
    pub(crate) fn parts<'a>(&'a self, asker: &'a Asker<'_>) -> impl Iterator<Item = &'a Principal<'p>> {
        let user = self.users.get(&*asker.user);
        let groups = asker.groups.iter().filter_map(|group| self.groups.get(&**group));
        user.into_iter().chain(groups).filter_map(|&position| self.all.get(position))
    }

    fn user_named(&mut self, name: Cow<'p, str>) -> usize {
        let next = self.all.len();
        let position = *self.users.entry(name.clone()).or_insert(next);
        if position == next {
            self.all.push(Principal { alone: Asker::user(name), ..Principal::default() });
        }
        position
    }

    fn group_named(&mut self, name: &'p str) -> usize {
        let next = self.all.len();
        let position = *self.groups.entry(name).or_insert(next);
        if position == next {
            self.all.push(Principal { alone: Asker::default().group(name), ..Principal::default() });
        }
        position
    }

    /// Notes that something is given to a principal in a namespace, or everywhere.
    fn give(&mut self, position: usize, namespace: Option<&'p str>) {
        let namespace = namespace.filter(|namespace| !namespace.is_empty());
        let Some(principal) = self.all.get_mut(position) else { return };
        if let Some(namespace) = namespace {
            self.in_namespace.entry(namespace).or_default().insert(position);
        } else if !principal.everywhere {
            principal.everywhere = true;
            self.everywhere.push(position);
        }
    }
}

impl<'p> Principal<'p> {
    fn is_user(&self) -> bool {
        self.alone.groups.is_empty()
    }

    fn with(&self, other: &Self) -> Option<Asker<'p>> {
        if self.is_user() && other.is_user() {
            return None;
        }
        let user = if self.is_user() { &self.alone.user } else { &other.alone.user };
        let groups = self.alone.groups.iter().chain(&other.alone.groups);
        Some(Asker { user: user.clone(), groups: groups.cloned().collect() })
    }
}

const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

/// The user name of a service account subject; one without any namespace is nobody, and asked about as the
/// name that a careless comparison would take it for.
fn service_account(namespace: &Namespace, name: &UserName, binding: &Binding) -> String {
    let of_binding = binding.namespace.as_ref().map_or("", Namespace::as_str);
    let namespace = if namespace.as_str().is_empty() { of_binding } else { namespace.as_str() };
    format!("{SERVICE_ACCOUNT}{namespace}:{name}")
}

/// The groups that an API server gives a user of this name.
///
/// Source: `spec/authorization/attributes.md` section 4, "Resulting groups".
fn implied_groups(user: &str) -> Vec<String> {
    let mut groups = Vec::new();
    if let Some((namespace, _)) = user.strip_prefix(SERVICE_ACCOUNT).and_then(|rest| rest.split_once(':')) {
        groups.push("system:serviceaccounts".to_owned());
        groups.push(format!("system:serviceaccounts:{namespace}"));
    }
    let anonymous = user == "system:anonymous";
    groups.push(if anonymous { "system:unauthenticated" } else { "system:authenticated" }.to_owned());
    groups
}

/// The namespaces that a policy tells apart, and what nobody named.
pub(crate) fn scopes<'p>(policies: &'p PolicySet, fresh: &str) -> Vec<Cow<'p, str>> {
    let mut scopes = Names::default();
    scopes.add("");
    for binding in policies.bindings() {
        scopes.add_all(binding.namespace.as_ref().map(Namespace::as_str));
    }
    for policy in policies.attribute_policies() {
        scopes.add_all(named(&policy.namespace));
    }
    scopes.add("*");
    scopes.add(fresh.to_owned());
    scopes.into_vec()
}

#[cfg(test)]
mod tests {
    use rolecall_model::RoleRef;

    use super::*;

    fn policies() -> PolicySet {
        let role = || RoleRef::cluster_role("r");
        PolicySet::builder()
            .cluster_role("r", [])
            .role_binding("a", "1", role(), [Subject::user("jane"), Subject::service_account("", "robot")])
            .role_binding("b", "2", role(), [Subject::user("joe"), Subject::group("dev")])
            .cluster_role_binding(
                "3",
                "r",
                [Subject::group("system:serviceaccounts:a"), Subject::user("root")],
            )
            .build()
            .unwrap()
    }

    #[test]
    fn every_named_user_and_group_asks_alone() {
        let policies = policies();
        let askers = Principals::of(&policies).askers("other");
        for (user, groups) in [
            ("", &[][..]),
            ("jane", &[]),
            ("", &["dev"]),
            ("system:serviceaccount:a:robot", &[]),
            (
                "system:serviceaccount:a:robot",
                &["system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated"],
            ),
            ("other", &["system:masters"]),
        ] {
            assert!(
                askers.iter().any(|asker| asker.user == user && asker.groups() == groups),
                "{user} {groups:?}"
            );
        }
        // The group of all authenticated is named nowhere: jane with it is jane.
        assert!(!askers.iter().any(|asker| asker.user == "jane" && !asker.groups.is_empty()));
    }

    #[test]
    fn pairs_share_a_scope() {
        let policies = policies();
        let principals = Principals::of(&policies);
        let pairs = |namespace| {
            let pairs = principals.pairs(namespace);
            pairs.map(|pair| (pair.user.to_string(), pair.groups().join(","))).collect::<Vec<_>>()
        };
        let pair = |user: &str, groups: &str| (user.to_owned(), groups.to_owned());
        assert_eq!(pairs(""), [pair("root", "system:serviceaccounts:a")]);
        assert_eq!(
            pairs("a"),
            [
                pair("jane", "system:serviceaccounts:a"),
                pair("system:serviceaccount:a:robot", "system:serviceaccounts:a")
            ]
        );
        assert_eq!(
            pairs("b"),
            [
                pair("joe", "dev"),
                pair("joe", "system:serviceaccounts:a"),
                pair("", "dev,system:serviceaccounts:a"),
                pair("root", "dev")
            ]
        );
        assert_eq!(pairs("elsewhere"), []);
    }
}
