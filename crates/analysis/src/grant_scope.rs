//! Where a grant counts.

use rolecall_model::{Binding, Namespace, Wild};

/// Where a grant counts, by itself: whatever was asked.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum GrantScope<'p> {
    /// In every namespace, in cluster scope, and on paths.
    Everywhere,
    /// Only where a request has no namespace: an ABAC policy whose namespace is empty.
    Cluster,
    /// Only in this namespace.
    Namespace(&'p str),
}

impl<'p> GrantScope<'p> {
    /// Where a binding counts; `None` for a RoleBinding without a namespace, which counts nowhere.
    ///
    /// Source: `spec/authorization/rbac.md` section 5.
    pub fn of_binding(binding: &'p Binding) -> Option<Self> {
        match binding.namespace.as_ref().map(Namespace::as_str) {
            None => Some(Self::Everywhere),
            Some("") => None,
            Some(namespace) => Some(Self::Namespace(namespace)),
        }
    }

    /// Where an attribute policy counts for resources.
    ///
    /// Source: `spec/authorization/abac.md` section 4, "Resource".
    pub fn of_attribute_policy(namespace: &'p Wild<Namespace>) -> Self {
        match namespace {
            Wild::Any => Self::Everywhere,
            Wild::Is(namespace) if namespace.as_str().is_empty() => Self::Cluster,
            Wild::Is(namespace) => Self::Namespace(namespace.as_str()),
        }
    }
}
