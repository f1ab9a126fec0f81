//! From a policy set to an engine, and the engine's answers.

use rolecall_model::{
    Authorizer, Decision, Determination, Grant, ListedRule, Mode, PolicySet, Request, RuleListing,
    SUPERUSER_GROUP, Silence,
};

use crate::{
    abac::{AbacBuilder, AbacTables, ListedPolicy},
    error::CompileError,
    rbac::{RbacBuilder, RbacTables},
    verbs,
    vocabulary::{Vocabulary, VocabularyBuilder},
};

/// How to compile. The defaults are right unless a test wants every path taken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CompileOptions {
    /// How many cells of permission sets may be copied to unite the roles of one subject into one set. What
    /// does not fit stays several sets, which costs a decision a probe for each. `None`: in proportion
    /// to the policy.
    pub merge_budget: Option<usize>,
    /// Up to how many pairs of API group and resource a rule is multiplied out; a wider one is compared as
    /// it stands.
    pub widest_rule: usize,
}

impl Default for CompileOptions {
    fn default() -> Self {
        Self { merge_budget: None, widest_rule: 1 << 14 }
    }
}

impl CompileOptions {
    /// Options that never unite permission sets and multiply no rule out: the paths of last resort, taken
    /// always.
    pub fn frugal() -> Self {
        Self { merge_budget: Some(0), widest_rule: 0 }
    }
}

/// A policy set compiled to decision tables.
///
/// It is `Send`, `Sync` and never changes; a decision allocates nothing. What its answers name are indexes into the
/// policy set that it was compiled from.
#[derive(Clone, Debug)]
pub struct Engine {
    vocabulary: Vocabulary,
    modes: Vec<Mode>,
    rbac: RbacTables,
    abac: AbacTables,
    listed: Vec<ListedPolicy>,
}

impl Engine {
    /// Compiles a policy set. Cost: O(n log n) in the policy's entries.
    ///
    /// # Errors
    ///
    /// When the policy has more of something than 31 bits can number.
    pub fn compile(policies: &PolicySet) -> Result<Self, CompileError> {
        Self::compile_with(policies, &CompileOptions::default())
    }

    /// Compiles a policy set, with options. They change cost, never an answer.
    ///
    /// # Errors
    ///
    /// As [`Engine::compile`].
    pub fn compile_with(policies: &PolicySet, options: &CompileOptions) -> Result<Self, CompileError> {
        let mut vocabulary = VocabularyBuilder::new();
        let rbac = RbacBuilder::lower(policies, options, &mut vocabulary)?;
        let abac = AbacBuilder::lower(policies, options, &mut vocabulary)?;
        let vocabulary = vocabulary.build();
        let pages = verbs::pages(&vocabulary.verbs)?;
        let (abac, listed) = abac.build(pages)?;
        Ok(Self {
            modes: policies.modes().as_slice().to_vec(),
            rbac: rbac.build(pages)?,
            abac,
            listed,
            vocabulary,
        })
    }

    /// The bytes that the tables take.
    pub fn table_bytes(&self) -> usize {
        self.vocabulary.bytes() + self.rbac.bytes() + self.abac.bytes()
    }
}

impl Authorizer for Engine {
    #[inline]
    fn authorize(&self, request: &Request<'_>) -> Decision {
        if is_superuser(request) {
            return Decision::Allow;
        }
        for mode in &self.modes {
            let permitted = match mode {
                Mode::Abac => self.abac.permit(&self.vocabulary, request),
                Mode::AlwaysAllow => true,
                Mode::AlwaysDeny => false,
                Mode::Rbac => self.rbac.permit(&self.vocabulary, request),
            };
            if permitted {
                return Decision::Allow;
            }
        }
        Decision::NoOpinion
    }

    fn determine(&self, request: &Request<'_>) -> Determination {
        if is_superuser(request) {
            return Determination::Allow(Grant::Superuser);
        }
        let mut silences = Vec::with_capacity(self.modes.len());
        for &mode in &self.modes {
            let answer = match mode {
                Mode::Abac => self.abac.determine(&self.vocabulary, request).ok_or_else(Vec::new),
                Mode::AlwaysAllow => Ok(Grant::AlwaysAllow),
                Mode::AlwaysDeny => Err(Vec::new()),
                Mode::Rbac => self.rbac.determine(&self.vocabulary, request),
            };
            match answer {
                Ok(grant) => return Determination::Allow(grant),
                Err(unresolved) => silences.push(Silence { mode, unresolved }),
            }
        }
        Determination::NoOpinion(silences)
    }

    fn rules_for(&self, user: &str, groups: &[&str], namespace: &str) -> RuleListing {
        let mut listing = RuleListing::default();
        for mode in &self.modes {
            match mode {
                Mode::Abac => {
                    self.abac.list(&self.vocabulary, user, groups, namespace, &self.listed, &mut listing);
                }
                Mode::AlwaysAllow => listing.rules.push(ListedRule::AlwaysAllow),
                Mode::AlwaysDeny => {}
                Mode::Rbac => self.rbac.list(&self.vocabulary, user, groups, namespace, &mut listing),
            }
        }
        listing
    }
}

/// Source: `conformance/README.md`, "The whole answer": the superuser step stands before every chain.
fn is_superuser(request: &Request<'_>) -> bool {
    request.groups.contains(&SUPERUSER_GROUP)
}
