//! What is more than it looks like: access by which somebody gets more access.

use rolecall_model::Rule;
use rolecall_reference::rule::{covers_api_group, covers_resource, covers_verb};

/// Verbs on a resource, and what whoever has them can do.
#[derive(Debug)]
pub(super) struct Power {
    pub(super) group: &'static str,
    pub(super) resource: &'static str,
    pub(super) verbs: &'static [&'static str],
    /// Whether a RoleBinding cannot give it, since the resource is in no namespace.
    pub(super) cluster_wide: bool,
    pub(super) can: &'static str,
}

impl Power {
    /// The verb by which a rule gives it, if the rule does; a rule for objects of certain names does not.
    pub(super) fn verb_in(&self, rule: &Rule) -> Option<&'static str> {
        let (resource, subresource) = self.resource.split_once('/').unwrap_or((self.resource, ""));
        let covered = rule.resource_names.is_empty()
            && covers_api_group(rule, self.group)
            && covers_resource(rule, resource, subresource);
        if !covered {
            return None;
        }
        self.verbs.iter().copied().find(|verb| covers_verb(rule, verb))
    }

    /// Which entry of the rule's `resources` is the one to point at.
    pub(super) fn entry_in(&self, rule: &Rule) -> usize {
        let exact = rule.resources.iter().position(|entry| entry.as_str() == self.resource);
        let star = || rule.resources.iter().position(|entry| entry.as_str().starts_with('*'));
        exact.or_else(star).unwrap_or(0)
    }
}

/// Whether a rule gives everything there is.
pub(super) fn is_everything(rule: &Rule) -> bool {
    rule.resource_names.is_empty()
        && rule.verbs.iter().any(|verb| verb.as_str() == "*")
        && rule.api_groups.iter().any(|group| group.as_str() == "*")
        && rule.resources.iter().any(|resource| resource.as_str() == "*")
}

const RBAC: &str = "rbac.authorization.k8s.io";
const WRITE: &[&str] = &["create", "update", "patch"];

const fn power(
    can: &'static str,
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
    cluster_wide: bool,
) -> Power {
    Power { group, resource, verbs, cluster_wide, can }
}

/// Ways to somebody else's permissions.
///
/// Source: `spec/authorization/rbac.md` section 9 (escalate, bind); Kubernetes, "Role Based Access Control Good
/// Practices", privilege escalation risks.
pub(super) const ESCALATIONS: &[Power] = &[
    power("give any permission to a role", RBAC, "clusterroles", &["escalate"], true),
    power("give any permission to a role", RBAC, "roles", &["escalate"], false),
    power("bind any role, also those with more than they have", RBAC, "clusterroles", &["bind"], false),
    power("bind any role, also those with more than they have", RBAC, "roles", &["bind"], false),
    power("act as any user", "", "users", &["impersonate"], true),
    power("act as a member of any group", "", "groups", &["impersonate"], true),
    power("act as any service account", "", "serviceaccounts", &["impersonate"], false),
    power("become any service account", "", "serviceaccounts/token", &["create"], false),
    power("run commands in any pod through the kubelets", "", "nodes/proxy", &["create", "get"], true),
    power(
        "read and change whatever is written to the API server",
        "admissionregistration.k8s.io",
        "mutatingwebhookconfigurations",
        WRITE,
        true,
    ),
    power(
        "read whatever is written to the API server",
        "admissionregistration.k8s.io",
        "validatingwebhookconfigurations",
        WRITE,
        true,
    ),
    power(
        "approve certificates for any user",
        "certificates.k8s.io",
        "certificatesigningrequests/approval",
        &["update", "patch"],
        true,
    ),
    power("pass on what they have by writing roles", RBAC, "clusterroles", WRITE, true),
    power("pass on what they have by writing bindings", RBAC, "clusterrolebindings", WRITE, true),
    power("pass on what they have by writing roles", RBAC, "roles", WRITE, false),
    power("pass on what they have by writing bindings", RBAC, "rolebindings", WRITE, false),
];

/// Reading secrets.
pub(super) const SECRETS: &[Power] =
    &[power("read every secret", "", "secrets", &["get", "list", "watch"], false)];

/// Running code in pods.
pub(super) const WORKLOADS: &[Power] = &[
    power("run commands in any pod", "", "pods/exec", &["create", "get"], false),
    power("run commands in any pod", "", "pods/attach", &["create", "get"], false),
    power("run anything as any service account", "", "pods", &["create"], false),
];
