//! The strings of a policy, one type each, so that a user cannot be taken for a group.
//!
//! They wrap and do not validate: Kubernetes' authorizer compares bytes, whatever the bytes are. What
//! an API server would refuse to store is a finding of the loader, not an error here.

use std::{borrow::Borrow, fmt, sync::Arc};

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text, byte for byte as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl From<Arc<str>> for $name {
            fn from(text: Arc<str>) -> Self {
                Self(text)
            }
        }
    )*};
}

names! {
    /// An entry of a rule's `verbs`: `get`, or `*` for every verb.
    Verb
    /// An entry of a rule's `apiGroups`: `apps`, the empty text for the core group, or `*`.
    ApiGroup
    /// An entry of a rule's `resources`: `pods`, `pods/log`, `*/scale`, or `*`.
    ResourcePattern
    /// An entry of a rule's `resourceNames`: the name of one object, compared as it stands.
    ResourceName
    /// An entry of a rule's `nonResourceURLs`: `/healthz`, `/api/*`, or `*`.
    PathPattern
    /// The name of a namespace; the empty text stands for none.
    Namespace
    /// The name of a user, as an authenticator gives it.
    UserName
    /// The name of a group.
    GroupName
    /// The name of a Role or ClusterRole.
    RoleName
    /// The name of a RoleBinding or ClusterRoleBinding.
    BindingName
}
