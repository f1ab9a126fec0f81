//! What a map with its `apiVersion` and `kind` is: an RBAC object, a list, something else, or something that
//! was surely meant to be an RBAC object and must not be skipped in silence.

use rolecall_diagnostics::{did_you_mean, edit_distance};

use super::object::{Kind, RBAC_GROUP, Version};

/// What a map is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Class {
    /// A list of objects of any kind.
    List,
    /// An object that is no concern of RBAC.
    Other,
    /// An RBAC object.
    Rbac(Kind, Version),
    /// A list of RBAC objects of one kind.
    RbacList(Kind, Version),
    /// Refused, whatever the validation: Kubernetes has no such thing.
    Refuse(Complaint),
    /// Skipped, but not in silence.
    Suspect(Complaint),
}

/// What is wrong with `apiVersion` or `kind`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Complaint {
    /// The finding's name.
    pub(super) name: &'static str,
    /// The field that is wrong.
    pub(super) field: &'static str,
    /// What is wrong with it.
    pub(super) message: String,
    /// What was probably meant.
    pub(super) help: Option<String>,
    /// What an API server says.
    pub(super) kubernetes: Option<String>,
}

/// Classifies a map. A field that is missing or null is `None`.
///
/// Verified against: `conformance/rbac/malformed-no-kind`, `malformed-unknown-version`; `corpus/nasty`
/// (`kind-*`, `group-*`, `version-*`, `missing-*`, `other-group-same-kind`).
pub(super) fn classify(api_version: Option<&str>, kind: Option<&str>) -> Class {
    let api_version = api_version.filter(|text| !text.is_empty());
    let Some(kind) = kind.filter(|text| !text.is_empty()) else { return without_kind(api_version) };
    let Some(api_version) = api_version else { return without_version(kind) };
    let (group, version) = match api_version.split_once('/') {
        Some((group, version)) => (group, version),
        None => ("", api_version),
    };
    if group == RBAC_GROUP || api_version == RBAC_GROUP {
        return rbac(api_version, version, kind);
    }
    if api_version == "v1" && kind == "List" {
        return Class::List;
    }
    if kind == "List" {
        return Class::Refuse(Complaint {
            name: "unknown-kind",
            field: "apiVersion",
            message: format!("a List is of apiVersion `v1`, not `{api_version}`"),
            help: Some("write `apiVersion: v1`".to_owned()),
            kubernetes: Some(no_kind(kind, api_version)),
        });
    }
    if looks_like_rbac(group) && rbac_kind_name(kind).is_some() {
        return Class::Suspect(Complaint {
            name: "unknown-kind",
            field: "apiVersion",
            message: format!("`{api_version}` has no kind {kind}, so this object is skipped"),
            help: Some(format!("did you mean `apiVersion: {RBAC_GROUP}/v1`?")),
            kubernetes: Some(no_kind(kind, api_version)),
        });
    }
    Class::Other
}

fn rbac(api_version: &str, version: &str, kind: &str) -> Class {
    if api_version == RBAC_GROUP {
        return Class::Refuse(Complaint {
            name: "unknown-version",
            field: "apiVersion",
            message: format!("`{api_version}` is an API group without a version"),
            help: Some(format!("write `apiVersion: {RBAC_GROUP}/v1`")),
            kubernetes: Some(no_kind(kind, api_version)),
        });
    }
    let Some(version) = Version::of(version) else {
        return Class::Refuse(Complaint {
            name: "unknown-version",
            field: "apiVersion",
            message: format!("the RBAC API has no version `{version}`"),
            help: Some(format!("write `apiVersion: {RBAC_GROUP}/v1`")),
            kubernetes: Some(no_kind(kind, api_version)),
        });
    };
    if let Some(kind) = Kind::of(kind) {
        return Class::Rbac(kind, version);
    }
    if let Some(kind) = kind.strip_suffix("List").and_then(Kind::of) {
        return Class::RbacList(kind, version);
    }
    let help = match rbac_kind_name(kind) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "its kinds are Role, ClusterRole, RoleBinding and ClusterRoleBinding".to_owned(),
    };
    Class::Refuse(Complaint {
        name: "unknown-kind",
        field: "kind",
        message: format!("the RBAC API has no kind `{kind}`"),
        help: Some(help),
        kubernetes: Some(no_kind(kind, api_version)),
    })
}

fn without_kind(api_version: Option<&str>) -> Class {
    let complaint = Complaint {
        name: "missing-kind",
        field: "kind",
        message: match api_version {
            Some(api_version) => format!("this object of `{api_version}` names no `kind`"),
            None => "this map names no `kind` and no `apiVersion`, so it is no Kubernetes object".to_owned(),
        },
        help: None,
        kubernetes: Some("Object 'Kind' is missing".to_owned()),
    };
    let rbac = api_version.is_some_and(|text| text.split('/').next() == Some(RBAC_GROUP));
    if rbac { Class::Refuse(complaint) } else { Class::Suspect(complaint) }
}

fn without_version(kind: &str) -> Class {
    let meant = rbac_kind_name(kind);
    let complaint = Complaint {
        name: "missing-api-version",
        field: "apiVersion",
        message: format!("this {kind} names no `apiVersion`"),
        help: match meant {
            Some(_) => Some(format!("write `apiVersion: {RBAC_GROUP}/v1`")),
            None if kind == "List" => Some("write `apiVersion: v1`".to_owned()),
            None => None,
        },
        kubernetes: Some("Object 'apiVersion' is missing".to_owned()),
    };
    if meant.is_some() || kind == "List" { Class::Refuse(complaint) } else { Class::Suspect(complaint) }
}

/// Whether a word is the name of a kind of the RBAC API, or of a list.
pub(crate) fn is_rbac_kind(word: &str) -> bool {
    Kind::of(word.strip_suffix("List").unwrap_or(word)).is_some() || word == "List"
}

/// The RBAC kind, or list of one, that a word is or was meant to be.
fn rbac_kind_name(word: &str) -> Option<&'static str> {
    const NAMES: [&str; 8] = [
        "Role",
        "ClusterRole",
        "RoleBinding",
        "ClusterRoleBinding",
        "RoleList",
        "ClusterRoleList",
        "RoleBindingList",
        "ClusterRoleBindingList",
    ];
    NAMES.into_iter().find(|name| *name == word).or_else(|| did_you_mean(word, NAMES))
}

fn looks_like_rbac(group: &str) -> bool {
    group.is_empty()
        || group.starts_with("rbac")
        || group == "authorization.k8s.io"
        || edit_distance(group, RBAC_GROUP) <= 4
}

fn no_kind(kind: &str, api_version: &str) -> String {
    format!("no kind \"{kind}\" is registered for version \"{api_version}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_names_are_rbac_objects() {
        let of = |api_version: &str, kind: &str| classify(Some(api_version), Some(kind));
        assert_eq!(of("rbac.authorization.k8s.io/v1", "Role"), Class::Rbac(Kind::Role, Version::V1));
        assert_eq!(
            of("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBindingList"),
            Class::RbacList(Kind::ClusterRoleBinding, Version::V1beta1)
        );
        assert_eq!(of("v1", "List"), Class::List);
        assert_eq!(of("v1", "Pod"), Class::Other);
        assert_eq!(of("authorization.openshift.io/v1", "ClusterRole"), Class::Other);
        assert_eq!(of("iam.example.com/v1", "Role"), Class::Other);
    }

    #[test]
    fn what_was_meant_to_be_rbac_is_never_skipped_in_silence() {
        let refused = |api_version, kind| matches!(classify(api_version, kind), Class::Refuse(_));
        assert!(refused(Some("rbac.authorization.k8s.io/v2"), Some("Role")));
        assert!(refused(Some("rbac.authorization.k8s.io"), Some("Role")));
        assert!(refused(Some("rbac.authorization.k8s.io/v1"), Some("Clusterrole")));
        assert!(refused(Some("rbac.authorization.k8s.io/v1"), None));
        assert!(refused(None, Some("ClusterRole")));
        assert!(refused(None, Some("List")));
        let suspect = |api_version, kind| matches!(classify(api_version, kind), Class::Suspect(_));
        assert!(suspect(Some("rbac.authorisation.k8s.io/v1"), Some("ClusterRole")));
        assert!(suspect(Some("v1"), Some("Role")));
        assert!(suspect(None, Some("Pod")));
        assert!(suspect(None, None));
    }
}
