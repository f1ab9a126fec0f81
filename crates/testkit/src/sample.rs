//! A policy made up from a plan.

use std::{fmt, ops::Deref};

use rolecall_model::PolicySet;

use crate::{plan::PolicyPlan, text::PolicyText};

/// A policy set that was made up; its `Debug` is the [text of the policy](PolicyText).
#[derive(Clone)]
pub struct SamplePolicy {
    plan: PolicyPlan,
    policies: PolicySet,
}

impl SamplePolicy {
    /// The plan that it was made from.
    pub fn plan(&self) -> &PolicyPlan {
        &self.plan
    }
}

impl From<PolicyPlan> for SamplePolicy {
    fn from(plan: PolicyPlan) -> Self {
        Self { policies: plan.policies(), plan }
    }
}

impl Deref for SamplePolicy {
    type Target = PolicySet;

    fn deref(&self) -> &PolicySet {
        &self.policies
    }
}

impl fmt::Debug for SamplePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", PolicyText(&self.policies))
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for SamplePolicy {
    fn arbitrary(input: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        PolicyPlan::arbitrary(input).map(Self::from)
    }
}
