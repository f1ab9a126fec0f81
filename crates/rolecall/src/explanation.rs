//! Explanations that print themselves.

use std::fmt;

use crate::PolicySet;

/// Why a request is allowed or not, for whoever runs the policy.
///
/// It prints what `rolecall explain` prints. It names roles and bindings: the one whose request was refused
/// must not see it, and is told no more than `Engine::forbidden` says.
#[derive(Clone, Debug)]
pub struct Explanation<'e> {
    policies: &'e PolicySet,
    values: rolecall_analysis::explain::Explanation,
}

impl<'e> Explanation<'e> {
    pub(crate) fn new(policies: &'e PolicySet, values: rolecall_analysis::explain::Explanation) -> Self {
        Self { policies, values }
    }

    /// The same as values.
    pub fn values(&self) -> &rolecall_analysis::explain::Explanation {
        &self.values
    }

    /// Whether the request is allowed.
    pub fn is_allow(&self) -> bool {
        self.values.is_allow()
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.values.text(self.policies.model(), self.policies.sources()).fmt(f)
    }
}
