//! Roles for the components of a cluster, and for what is often added to one.

use super::table::{CORE, DefaultRole, EVENTS, MANAGE, READ, cluster, on, paths};

pub(super) const COMPONENTS: &[DefaultRole] = &[
    cluster(
        "system:heapster",
        &[on(READ, CORE, "events namespaces nodes pods"), on(READ, "extensions", "deployments")],
    ),
    cluster(
        "system:node",
        &[
            on("create", "authentication.k8s.io", "tokenreviews"),
            on("create", "authorization.k8s.io", "localsubjectaccessreviews subjectaccessreviews"),
            on(READ, CORE, "services"),
            on("create get list watch", CORE, "nodes"),
            on("patch update", CORE, "nodes/status"),
            on("patch update", CORE, "nodes"),
            EVENTS,
            on(READ, CORE, "pods"),
            on("create delete", CORE, "pods"),
            on("patch update", CORE, "pods/status"),
            on("create", CORE, "pods/eviction"),
            on(READ, CORE, "configmaps secrets"),
            on("get", CORE, "persistentvolumeclaims persistentvolumes"),
            on("get", CORE, "endpoints"),
            on("create get list watch", "certificates.k8s.io", "certificatesigningrequests"),
            on("create delete get patch update", "coordination.k8s.io", "leases"),
            on("get", "storage.k8s.io", "volumeattachments"),
            on("create", CORE, "serviceaccounts/token"),
            on("get patch update", CORE, "persistentvolumeclaims/status"),
            on(READ, "storage.k8s.io", "csidrivers"),
            on("create delete get patch update", "storage.k8s.io", "csinodes"),
            on(READ, "node.k8s.io", "runtimeclasses"),
            on("get", "resource.k8s.io", "resourceclaims"),
            on("deletecollection", "resource.k8s.io", "resourceslices"),
            on("get", CORE, "serviceaccounts"),
        ],
    ),
    cluster(
        "system:node-problem-detector",
        &[on("get", CORE, "nodes"), on("patch", CORE, "nodes/status"), EVENTS],
    ),
    cluster(
        "system:node-bootstrapper",
        &[on("create get list watch", "certificates.k8s.io", "certificatesigningrequests")],
    ),
    cluster(
        "system:auth-delegator",
        &[
            on("create", "authentication.k8s.io", "tokenreviews"),
            on("create", "authorization.k8s.io", "subjectaccessreviews"),
        ],
    ),
    cluster("system:kube-aggregator", &[on(READ, CORE, "endpoints services")]),
    cluster(
        "system:kube-controller-manager",
        &[
            EVENTS,
            on("create", "coordination.k8s.io", "leases"),
            on("get update", "coordination.k8s.io", "leases").named("kube-controller-manager"),
            on("create", CORE, "secrets serviceaccounts"),
            on("delete", CORE, "secrets"),
            on("get", CORE, "configmaps namespaces secrets serviceaccounts"),
            on("update", CORE, "secrets serviceaccounts"),
            on("create", "authentication.k8s.io", "tokenreviews"),
            on("create", "authorization.k8s.io", "subjectaccessreviews"),
            on("list watch", "*", "*"),
            on("create", CORE, "serviceaccounts/token"),
        ],
    ),
    cluster("system:kube-dns", &[on("list watch", CORE, "endpoints services")]),
    cluster(
        "system:persistent-volume-provisioner",
        &[
            on("create delete get list watch", CORE, "persistentvolumes"),
            on("get list update watch", CORE, "persistentvolumeclaims"),
            on(READ, "storage.k8s.io", "storageclasses"),
            on("watch", CORE, "events"),
            EVENTS,
        ],
    ),
    cluster(
        "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
        &[on("create", "certificates.k8s.io", "certificatesigningrequests/nodeclient")],
    ),
    cluster(
        "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
        &[on("create", "certificates.k8s.io", "certificatesigningrequests/selfnodeclient")],
    ),
    cluster(
        "system:volume-scheduler",
        &[
            on("get list patch update watch", CORE, "persistentvolumes"),
            on(READ, "storage.k8s.io", "storageclasses"),
            on("get list patch update watch", CORE, "persistentvolumeclaims"),
        ],
    ),
    cluster(
        "system:certificates.k8s.io:legacy-unknown-approver",
        &[on("approve", "certificates.k8s.io", "signers").named("kubernetes.io/legacy-unknown")],
    ),
    cluster(
        "system:certificates.k8s.io:kubelet-serving-approver",
        &[on("approve", "certificates.k8s.io", "signers").named("kubernetes.io/kubelet-serving")],
    ),
    cluster(
        "system:certificates.k8s.io:kube-apiserver-client-approver",
        &[on("approve", "certificates.k8s.io", "signers").named("kubernetes.io/kube-apiserver-client")],
    ),
    cluster(
        "system:certificates.k8s.io:kube-apiserver-client-kubelet-approver",
        &[on("approve", "certificates.k8s.io", "signers")
            .named("kubernetes.io/kube-apiserver-client-kubelet")],
    ),
    cluster(
        "system:service-account-issuer-discovery",
        &[paths(
            "get",
            "/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks \
                 /openid/v1/jwks/",
        )],
    ),
    cluster(
        "system:kubelet-api-admin",
        &[
            on(READ, CORE, "nodes"),
            on("proxy", CORE, "nodes"),
            on("*", CORE, "nodes/log nodes/metrics nodes/proxy nodes/stats"),
            on("*", CORE, "nodes/configz nodes/healthz nodes/pods"),
        ],
    ),
    cluster(
        "system:node-proxier",
        &[
            on("list watch", CORE, "endpoints services"),
            on(READ, CORE, "nodes"),
            EVENTS,
            on("list watch", "networking.k8s.io", "servicecidrs"),
            on("list watch", "discovery.k8s.io", "endpointslices"),
        ],
    ),
    cluster(
        "system:kube-scheduler",
        &[
            EVENTS,
            on("create", "coordination.k8s.io", "leases"),
            on("get list update watch", "coordination.k8s.io", "leases").named("kube-scheduler"),
            on(MANAGE, "coordination.k8s.io", "leasecandidates"),
            on(READ, CORE, "nodes"),
            on("delete get list watch", CORE, "pods"),
            on("create", CORE, "bindings pods/binding"),
            on("patch update", CORE, "pods/status"),
            on(READ, CORE, "replicationcontrollers services"),
            on(READ, "apps extensions", "replicasets"),
            on(READ, "apps", "statefulsets"),
            on(READ, "policy", "poddisruptionbudgets"),
            on(READ, CORE, "persistentvolumeclaims persistentvolumes"),
            on("create", "authentication.k8s.io", "tokenreviews"),
            on("create", "authorization.k8s.io", "subjectaccessreviews"),
            on(READ, "storage.k8s.io", "csinodes"),
            on(READ, "storage.k8s.io", "volumeattachments"),
            on(READ, CORE, "namespaces"),
            on(READ, "storage.k8s.io", "csidrivers"),
            on(READ, "storage.k8s.io", "csistoragecapacities"),
            on(READ, "resource.k8s.io", "deviceclasses"),
            on("get list patch update watch", "resource.k8s.io", "resourceclaims"),
            on("get list patch update watch", "resource.k8s.io", "resourceclaims/status"),
            on("update", CORE, "pods/finalizers"),
            on(READ, "resource.k8s.io", "resourceslices"),
            on("create delete", "resource.k8s.io", "resourceclaims"),
            on("patch update", "resource.k8s.io", "resourceclaims/binding"),
        ],
    ),
];
