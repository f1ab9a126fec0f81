//! The resource types that an API server of version 1.36 serves by default.

use super::ResourceType;

/// All of them, groups in the order in which an API server lists them.
pub(super) fn types() -> Vec<ResourceType> {
    TABLE
        .iter()
        .flat_map(|&(group, versions, types)| types.iter().map(move |line| read(group, versions, line)))
        .collect()
}

/// Group, versions (the preferred one first), and a line for each type: the kind, the plural, `namespaced` or
/// `cluster`, short names. The singular is the kind in lower case.
const TABLE: &[(&str, &str, &[&str])] = &[
    (
        "",
        "v1",
        &[
            "Binding bindings namespaced",
            "ComponentStatus componentstatuses cluster cs",
            "ConfigMap configmaps namespaced cm",
            "Endpoints endpoints namespaced ep",
            "Event events namespaced ev",
            "LimitRange limitranges namespaced limits",
            "Namespace namespaces cluster ns",
            "Node nodes cluster no",
            "PersistentVolumeClaim persistentvolumeclaims namespaced pvc",
            "PersistentVolume persistentvolumes cluster pv",
            "Pod pods namespaced po",
            "PodTemplate podtemplates namespaced",
            "ReplicationController replicationcontrollers namespaced rc",
            "ResourceQuota resourcequotas namespaced quota",
            "Secret secrets namespaced",
            "ServiceAccount serviceaccounts namespaced sa",
            "Service services namespaced svc",
        ],
    ),
    ("apiregistration.k8s.io", "v1", &["APIService apiservices cluster"]),
    (
        "apps",
        "v1",
        &[
            "ControllerRevision controllerrevisions namespaced",
            "DaemonSet daemonsets namespaced ds",
            "Deployment deployments namespaced deploy",
            "ReplicaSet replicasets namespaced rs",
            "StatefulSet statefulsets namespaced sts",
        ],
    ),
    ("events.k8s.io", "v1", &["Event events namespaced ev"]),
    (
        "authentication.k8s.io",
        "v1",
        &["SelfSubjectReview selfsubjectreviews cluster", "TokenReview tokenreviews cluster"],
    ),
    (
        "authorization.k8s.io",
        "v1",
        &[
            "LocalSubjectAccessReview localsubjectaccessreviews namespaced",
            "SelfSubjectAccessReview selfsubjectaccessreviews cluster",
            "SelfSubjectRulesReview selfsubjectrulesreviews cluster",
            "SubjectAccessReview subjectaccessreviews cluster",
        ],
    ),
    ("autoscaling", "v2 v1", &["HorizontalPodAutoscaler horizontalpodautoscalers namespaced hpa"]),
    ("batch", "v1", &["CronJob cronjobs namespaced cj", "Job jobs namespaced"]),
    ("certificates.k8s.io", "v1", &["CertificateSigningRequest certificatesigningrequests cluster csr"]),
    (
        "networking.k8s.io",
        "v1",
        &[
            "IngressClass ingressclasses cluster",
            "Ingress ingresses namespaced ing",
            "IPAddress ipaddresses cluster ip",
            "NetworkPolicy networkpolicies namespaced netpol",
            "ServiceCIDR servicecidrs cluster",
        ],
    ),
    ("policy", "v1", &["PodDisruptionBudget poddisruptionbudgets namespaced pdb"]),
    (
        "rbac.authorization.k8s.io",
        "v1",
        &[
            "ClusterRoleBinding clusterrolebindings cluster",
            "ClusterRole clusterroles cluster",
            "RoleBinding rolebindings namespaced",
            "Role roles namespaced",
        ],
    ),
    (
        "storage.k8s.io",
        "v1",
        &[
            "CSIDriver csidrivers cluster",
            "CSINode csinodes cluster",
            "CSIStorageCapacity csistoragecapacities namespaced",
            "StorageClass storageclasses cluster sc",
            "VolumeAttachment volumeattachments cluster",
            "VolumeAttributesClass volumeattributesclasses cluster vac",
        ],
    ),
    (
        "admissionregistration.k8s.io",
        "v1",
        &[
            "MutatingAdmissionPolicy mutatingadmissionpolicies cluster",
            "MutatingAdmissionPolicyBinding mutatingadmissionpolicybindings cluster",
            "MutatingWebhookConfiguration mutatingwebhookconfigurations cluster",
            "ValidatingAdmissionPolicy validatingadmissionpolicies cluster",
            "ValidatingAdmissionPolicyBinding validatingadmissionpolicybindings cluster",
            "ValidatingWebhookConfiguration validatingwebhookconfigurations cluster",
        ],
    ),
    ("apiextensions.k8s.io", "v1", &["CustomResourceDefinition customresourcedefinitions cluster crd crds"]),
    ("scheduling.k8s.io", "v1", &["PriorityClass priorityclasses cluster pc"]),
    ("coordination.k8s.io", "v1", &["Lease leases namespaced"]),
    ("node.k8s.io", "v1", &["RuntimeClass runtimeclasses cluster"]),
    ("discovery.k8s.io", "v1", &["EndpointSlice endpointslices namespaced"]),
    (
        "flowcontrol.apiserver.k8s.io",
        "v1",
        &["FlowSchema flowschemas cluster", "PriorityLevelConfiguration prioritylevelconfigurations cluster"],
    ),
    (
        "resource.k8s.io",
        "v1",
        &[
            "DeviceClass deviceclasses cluster",
            "ResourceClaim resourceclaims namespaced",
            "ResourceClaimTemplate resourceclaimtemplates namespaced",
            "ResourceSlice resourceslices cluster",
        ],
    ),
];

fn read(group: &str, versions: &str, line: &str) -> ResourceType {
    let mut words = line.split_whitespace();
    let mut next = || words.next().unwrap_or_default().to_owned();
    let (kind, plural, scope) = (next(), next(), next());
    ResourceType {
        group: group.to_owned(),
        versions: versions.split_whitespace().map(str::to_owned).collect(),
        singular: kind.to_lowercase(),
        kind,
        plural,
        namespaced: scope == "namespaced",
        short_names: words.map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_line_is_whole_and_every_name_stands_once_in_its_group() {
        let mut names = HashSet::new();
        for &(group, versions, lines) in TABLE {
            assert!(!versions.is_empty());
            for line in lines {
                let words: Vec<&str> = line.split(' ').collect();
                assert!(words.len() >= 3 && ["namespaced", "cluster"].contains(&words[2]), "{line}");
                assert!(words[0].starts_with(char::is_uppercase), "{line}");
                assert!(words[1].bytes().all(|byte| byte.is_ascii_lowercase()), "{line}");
                assert!(names.insert((group, words[1])), "{line}");
                assert!(words[3..].iter().all(|&short| names.insert((group, short))), "{line}");
            }
        }
        assert_eq!(types().len(), TABLE.iter().map(|(_, _, lines)| lines.len()).sum::<usize>());
    }

    #[test]
    fn default_roles_name_no_type_of_a_served_group_that_is_not_here() {
        let groups: HashSet<&str> = TABLE.iter().map(|&(group, ..)| group).collect();
        // Not types of the API, or types that are served only on demand.
        let others = ["*", "serviceaccounts", "signers", "leasecandidates"];
        for rule in crate::default_roles::roles().iter().flat_map(|role| &role.rules) {
            for group in rule.api_groups.iter().filter(|group| groups.contains(group.as_str())) {
                for resource in &rule.resources {
                    let plural = resource.as_str().split('/').next().unwrap();
                    let known = TABLE.iter().any(|&(_, _, lines)| {
                        lines.iter().any(|line| line.split(' ').nth(1) == Some(plural))
                    });
                    assert!(known || others.contains(&plural), "{plural} in {group}");
                }
            }
        }
    }
}
