//! What an API server fills in, converts and clears before it validates.

use std::sync::Arc;

use super::object::{Body, Kind, RBAC_GROUP, RbacObject, RoleRef, Subject, Version};

impl RbacObject {
    /// Fills in what an API server would: the API groups of subjects and of the role reference; converts
    /// an object of an older version to what v1 would have.
    ///
    /// Source: `spec/authorization/rbac.md` section 1, "Defaulting"; for v1alpha1 `corpus/nasty`
    /// (`v1alpha1-user-star.yaml`).
    pub fn fill_defaults(&mut self) {
        let version = self.version;
        let Body::Binding { subjects, role_ref } = &mut self.body else { return };
        for subject in &mut subjects.value {
            match version {
                Version::V1 | Version::V1beta1 => default_group(subject),
                Version::V1alpha1 => convert_v1alpha1(subject),
            }
        }
        if let Some(RoleRef { api_group, .. }) = role_ref
            && api_group.value.is_empty()
        {
            api_group.value = Arc::from(RBAC_GROUP);
        }
    }

    /// Gives a namespaced object without a namespace this one, and takes the namespace from a
    /// cluster-scoped one. Says whether it did.
    pub fn settle_namespace(&mut self, default: &str) -> bool {
        let namespace = &mut self.metadata.namespace.value;
        if self.kind.is_namespaced() {
            let missing = namespace.is_empty();
            if missing {
                *namespace = Arc::from(default);
            }
            return missing;
        }
        let given = !namespace.is_empty();
        if given {
            *namespace = Arc::from("");
        }
        given
    }

    /// Whether the object came from an API server: it has a `uid`, or the label of the default roles.
    pub fn is_from_server(&self) -> bool {
        !self.metadata.uid.value.is_empty()
            || self.metadata.labels.iter().any(|(key, value)| {
                &*key.value == "kubernetes.io/bootstrapping" && &*value.value == "rbac-defaults"
            })
    }

    /// Whether it is a binding.
    pub fn is_binding(&self) -> bool {
        matches!(self.kind, Kind::ClusterRoleBinding | Kind::RoleBinding)
    }
}

fn default_group(subject: &mut Subject) {
    if subject.api_group.value.is_empty() && matches!(subject.kind.as_str(), "User" | "Group") {
        subject.api_group.value = Arc::from(RBAC_GROUP);
    }
}

/// In v1alpha1 the group follows from the kind alone (for unknown kinds, from `apiVersion`), and the user
/// `*` is everybody who is authenticated.
fn convert_v1alpha1(subject: &mut Subject) {
    let group = match subject.kind.as_str() {
        "ServiceAccount" => "",
        "User" | "Group" => RBAC_GROUP,
        _ => subject.api_version.as_str().split_once('/').map_or("", |(group, _)| group),
    };
    subject.api_group.value = Arc::from(group);
    if subject.kind.as_str() == "User" && subject.name.as_str() == "*" {
        subject.kind.value = Arc::from("Group");
        subject.name.value = Arc::from("system:authenticated");
    }
}
