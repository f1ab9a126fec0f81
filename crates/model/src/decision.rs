//! Answers: the decision, and what it rests on.

use crate::{AttributePolicyIndex, BindingIndex, Mode, RoleIndex, RoleName, RoleRefKind};

/// What a policy says about one request.
///
/// The three answers of Kubernetes' `authorizer.Decision`; complete by definition, so it stays
/// exhaustive. Only [`Decision::Allow`] opens a door.
#[must_use = "an unread decision is an open door"]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Decision {
    /// The request may go on.
    Allow,
    /// The request may not go on, whatever stands behind in the chain.
    Deny,
    /// Nobody said anything; at the end of a chain the request may not go on.
    NoOpinion,
}

impl Decision {
    /// Whether the request may go on.
    #[must_use]
    pub fn is_allow(self) -> bool {
        self == Self::Allow
    }
}

/// A decision with what it rests on: indexes into the [`PolicySet`](crate::PolicySet) that was asked.
///
/// `rolecall_kubernetes::reason` renders it in Kubernetes' own words.
#[must_use = "an unread decision is an open door"]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Determination {
    /// Allowed, by this grant: the first in the order of the modes and, within RBAC, ClusterRoleBindings
    /// before RoleBindings, each in document order.
    Allow(Grant),
    /// No mode had an opinion: what each said, in the order in which they were asked.
    NoOpinion(Vec<Silence>),
}

impl Determination {
    /// The bare answer.
    pub fn decision(&self) -> Decision {
        match self {
            Self::Allow(_) => Decision::Allow,
            Self::NoOpinion(_) => Decision::NoOpinion,
        }
    }
}

/// What allowed a request.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Grant {
    /// Mode `AlwaysAllow`.
    AlwaysAllow,
    /// A line of an ABAC policy file: the first that matches.
    AttributePolicy(AttributePolicyIndex),
    /// A binding of a role.
    Role {
        /// The first binding that allows.
        binding: BindingIndex,
        /// Which of its subjects: the first that applies (not the one that was asked about).
        subject: usize,
        /// The role that it gives.
        role: RoleIndex,
        /// Which of the role's rules: the first that covers the request.
        rule: usize,
    },
    /// The request's groups contain `system:masters`.
    Superuser,
}

/// What a mode that had no opinion has to say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Silence {
    /// The mode.
    pub mode: Mode,
    /// For RBAC, the role references of applying bindings that lead nowhere: in the order of evaluation,
    /// equal ones once.
    pub unresolved: Vec<Unresolved>,
}

/// A role reference that leads nowhere.
///
/// Source: `spec/authorization/rbac.md` section 5.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Unresolved {
    /// There is no such ClusterRole.
    ClusterRole(RoleName),
    /// There is no such Role in the binding's namespace.
    Role(RoleName),
    /// The kind is neither Role nor ClusterRole.
    UnsupportedKind(String),
}

impl Unresolved {
    /// What it means that this reference found no role.
    pub fn of(kind: &RoleRefKind, name: &RoleName) -> Self {
        match kind {
            RoleRefKind::ClusterRole => Self::ClusterRole(name.clone()),
            RoleRefKind::Role => Self::Role(name.clone()),
            RoleRefKind::Unsupported(word) => Self::UnsupportedKind(word.clone()),
        }
    }
}
