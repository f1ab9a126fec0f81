//! Why a request is allowed or not: every grant that allows it, or the grants that come near and what each
//! of them lacks, and the smallest change that would allow it.
//!
//! The verdict is that of the authorizer that is asked; which part of a grant does not hold is asked of the
//! reference's rules. An [`Explanation`] is for whoever runs the policy: it names roles and bindings, which
//! the one whose request was refused must not learn. What that one is told is made from the request alone
//! (`rolecall_kubernetes::forbidden`).

mod fix;
mod grants;
pub(crate) mod index;
mod meant;
mod miss;
mod text;
mod words;

use std::sync::Arc;

use rolecall_model::{Authorizer, Determination, Grant, OwnedRequest, PolicySet, Request, Role, Silence};

pub use fix::{ExistingRole, Fixes, NoFix, OwnRole};
pub use grants::Allowing;
pub use index::GrantIndex;
pub use meant::role_meant;
pub use miss::{Considered, Miss, MissGroup, Part, Parts, SHOWN};
pub use text::ExplanationText;
pub use words::{in_words, sentence};

use grants::Search;

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

    /// Asks the authorizer and explains its answer. Cost: linear in the grants that name the asker where the
    /// request is made; of what is farther away only so much is looked at.
    pub fn explain(&self, authorizer: &dyn Authorizer, request: &Request<'_>) -> Explanation {
        let search = Search { policies: self.policies, index: &self.index, request };
        let verdict = match authorizer.determine(request) {
            Determination::Allow(decided_by) => {
                let mut others = search.allowing();
                let deciding = others.iter().position(|other| other.grant == decided_by);
                let decided_by = match deciding {
                    Some(position) => others.remove(position),
                    None => Allowing { grant: decided_by, more_subjects: Vec::new(), more_rules: Vec::new() },
                };
                Verdict::Allow(Allowance { decided_by, others })
            }
            Determination::NoOpinion(silences) => {
                let applying = search.applying();
                let nearby = search.nearby(&applying);
                Verdict::NoOpinion(Refusal {
                    silences,
                    misses: nearby.misses.finish(),
                    naming_bindings: nearby.naming_bindings,
                    naming_lines: nearby.naming_lines,
                    left_out: nearby.left_out,
                    fixes: fix::fixes(search, &applying),
                })
            }
        };
        Explanation { request: OwnedRequest::from(request), verdict }
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
    /// Every other that allows it too, in the order in which they are asked: all have to go to take it away.
    pub others: Vec<Allowing>,
}

impl Allowance {
    /// Every grant that allows, the deciding one first.
    pub fn grants(&self) -> impl Iterator<Item = Grant> {
        std::iter::once(&self.decided_by).chain(&self.others).map(|allowing| allowing.grant)
    }
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
