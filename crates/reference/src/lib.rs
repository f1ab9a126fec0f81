//! The executable specification: what Kubernetes answers, written down as plainly as it can be.
//!
//! [`Reference`] walks a [`PolicySet`] from its first binding to its last for every request. It keeps no
//! table, no index and no cache, and it shares no code that matches with `rolecall-engine`: where the two
//! disagree, one of them is wrong, and this one can be read beside the specification.
//!
//! # Reading guide
//!
//! | question | file | specification |
//! | --- | --- | --- |
//! | who is asked, in which order, and what does the chain answer? | `chain.rs` | `conformance/README.md` "The whole answer"; `chain.md` §1, §2 |
//! | which bindings are looked at, which role do they give, what is listed? | `rbac.rs` | `rbac.md` §5, §6 |
//! | to whom does a binding apply? | `subject.rs` | `rbac.md` §4 |
//! | does a rule cover a request? | `rule.rs` | `rbac.md` §3 |
//! | does an ABAC policy match a request, what is listed? | `abac.rs` | `abac.md` §4, §5 |
//! | many requests of one asker, many askers | `asker.rs`, `by_namespace.rs` | the same, found once |
//! | does a path pattern cover a path? | `path.rs` | `rbac.md` §3, `abac.md` §4 |
//!
//! Every rule of the specification is one short function that cites it; they are public, one by one, for whoever has to
//! say *which part* of a grant did not hold. All texts are compared byte for
//! byte: no folding, no trimming, no normalisation (`attributes.md` §1).
//!
//! ```
//! use rolecall_model::{Authorizer, Decision, PolicySet, Request, Rule, Subject};
//! use rolecall_reference::Reference;
//!
//! let policies = PolicySet::builder()
//!     .cluster_role("viewer", [Rule::resources(["get", "list"], [""], ["pods"])])
//!     .cluster_role_binding("jane-views", "viewer", [Subject::user("jane")])
//!     .build()?;
//! let reference = Reference::new(&policies);
//!
//! let pods = Request::resource("get", "pods").namespace("web").user("jane");
//! assert_eq!(reference.authorize(&pods), Decision::Allow);
//! // `pods` does not cover `pods/log`.
//! assert_eq!(reference.authorize(&pods.subresource("log")), Decision::NoOpinion);
//! # Ok::<(), rolecall_model::TooManyObjects>(())
//! ```

pub mod abac;
mod asker;
mod by_namespace;
mod chain;
pub mod path;
mod rbac;
pub mod rule;
pub mod subject;

use rolecall_model::{Authorizer, Decision, Determination, PolicySet, Request, RuleListing};

pub use asker::AskerReference;
pub use by_namespace::ReferenceByNamespace;

/// Answers from a policy set by walking all of it for every request.
///
/// A request costs as much as the policy is long. What answers quickly is `rolecall-engine`.
/// For many requests, [`Reference::by_namespace`] and [`Reference::for_asker`] walk once.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'a> {
    policies: &'a PolicySet,
}

impl<'a> Reference<'a> {
    /// Interprets this policy set, in the modes that it names.
    pub fn new(policies: &'a PolicySet) -> Self {
        Self { policies }
    }
}

impl Authorizer for Reference<'_> {
    fn authorize(&self, request: &Request<'_>) -> Decision {
        self.determine(request).decision()
    }

    fn determine(&self, request: &Request<'_>) -> Determination {
        chain::determine(self.policies, request)
    }

    fn rules_for(&self, user: &str, groups: &[&str], namespace: &str) -> RuleListing {
        chain::rules_for(self.policies, user, groups, namespace)
    }
}
