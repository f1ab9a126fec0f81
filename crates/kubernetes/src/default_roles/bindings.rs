//! Who is bound to the default roles.

use rolecall_model::{Binding, Origin, RoleRef, Subject};

use super::controllers::CONTROLLERS;
use Who::{Account, Group, User};

const SYSTEM: &str = "kube-system";
const PUBLIC: &str = "kube-public";
const CONTROLLER_MANAGER: Who = User("system:kube-controller-manager");
const SCHEDULER: Who = User("system:kube-scheduler");

/// A subject of the tables.
#[derive(Clone, Copy, Debug)]
enum Who {
    /// A service account of `kube-system`.
    Account(&'static str),
    Group(&'static str),
    User(&'static str),
}

/// ClusterRoleBindings that have the name of their ClusterRole.
const CLUSTER: &[(&str, &[Who])] = &[
    ("cluster-admin", &[Group("system:masters")]),
    ("system:monitoring", &[Group("system:monitoring")]),
    ("system:discovery", &[Group("system:authenticated")]),
    ("system:basic-user", &[Group("system:authenticated")]),
    ("system:public-info-viewer", &[Group("system:authenticated"), Group("system:unauthenticated")]),
    ("system:node-proxier", &[User("system:kube-proxy")]),
    ("system:kube-controller-manager", &[CONTROLLER_MANAGER]),
    ("system:kube-dns", &[Account("kube-dns")]),
    ("system:kube-scheduler", &[SCHEDULER]),
    ("system:volume-scheduler", &[SCHEDULER]),
    // Nodes are the Node authorizer's; the binding is kept for those who still add a subject to it.
    ("system:node", &[]),
    ("system:service-account-issuer-discovery", &[Group("system:serviceaccounts")]),
];

/// RoleBindings: namespace, name, Role of that namespace, subjects.
const NAMESPACED: &[(&str, &str, &str, &[Who])] = &[
    (
        PUBLIC,
        "system:controller:bootstrap-signer",
        "system:controller:bootstrap-signer",
        &[Account("bootstrap-signer")],
    ),
    (
        SYSTEM,
        "system::extension-apiserver-authentication-reader",
        "extension-apiserver-authentication-reader",
        &[CONTROLLER_MANAGER, SCHEDULER],
    ),
    (
        SYSTEM,
        "system::leader-locking-kube-controller-manager",
        "system::leader-locking-kube-controller-manager",
        &[CONTROLLER_MANAGER, Account("kube-controller-manager"), Account("leader-election-controller")],
    ),
    (
        SYSTEM,
        "system::leader-locking-kube-scheduler",
        "system::leader-locking-kube-scheduler",
        &[SCHEDULER, Account("kube-scheduler")],
    ),
    (
        SYSTEM,
        "system:controller:bootstrap-signer",
        "system:controller:bootstrap-signer",
        &[Account("bootstrap-signer")],
    ),
    (
        SYSTEM,
        "system:controller:cloud-provider",
        "system:controller:cloud-provider",
        &[Account("cloud-provider")],
    ),
    (
        SYSTEM,
        "system:controller:token-cleaner",
        "system:controller:token-cleaner",
        &[Account("token-cleaner")],
    ),
];

/// All default ClusterRoleBindings, then all default RoleBindings.
pub(super) fn all() -> Vec<Binding> {
    let cluster = CLUSTER.iter().map(|&(name, subjects)| {
        Binding::cluster(name, RoleRef::cluster_role(name), subjects.iter().map(|who| who.to_subject()))
    });
    let controllers = CONTROLLERS.iter().map(|role| {
        let subject = Account(role.account()).to_subject();
        Binding::cluster(role.name(), RoleRef::cluster_role(role.name()), [subject])
    });
    let namespaced = NAMESPACED.iter().map(|&(namespace, name, role, subjects)| {
        let subjects = subjects.iter().map(|who| who.to_subject());
        Binding::namespaced(namespace, name, RoleRef::role(role), subjects)
    });
    let built_in = |binding| Binding { origin: Origin::BuiltIn, ..binding };
    cluster.chain(controllers).chain(namespaced).map(built_in).collect()
}

impl Who {
    fn to_subject(self) -> Subject {
        match self {
            Account(name) => Subject::service_account(SYSTEM, name),
            Group(name) => Subject::group(name),
            User(name) => Subject::user(name),
        }
    }
}
