//! Why a step is not taken.

use rolecall_engine::CompileError;
use rolecall_kubernetes::aggregation::TooManyRules;
use rolecall_model::{Namespace, TooManyObjects};

use crate::{BindingKey, RoleKey};

/// A step that is not taken: everything is as it was before.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// Aggregated ClusterRoles would hold more than can be kept.
    #[error("{0}")]
    Aggregation(#[from] TooManyRules),
    /// The policy does not fit the tables.
    #[error("{0}")]
    Compile(#[from] CompileError),
    /// There is no binding to remove.
    #[error("there is no {kind} `{name}`{}", place(.0.namespace.as_ref()),
        kind = if .0.namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" }, name = .0.name)]
    NoBinding(BindingKey),
    /// There is no role to remove.
    #[error("there is no {kind} `{name}`{}", place(.0.namespace.as_ref()),
        kind = if .0.namespace.is_some() { "Role" } else { "ClusterRole" }, name = .0.name)]
    NoRole(RoleKey),
    /// There are more objects than can be counted.
    #[error("{0}")]
    TooManyObjects(#[from] TooManyObjects),
}

fn place(namespace: Option<&Namespace>) -> String {
    namespace.map(|namespace| format!(" in namespace `{namespace}`")).unwrap_or_default()
}
