//! Kubernetes' attribute-based policies (ABAC), after conversion.

use crate::{ApiGroup, GroupName, Namespace, Origin, PathPattern, UserName};

/// One line of an ABAC policy file in the form in which it is evaluated: versions converted, defaults
/// filled in. It allows; it never denies.
///
/// Source: `spec/authorization/abac.md` sections 3 and 4.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AttributePolicy {
    /// The user it is for, compared as it stands: the files' `*` is group `system:authenticated` here, and an empty name is nobody. With
    /// `group` as well, both must hold; with neither, nobody.
    pub user: Option<UserName>,
    /// The group it is for, likewise.
    pub group: Option<GroupName>,
    /// Allows the verbs `get`, `list` and `watch` only.
    pub read_only: bool,
    /// The API group of the resource.
    pub api_group: Wild<ApiGroup>,
    /// The resource, whatever the subresource and the name; empty covers only an empty resource.
    pub resource: Wild<String>,
    /// The namespace; empty covers only requests without one.
    pub namespace: Wild<Namespace>,
    /// The paths it covers: equal, or a prefix before trailing stars; empty covers only an empty path.
    pub non_resource_path: PathPattern,
    /// Where the line stands.
    pub origin: Origin,
}

/// A value, or the wildcard.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Wild<T> {
    /// Every value (`*` in the file).
    Any,
    /// This very value.
    Is(T),
}
