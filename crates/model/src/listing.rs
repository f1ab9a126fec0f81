//! Listing what a subject may do in a namespace (SelfSubjectRulesReview).

use crate::{AttributePolicyIndex, RoleIndex, Unresolved};

/// All rules that apply to a subject in a namespace, in the order of evaluation, nothing merged.
///
/// Source: `spec/authorization/rbac.md` section 6, `spec/authorization/abac.md` section 5.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RuleListing {
    /// The rules, mode after mode.
    pub rules: Vec<ListedRule>,
    /// Role references of applying bindings that lead nowhere, equal ones once.
    pub unresolved: Vec<Unresolved>,
}

/// One entry of a listing.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ListedRule {
    /// Mode `AlwaysAllow`: everything.
    AlwaysAllow,
    /// A line of an ABAC policy file.
    AttributePolicy(AttributePolicyIndex),
    /// A rule of a role.
    Role {
        /// The role.
        role: RoleIndex,
        /// Which of its rules.
        rule: usize,
    },
}
