//! The joint at which something that decides is plugged in.

use crate::{Decision, Determination, Request, RuleListing};

/// Something that answers requests from a policy that it holds.
///
/// An authorizer never blocks, reads no clock and no file, and has no opinion on what it does not know:
/// only a grant that it holds makes it say [`Decision::Allow`].
pub trait Authorizer: Send + Sync {
    /// The bare answer: the hot path.
    fn authorize(&self, request: &Request<'_>) -> Decision;

    /// The answer with what it rests on. Its [`decision`](Determination::decision) is what
    /// [`authorize`](Authorizer::authorize) says of the same request.
    fn determine(&self, request: &Request<'_>) -> Determination;

    /// Everything that applies to a user with these groups in a namespace.
    fn rules_for(&self, user: &str, groups: &[&str], namespace: &str) -> RuleListing;
}
