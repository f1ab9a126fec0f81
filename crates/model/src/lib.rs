//! The vocabulary of rolecall: what a policy is made of, what a request is, what an answer is.
//!
//! Nothing here decides anything. There is deliberately no function that says whether a rule covers a
//! request: `rolecall-reference` and `rolecall-engine` each say that on their own, so that comparing
//! them proves something.
//!
//! | idea | type |
//! | --- | --- |
//! | a policy | [`PolicySet`]: [`Role`]s of [`Rule`]s, [`Binding`]s of [`Subject`]s, [`AttributePolicy`] lines |
//! | where a part of it came from | [`Origin`], [`Places`] |
//! | a question | [`Request`], its [`Target`] |
//! | an answer | [`Decision`]; with what it rests on, [`Determination`] |
//! | who is asked, in which order | [`Mode`], [`Modes`] |
//! | what answers | [`Authorizer`] |
//!
//! ```
//! use rolecall_model::{PolicySet, Rule, Subject};
//!
//! let policies = PolicySet::builder()
//!     .cluster_role("viewer", [Rule::resources(["get", "list"], [""], ["pods"])])
//!     .cluster_role_binding("jane-views", "viewer", [Subject::user("jane")])
//!     .build()
//!     .unwrap();
//! assert_eq!(policies.bindings().len(), 1);
//! ```

mod attribute_policy;
mod authorizer;
mod binding;
mod decision;
mod incomplete;
mod listing;
mod mode;
mod name;
mod origin;
mod places;
mod policy_set;
mod request;
mod role;
mod rule;

pub use attribute_policy::{AttributePolicy, Wild};
pub use authorizer::Authorizer;
pub use binding::{Binding, RoleRef, RoleRefKind, Subject};
pub use decision::{Decision, Determination, Grant, Silence, Unresolved};
pub use incomplete::IncompletePolicies;
pub use listing::{ListedRule, RuleListing};
pub use mode::{Mode, Modes, UnknownMode};
pub use name::{
    ApiGroup, BindingName, GroupName, Namespace, PathPattern, ResourceName, ResourcePattern, RoleName,
    UserName, Verb,
};
pub use origin::Origin;
pub use places::{Places, RuleList};
pub use policy_set::{
    AttributePolicyIndex, BindingIndex, PolicySet, PolicySetBuilder, RoleIndex, TooManyObjects,
};
pub use request::{OwnedRequest, OwnedTarget, Request, Target};
pub use role::{AggregationRule, LabelOperator, LabelRequirement, LabelSelector, Role};
pub use rule::Rule;

/// The group that every API server allows everything, before any authorizer is asked.
///
/// Source: `conformance/README.md`, "The whole answer"; `spec/authorization/rbac.md` section 10.
pub const SUPERUSER_GROUP: &str = "system:masters";
