//! Roles that count in one namespace, for single objects that components share.

use super::table::{CORE, DefaultRole, EVENTS, READ, namespaced, on};

pub(super) const NAMESPACED: &[DefaultRole] = &[
    namespaced(
        "kube-public",
        "system:controller:bootstrap-signer",
        &[on(READ, CORE, "configmaps"), on("update", CORE, "configmaps").named("cluster-info"), EVENTS],
    ),
    namespaced(
        "kube-system",
        "extension-apiserver-authentication-reader",
        &[on(READ, CORE, "configmaps").named("extension-apiserver-authentication")],
    ),
    namespaced("kube-system", "system:controller:bootstrap-signer", &[on(READ, CORE, "secrets")]),
    namespaced(
        "kube-system",
        "system:controller:cloud-provider",
        &[on("create get list watch", CORE, "configmaps")],
    ),
    namespaced(
        "kube-system",
        "system:controller:token-cleaner",
        &[on("delete get list watch", CORE, "secrets"), EVENTS],
    ),
    namespaced(
        "kube-system",
        "system::leader-locking-kube-controller-manager",
        &[
            on("create get list update watch", "coordination.k8s.io", "leases"),
            on("create get list update watch", "coordination.k8s.io", "leasecandidates"),
        ],
    ),
    namespaced(
        "kube-system",
        "system::leader-locking-kube-scheduler",
        &[
            on("create get list update watch", "coordination.k8s.io", "leases"),
            on("create get list update watch", "coordination.k8s.io", "leasecandidates"),
        ],
    ),
];
