//! Two authorizers that answer differently.

use std::fmt;

use rolecall_model::{Authorizer, Decision, Determination, OwnedRequest, Request, RuleListing};

/// A question to which two authorizers give different answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Difference {
    /// They differ about a request.
    Answer {
        /// The request.
        request: OwnedRequest,
        /// What the first says.
        left: Answer,
        /// What the second says.
        right: Answer,
    },
    /// They list different rules.
    Listing {
        /// For this user,
        user: String,
        /// with these groups,
        groups: Vec<String>,
        /// in this namespace.
        namespace: String,
        /// What the first lists.
        left: RuleListing,
        /// What the second lists.
        right: RuleListing,
    },
}

/// All that an authorizer says about one request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The bare answer.
    pub decision: Decision,
    /// The answer with what it rests on.
    pub determination: Determination,
}

impl Answer {
    /// What this authorizer says about the request.
    pub fn of(authorizer: &dyn Authorizer, request: &Request<'_>) -> Self {
        Self { decision: authorizer.authorize(request), determination: authorizer.determine(request) }
    }
}

/// Asks both about a request; `None` when decision and determination are equal.
///
/// A bare decision that contradicts the same authorizer's determination is a difference as well, even
/// where both authorizers do it: [`Authorizer::authorize`] and [`Authorizer::determine`] have to agree.
pub fn compare(left: &dyn Authorizer, right: &dyn Authorizer, request: &Request<'_>) -> Option<Difference> {
    let (left, right) = (Answer::of(left, request), Answer::of(right, request));
    let consistent = left.decision == left.determination.decision();
    (left != right || !consistent).then(|| Difference::Answer { request: request.into(), left, right })
}

/// Asks both for a listing; `None` when they list the same rules in the same order.
pub fn compare_listings(
    left: &dyn Authorizer,
    right: &dyn Authorizer,
    user: &str,
    groups: &[&str],
    namespace: &str,
) -> Option<Difference> {
    let (left, right) = (left.rules_for(user, groups, namespace), right.rules_for(user, groups, namespace));
    (left != right).then(|| Difference::Listing {
        user: user.to_owned(),
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
        namespace: namespace.to_owned(),
        left,
        right,
    })
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer { request, left, right } => {
                write!(f, "{request:?}: {left:?} on one side, {right:?} on the other")
            }
            Self::Listing { user, groups, namespace, left, right } => write!(
                f,
                "rules for user {user:?} with groups {groups:?} in namespace {namespace:?}: {left:?} on one \
                 side, {right:?} on the other"
            ),
        }
    }
}
