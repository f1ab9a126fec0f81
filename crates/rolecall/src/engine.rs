//! Compiled policies.

use std::sync::{Arc, OnceLock};

use rolecall_analysis::explain::{Explainer, GrantIndex};
use rolecall_engine::{CompileError, TableUsage};
use rolecall_model::{Authorizer, Decision, Determination, Request, RuleListing};

use crate::{Explanation, PolicySet};

/// Compiles a policy set to decision tables. Cost: O(n log n) in the policy's entries.
///
/// # Errors
///
/// When the policy has more of something than 31 bits can number.
pub fn compile(policies: &PolicySet) -> Result<Engine, CompileError> {
    Ok(Engine::new(rolecall_engine::Engine::compile(policies.model())?, policies.clone()))
}

/// A compiled policy: tables that decide, and the policy that they were made of, which explains.
///
/// It is never changed, so that many threads may ask it at once without locks; share it in an
/// [`Arc`](std::sync::Arc).
#[derive(Clone, Debug)]
pub struct Engine {
    tables: rolecall_engine::Engine,
    policies: PolicySet,
    /// What explanations need; made when the first is asked for.
    index: Arc<OnceLock<Arc<GrantIndex>>>,
}

impl Engine {
    /// Tables with the policy that they were made of.
    pub(crate) fn new(tables: rolecall_engine::Engine, policies: PolicySet) -> Self {
        Self { tables, policies, index: Arc::default() }
    }

    /// The bare answer: the hot path. It allocates nothing, and its cost depends on the request's groups,
    /// not on the policy's size.
    #[inline]
    pub fn authorize(&self, request: &Request<'_>) -> Decision {
        self.tables.authorize(request)
    }

    /// The answer with what it rests on: indexes into [`policies`](Self::policies).
    pub fn determine(&self, request: &Request<'_>) -> Determination {
        self.tables.determine(request)
    }

    /// Everything that applies to a user with these groups in a namespace.
    pub fn rules_for(&self, user: &str, groups: &[&str], namespace: &str) -> RuleListing {
        self.tables.rules_for(user, groups, namespace)
    }

    /// Why the answer is what it is, for whoever runs the policy: it names roles and bindings, with their places.
    /// The first explanation makes an index of the policy; from then on it costs what is near to the request.
    pub fn explain(&self, request: &Request<'_>) -> Explanation<'_> {
        Explanation::new(&self.policies, self.explainer().explain(&self.tables, request))
    }

    /// What makes the explanations, and what would change an answer.
    pub fn explainer(&self) -> Explainer<'_> {
        let index = self.index.get_or_init(|| Arc::new(GrantIndex::of(self.policies.model())));
        Explainer::with_index(self.policies.model(), Arc::clone(index))
    }

    /// What the one who asked may be told of a refusal: it is made of the request alone.
    #[cfg(feature = "kubernetes")]
    pub fn forbidden(request: &Request<'_>) -> rolecall_kubernetes::forbidden::CallerMessage {
        rolecall_kubernetes::forbidden::CallerMessage::of(request)
    }

    /// The status of an access review: decision, reason and error as an API server words them.
    #[cfg(feature = "kubernetes")]
    pub fn review_status(&self, request: &Request<'_>) -> rolecall_kubernetes::reason::ReviewStatus {
        rolecall_kubernetes::reason::review_status(self.policies.model(), &self.determine(request))
    }

    /// The status of a SelfSubjectRulesReview: what `kubectl auth can-i --list` shows.
    #[cfg(feature = "kubernetes")]
    pub fn rules_status(
        &self,
        user: &str,
        groups: &[&str],
        namespace: &str,
    ) -> rolecall_kubernetes::rules_review::RulesStatus {
        let listing = self.rules_for(user, groups, namespace);
        rolecall_kubernetes::rules_review::rules_status(self.policies.model(), &listing)
    }

    /// The bytes that the tables take; the policy beside them is not counted.
    pub fn table_bytes(&self) -> usize {
        self.tables.table_bytes()
    }

    /// How these bytes are spread over the tables.
    pub fn usage(&self) -> Vec<TableUsage> {
        self.tables.usage()
    }

    /// The tables alone.
    #[cfg(feature = "compiled")]
    pub(crate) fn tables(&self) -> &rolecall_engine::Engine {
        &self.tables
    }

    /// The policy that this engine answers from.
    pub fn policies(&self) -> &PolicySet {
        &self.policies
    }
}

impl Authorizer for Engine {
    fn authorize(&self, request: &Request<'_>) -> Decision {
        Self::authorize(self, request)
    }

    fn determine(&self, request: &Request<'_>) -> Determination {
        Self::determine(self, request)
    }

    fn rules_for(&self, user: &str, groups: &[&str], namespace: &str) -> RuleListing {
        Self::rules_for(self, user, groups, namespace)
    }
}
