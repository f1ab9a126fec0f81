//! Why a request is allowed or not: every grant that allows it, or the grants that come near and what each
//! of them lacks, and the smallest change that would allow it.
//!
//! The verdict is that of the authorizer that is asked; which part of a grant does not hold is asked of the
//! reference's rules. An [`Explanation`] is for whoever runs the policy: it names roles and bindings, which
//! the one whose request was refused must not learn. What that one is told is made from the request alone
//! (`rolecall_kubernetes::forbidden`).

mod fix;
mod grants;
mod held;
mod index;
pub(crate) mod lists;
mod meant;
mod miss;
mod text;
mod words;

use std::sync::Arc;

use rolecall_model::{Authorizer, Determination, OwnedRequest, PolicySet, Request, Role, Silence};

pub use fix::{ExistingRole, Fixes, NoFix, OwnRole};
pub use grants::{Allowing, SHOWN_GRANTS};
pub use index::GrantIndex;
pub use meant::role_meant;
pub use miss::{Considered, Miss, MissGroup, Part, Parts, SHOWN};
pub use text::ExplanationText;
pub use words::{in_words, sentence};

use grants::{AllowingGrants, Search};

/// Explains answers of one policy set.
///
/// ```
/// use rolecall_analysis::explain::{Explainer, Part, Verdict};
/// use rolecall_model::{PolicySet, Request, Rule, Subject};
/// use rolecall_reference::Reference;
///
/// let policies = PolicySet::builder()
///     .cluster_role("viewer", [Rule::resources(["get", "list"], [""], ["pods"])])
///     .cluster_role_binding("jane-views", "viewer", [Subject::user("jane")])
///     .build()?;
/// let request = Request::resource("delete", "pods").namespace("web").user("jane");
/// let explanation = Explainer::new(&policies).explain(&Reference::new(&policies), &request);
/// let Verdict::NoOpinion(refusal) = &explanation.verdict else { panic!("it is not allowed") };
/// assert_eq!(refusal.misses[0].part, Some(Part::Verb));
/// # Ok::<(), rolecall_model::TooManyObjects>(())
/// ```
#[derive(Clone, Debug)]
pub struct Explainer<'p> {
    policies: &'p PolicySet,
    index: Arc<GrantIndex>,
}

impl<'p> Explainer<'p> {
    /// Prepares for the questions about a policy set. Cost: O(n log n) in its entries.
    pub fn new(policies: &'p PolicySet) -> Self {
        Self::with_index(policies, Arc::new(GrantIndex::of(policies)))
    }

    /// The same with an index that was made of this very policy set before.
    pub fn with_index(policies: &'p PolicySet, index: Arc<GrantIndex>) -> Self {
        Self { policies, index }
    }

    /// Asks the authorizer and explains its answer. Cost: linear in the roles that the asker holds where the
    /// request is made, however many bindings give them, and in the ABAC lines that name the asker; bindings that
    /// name several of the asker's names may be compared. Of what is farther away only so much is looked at.
    pub fn explain(&self, authorizer: &dyn Authorizer, request: &Request<'_>) -> Explanation {
        let search = Search { policies: self.policies, index: &self.index, request };
        let verdict = match authorizer.determine(request) {
            Determination::Allow(decided_by) => {
                let AllowingGrants { count, grants } = search.allowing();
                let found = search.allowing_like(decided_by);
                let other_count = count - usize::from(found.is_some());
                let others = grants.filter(|other| other.grant != decided_by).take(SHOWN_GRANTS).collect();
                let decided_by = found.unwrap_or_else(|| Allowing::plain(decided_by));
                Verdict::Allow(Allowance { decided_by, others, other_count })
            }
            Determination::NoOpinion(silences) => {
                let own = search.own();
                let nearby = search.nearby(&own);
                Verdict::NoOpinion(Refusal {
                    silences,
                    misses: nearby.misses.finish(),
                    naming_bindings: nearby.naming_bindings,
                    naming_lines: nearby.naming_lines,
                    left_out: nearby.left_out,
                    fixes: fix::fixes(search, &own),
                })
            }
        };
        Explanation { request: OwnedRequest::from(request), verdict }
    }

    /// Every grant that allows a request, in the order in which they are asked; each is made when it is read.
    /// Cost: as that of [`explain`](Self::explain), then by the grants that are read.
    pub fn allowing<'a>(&'a self, request: &'a Request<'_>) -> impl Iterator<Item = Allowing> + 'a {
        Search { policies: self.policies, index: &self.index, request }.allowing().grants
    }

    /// A role and a binding of their own that allow exactly this request. Cost: a walk over the policy set,
    /// to find names that are free.
    ///
    /// # Errors
    ///
    /// When no role can allow it: see [`NoFix`].
    pub fn own_role(&self, request: &Request<'_>) -> Result<OwnRole, NoFix> {
        fix::own_role(Search { policies: self.policies, index: &self.index, request })
    }

    /// The role that a fix would extend, with its new rule behind the others; `None` where there is none.
    pub fn extended_role(&self, fixes: &Fixes) -> Option<Role> {
        fix::extended(self.policies, fixes)
    }
}

/// A verdict and what it rests on, for whoever runs the policy.
///
/// It names positions of the policy set; [`text`](Self::text) puts it into words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Explanation {
    /// What was asked.
    pub request: OwnedRequest,
    /// The answer.
    pub verdict: Verdict,
}

/// The answer and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It is allowed.
    Allow(Allowance),
    /// Nobody had an opinion, so that it is not.
    NoOpinion(Refusal),
}

/// Why a request is allowed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Allowance {
    /// The grant that decided.
    pub decided_by: Allowing,
    /// The first [`SHOWN_GRANTS`] of the others that allow it too, in the order in which they are asked.
    pub others: Vec<Allowing>,
    /// How many others there are in all: all have to go to take it away. [`Explainer::allowing`] has them.
    pub other_count: usize,
}

/// Why a request is not allowed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// What each mode that was asked had to say.
    pub silences: Vec<Silence>,
    /// The grants that come near, nearest first.
    pub misses: Vec<MissGroup>,
    /// How many bindings name the asker, in any namespace (a binding with several of the asker's names
    /// may count for each where there are very many).
    pub naming_bindings: usize,
    /// How many ABAC lines name the asker.
    pub naming_lines: usize,
    /// How many bindings, roles and lines for others or for elsewhere were not looked at: very large
    /// policies have more than can be near.
    pub left_out: usize,
    /// The smallest changes that would allow exactly this.
    pub fixes: Result<Fixes, NoFix>,
}

impl Explanation {
    /// Whether the request is allowed.
    pub fn is_allow(&self) -> bool {
        matches!(self.verdict, Verdict::Allow(_))
    }
}
