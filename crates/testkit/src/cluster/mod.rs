//! Clusters of any size, made up for benchmarks, with requests whose answer is known.
//!
//! Every object and every request is a function of the seed and its number: nothing has to be kept, nothing depends
//! on what was made before, and the same seed gives the same bytes on every machine.
//!
//! # Why the answers are known
//!
//! A miss that is found by chance is an easy one. Here misses are near to what is granted, and are misses because of
//! how the cluster is built:
//!
//! - namespaces, users, groups and service accounts belong to *teams*, and a RoleBinding names subjects of its
//!   namespace's team only; what is bound in the whole cluster only reads: so nobody writes in another team's
//!   namespace;
//! - secrets and certificates are granted by name only, of objects with an even number;
//! - nobody may `deletecollection` anything, nor use `attach`, outside of group `example.com`, where verbs are
//!   wild;
//! - nobody speaks of resource `gremlins`, of users `stranger-…`.
//!
//! So that all of these words are known to whoever compiles the policy (unknown ones are easier to refuse), a few
//! groups that no request is in are granted them: `cluster-admins`, `janitors`, `vault-operators`.

mod draw;
mod request;
mod vocabulary;

use std::io;

use rolecall_model::{Binding, PolicySet, Role, RoleRef, Rule, Subject, TooManyObjects};

pub(crate) use self::draw::{Draw, mix};
use self::vocabulary::{Kind, READING, VERBS};
pub use self::{
    draw::Spread,
    request::{ClusterRequest, RequestKind, Traffic},
};
use crate::kubectl_yaml::{Printer, YamlLayout};

/// A cluster with a given number of bindings.
///
/// | of N bindings | |
/// | --- | --- |
/// | ClusterRoleBindings | 2 % of N, at least 8, at most 2,000 |
/// | RoleBindings | the rest, evenly over N/20 namespaces (at least 2) |
/// | ClusterRoles | 60 + N/500, at most 420 |
/// | Roles | 2 a namespace |
/// | teams | one for 8 namespaces (at least 2) |
/// | subjects of a binding | 1 to 3: 40 % service accounts, 35 % users, 25 % groups |
/// | rules of a role | 1 to 6, every tenth for single objects |
///
/// ```
/// use rolecall_model::Authorizer;
/// use rolecall_reference::Reference;
/// use rolecall_testkit::{Cluster, Traffic};
///
/// let cluster = Cluster::new(100);
/// let policies = cluster.policies()?;
/// assert_eq!(policies.bindings().len(), 100);
/// for asked in cluster.requests(Traffic::default()).take(20) {
///     let decision = Reference::new(&policies).authorize(&asked.request.as_request());
///     assert_eq!(decision.is_allow(), asked.kind.is_allowed());
/// }
/// # Ok::<(), rolecall_model::TooManyObjects>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cluster {
    seed: u64,
    bindings: u64,
    cluster_bindings: u64,
    namespaces: u64,
    teams: u64,
    tenant_roles: u64,
    users_of_team: u64,
    groups_of_team: u64,
    accounts_of_namespace: u64,
}

/// One object of a cluster.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ClusterObject {
    /// A RoleBinding or ClusterRoleBinding.
    Binding(Binding),
    /// A Role or ClusterRole.
    Role(Role),
}

impl Cluster {
    /// A cluster with this many bindings; fewer than 10 are taken as 10.
    pub fn new(bindings: u32) -> Self {
        let bindings = u64::from(bindings).max(10);
        Self::sized(bindings, (bindings / 20).max(2))
    }

    /// A cluster whose RoleBindings all stand in one namespace.
    pub fn in_one_namespace(bindings: u32) -> Self {
        Self::sized(u64::from(bindings).max(10), 1)
    }

    /// The same shape with other contents.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    fn sized(bindings: u64, namespaces: u64) -> Self {
        let teams = if namespaces == 1 { 1 } else { namespaces.div_ceil(8).max(2) };
        Self {
            seed: 1,
            bindings,
            cluster_bindings: (bindings / 50).clamp(8, 2000),
            namespaces,
            teams,
            tenant_roles: 40 + (bindings / 500).min(360),
            users_of_team: (bindings / 4 / teams).max(4),
            groups_of_team: (bindings / 25 / teams).max(2),
            accounts_of_namespace: (bindings / namespaces / 5).max(4),
        }
    }

    /// All objects, one after the other: cluster-wide ones first, roles before bindings.
    pub fn objects(&self) -> impl Iterator<Item = ClusterObject> {
        let roles = (0..FIXED + READERS + self.tenant_roles).map(|number| self.cluster_role(number));
        let of_namespaces = (0..self.namespaces).flat_map(move |namespace| {
            (0..ROLES_OF_NAMESPACE).map(move |number| self.role(namespace, number))
        });
        let everywhere = (0..self.cluster_bindings).map(|number| self.cluster_binding(number));
        let in_namespaces = (0..self.role_bindings()).map(|number| self.role_binding(number));
        roles
            .chain(of_namespaces)
            .map(ClusterObject::Role)
            .chain(everywhere.chain(in_namespaces).map(ClusterObject::Binding))
    }

    /// The cluster as a policy set, whose objects have no places.
    ///
    /// # Errors
    ///
    /// As [`PolicySetBuilder::build`](rolecall_model::PolicySetBuilder::build).
    pub fn policies(&self) -> Result<PolicySet, TooManyObjects> {
        let mut builder = PolicySet::builder();
        for object in self.objects() {
            match object {
                ClusterObject::Binding(binding) => drop(builder.add_binding(binding)),
                ClusterObject::Role(role) => drop(builder.add_role(role)),
            }
        }
        builder.build()
    }

    /// Writes the cluster as `kubectl get -o yaml` prints it; it is never in memory as a whole.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write_yaml(&self, layout: YamlLayout, output: impl io::Write) -> io::Result<()> {
        let mut printer = Printer::new(layout, output)?;
        for object in self.objects() {
            match object {
                ClusterObject::Binding(binding) => printer.binding(&binding)?,
                ClusterObject::Role(role) => printer.role(&role)?,
            }
        }
        printer.finish()
    }

    /// Requests without end, each with what is known about its answer.
    pub fn requests(&self, traffic: Traffic) -> impl Iterator<Item = ClusterRequest> {
        (0..).map(move |number| self.request(&traffic, number))
    }

    fn role_bindings(&self) -> u64 {
        self.bindings - self.cluster_bindings
    }

    fn team_of(&self, namespace: u64) -> u64 {
        namespace.checked_rem(self.teams).unwrap_or_default()
    }

    fn cluster_role(&self, number: u64) -> Role {
        let name = Self::cluster_role_name(number);
        let rules = match number {
            0 => vec![Rule::resources(["*"], ["*"], ["*"]), Rule::paths(["*"], ["*"])],
            1 => vec![Rule::paths(["get"], vocabulary::DISCOVERY)],
            2 => vec![
                Rule::resources(["deletecollection"], ["*"], ["*"]),
                Rule::resources(["create"], [""], ["pods/attach"]),
            ],
            3 => vec![
                Rule::resources(VERBS, ["", "cert-manager.io"], ["secrets", "certificates"])
                    .named((0..vocabulary::OBJECTS).map(|object| vocabulary::object(2 * object + 1))),
            ],
            _ if number < FIXED + READERS => self.reading_rules(number),
            _ => Self::tenant_rules(&mut Draw::of(&[self.seed, CLUSTER_ROLE, number])),
        };
        Role::cluster(name, rules)
    }

    fn cluster_role_name(number: u64) -> String {
        match number {
            0 => "cluster-admin".to_owned(),
            1 => "system:discovery".to_owned(),
            2 => "janitor".to_owned(),
            3 => "vault-operator".to_owned(),
            _ if number < FIXED + READERS => format!("platform-reader-{}", number - FIXED),
            _ => format!("tenant-role-{:03}", number - FIXED - READERS),
        }
    }

    fn role(&self, namespace: u64, number: u64) -> Role {
        let rules = Self::tenant_rules(&mut Draw::of(&[self.seed, ROLE, namespace, number]));
        Role::namespaced(self.namespace_name(namespace), role_name(number), rules)
    }

    /// What is given in the whole cluster: to read what is granted without names.
    fn reading_rules(&self, number: u64) -> Vec<Rule> {
        let mut draw = Draw::of(&[self.seed, READER, number]);
        (0..=draw.below(4))
            .map(|_| {
                let kind = vocabulary::kind(&mut draw, |kind| !kind.by_name_only);
                Rule::resources(READING, [kind.api_group], resources(&mut draw, kind))
            })
            .collect()
    }

    /// What is given in a namespace.
    fn tenant_rules(draw: &mut Draw) -> Vec<Rule> {
        (0..=draw.below(5))
            .map(|_| {
                let kind = vocabulary::kind(draw, |_| true);
                let verbs =
                    if kind.wild_verbs && draw.one_in(2) { &["*"][..] } else { vocabulary::verbs(draw) };
                let rule = Rule::resources(verbs.iter().copied(), [kind.api_group], resources(draw, kind));
                if kind.by_name_only || draw.one_in(10) {
                    let names: Vec<_> = (0..=draw.below(3))
                        .map(|_| vocabulary::object(2 * draw.below(vocabulary::OBJECTS)))
                        .collect();
                    rule.named(names)
                } else {
                    rule
                }
            })
            .collect()
    }

    fn cluster_binding(&self, number: u64) -> Binding {
        let mut draw = Draw::of(&[self.seed, CLUSTER_BINDING, number]);
        let (role, subjects) = match number {
            0 => (0, vec![Subject::group("cluster-admins")]),
            1 => (1, vec![Subject::group(AUTHENTICATED)]),
            2 => (2, vec![Subject::group("janitors")]),
            3 => (3, vec![Subject::group("vault-operators")]),
            _ => {
                let namespace = draw.below(self.namespaces);
                let subjects = (0..=draw.below(3)).map(|_| match draw.below(20) {
                    0..8 => self.account(&mut draw, namespace),
                    8..12 => self.user(&mut draw, self.team_of(namespace)),
                    _ => Subject::group(platform_group(draw.below(PLATFORM_GROUPS))),
                });
                let subjects = subjects.collect();
                (FIXED + draw.below(READERS), subjects)
            }
        };
        let name = format!("{}-{number:04}", Self::cluster_role_name(role).replace(':', "-"));
        Binding::cluster(name, RoleRef::cluster_role(Self::cluster_role_name(role)), subjects)
    }

    /// A RoleBinding; they go round the namespaces.
    fn role_binding(&self, number: u64) -> Binding {
        let namespace = number.checked_rem(self.namespaces).unwrap_or_default();
        let mut draw = Draw::of(&[self.seed, ROLE_BINDING, number]);
        let role = if draw.one_in(2) {
            RoleRef::role(role_name(draw.below(ROLES_OF_NAMESPACE)))
        } else {
            RoleRef::cluster_role(Self::cluster_role_name(FIXED + READERS + draw.below(self.tenant_roles)))
        };
        let team = self.team_of(namespace);
        let subjects: Vec<_> = (0..=draw.below(3))
            .map(|_| match draw.below(20) {
                // One in eight is of another namespace of the team.
                0..7 if draw.one_in(8) => {
                    let other = self.namespace_of(&mut draw, team);
                    self.account(&mut draw, other)
                }
                // Its own namespace may be left out.
                0..2 => Subject::service_account("", self.account_name(&mut draw)),
                2..8 => self.account(&mut draw, namespace),
                8..15 => self.user(&mut draw, team),
                15 => Subject::group(format!("system:serviceaccounts:{}", self.namespace_name(namespace))),
                _ => Subject::group(Self::team_group(team, draw.below(self.groups_of_team))),
            })
            .collect();
        let name = format!("{}-{number:07}", role.name);
        Binding::namespaced(self.namespace_name(namespace), name, role, subjects)
    }

    fn user(&self, draw: &mut Draw, team: u64) -> Subject {
        Subject::user(Self::user_name(team, draw.below(self.users_of_team)))
    }

    fn account(&self, draw: &mut Draw, namespace: u64) -> Subject {
        Subject::service_account(self.namespace_name(namespace), self.account_name(draw))
    }

    /// One of a team's namespaces.
    fn namespace_of(&self, draw: &mut Draw, team: u64) -> u64 {
        let count = (self.namespaces - team).div_ceil(self.teams);
        team + self.teams * draw.below(count)
    }

    fn namespace_name(&self, namespace: u64) -> String {
        let team = self.team_of(namespace);
        let number = namespace.checked_div(self.teams).unwrap_or_default();
        format!("team-{team:04}-{}", vocabulary::numbered(&vocabulary::STAGES, number))
    }

    fn user_name(team: u64, number: u64) -> String {
        format!("{}@team-{team:04}.example.com", vocabulary::numbered(&vocabulary::PEOPLE, number))
    }

    fn team_group(team: u64, number: u64) -> String {
        format!("oidc:team-{team:04}:{}", vocabulary::numbered(&vocabulary::DUTIES, number))
    }

    fn account_name(&self, draw: &mut Draw) -> String {
        vocabulary::numbered(&vocabulary::ACCOUNTS, draw.below(self.accounts_of_namespace))
    }
}

/// The ClusterRoles that are in every cluster: the first numbers.
const FIXED: u64 = 4;

/// The ClusterRoles that are bound in the whole cluster: the numbers behind the fixed ones.
const READERS: u64 = 16;

const ROLES_OF_NAMESPACE: u64 = 2;

/// Groups of the whole organization.
const PLATFORM_GROUPS: u64 = 100;

const AUTHENTICATED: &str = "system:authenticated";

// What a number is drawn for.
const CLUSTER_ROLE: u64 = 1;
const ROLE: u64 = 2;
const READER: u64 = 3;
const CLUSTER_BINDING: u64 = 4;
const ROLE_BINDING: u64 = 5;
const REQUEST: u64 = 6;

fn role_name(number: u64) -> String {
    format!("tenant-{number}")
}

fn platform_group(number: u64) -> String {
    format!("oidc:platform:{number:02}")
}

/// One to three resources of a kind.
fn resources(draw: &mut Draw, kind: &Kind) -> Vec<&'static str> {
    let mut resources = Vec::new();
    for _ in 0..=draw.below(3) {
        let resource = draw.text(kind.resources);
        if !resources.contains(&resource) {
            resources.push(resource);
        }
    }
    resources
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rolecall_model::Authorizer;
    use rolecall_reference::Reference;

    use super::*;

    /// Clusters of which every request can be asked linearly.
    fn small() -> impl Iterator<Item = Cluster> {
        let sizes = [1, 10, 30, 100, 700];
        sizes
            .into_iter()
            .flat_map(|bindings| [Cluster::new(bindings), Cluster::new(bindings).seed(7)])
            .chain([Cluster::in_one_namespace(10), Cluster::in_one_namespace(500)])
    }

    fn yaml(cluster: &Cluster, layout: YamlLayout) -> Vec<u8> {
        let mut bytes = Vec::new();
        cluster.write_yaml(layout, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        for layout in [YamlLayout::Documents, YamlLayout::List] {
            let bytes = yaml(&Cluster::new(200), layout);
            assert_eq!(bytes, yaml(&Cluster::new(200), layout));
            assert_ne!(bytes, yaml(&Cluster::new(200).seed(2), layout));
        }
        // The bytes of the first release of this generator, by which figures of different days can be compared.
        let hash = yaml(&Cluster::new(200), YamlLayout::Documents)
            .iter()
            .fold(0, |hash: u64, &byte| draw::mix(hash ^ u64::from(byte)));
        assert_eq!(hash, 5_948_499_503_313_663_124, "figures in benches/README.md are of other clusters now");
    }

    #[test]
    fn a_cluster_has_as_many_bindings_as_were_asked_for_and_no_name_twice() {
        for (bindings, roles) in [(1, 60 + 4), (10, 60 + 4), (100, 60 + 10), (2000, 64 + 200)] {
            let policies = Cluster::new(bindings).policies().unwrap();
            assert_eq!(policies.bindings().len(), bindings.max(10) as usize);
            assert_eq!(policies.roles().len(), roles);
        }
        let one = Cluster::in_one_namespace(1000).policies().unwrap();
        let namespaces: BTreeSet<_> =
            one.bindings().iter().filter_map(|binding| binding.namespace.as_ref()).collect();
        assert_eq!((namespaces.len(), one.bindings().len()), (1, 1000));
    }

    #[test]
    fn every_answer_that_is_known_is_the_reference_s() {
        for cluster in small() {
            let policies = cluster.policies().unwrap();
            let reference = Reference::new(&policies);
            for spread in [Spread::Uniform, Spread::Zipf] {
                for groups in [1, 5, 70] {
                    let traffic = Traffic { spread, groups, ..Traffic::default() };
                    for asked in cluster.requests(traffic).take(200) {
                        assert_eq!(asked.request.groups.len(), groups, "{asked:?}");
                        let decision = reference.authorize(&asked.request.as_request());
                        assert_eq!(decision.is_allow(), asked.kind.is_allowed(), "{cluster:?}: {asked:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn half_of_the_requests_are_allowed_and_every_kind_comes_unless_one_is_asked_for() {
        let cluster = Cluster::new(1000);
        let requests: Vec<_> = cluster.requests(Traffic::default()).take(4000).collect();
        for kind in RequestKind::ALL {
            assert!(requests.iter().any(|asked| asked.kind == kind), "{kind:?}");
            let traffic = Traffic { only: Some(kind), ..Traffic::default() };
            assert!(cluster.requests(traffic).take(50).all(|asked| asked.kind == kind));
        }
        let allowed = requests.iter().filter(|asked| asked.kind.is_allowed()).count();
        assert!((1800..2200).contains(&allowed), "{allowed}");
    }

    #[test]
    fn the_words_of_a_miss_are_known_to_the_policy() {
        let cluster = Cluster::new(1000);
        let policies = cluster.policies().unwrap();
        let namespaces: BTreeSet<_> =
            policies.bindings().iter().filter_map(|binding| binding.namespace.as_ref()).collect();
        let traffic = Traffic { only: Some(RequestKind::AnotherNamespace), ..Traffic::default() };
        for asked in cluster.requests(traffic).take(100) {
            let rolecall_model::OwnedTarget::Resource { namespace, .. } = asked.request.target else {
                panic!("a miss in another namespace is about a resource")
            };
            assert!(namespaces.iter().any(|known| known.as_str() == namespace));
        }
    }
}
