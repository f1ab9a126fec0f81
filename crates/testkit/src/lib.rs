//! Property-testing policies: your own, and ones made up to be awkward.
//!
//! # Your own policy
//!
//! [`requests_for`] aims at a policy that you have: its requests are put together from the policy's own
//! texts, most of them what some rule allows or that with one part changed. Say what must never be allowed,
//! and let `proptest` look for it and shrink what it finds to one short request:
//!
//! ```
//! use proptest::prelude::*;
//! use rolecall_model::{Authorizer, OwnedTarget, PolicySet, Role, RoleRef, Rule, Subject};
//! use rolecall_reference::Reference;
//! use rolecall_testkit::requests_for;
//!
//! let policies = PolicySet::builder()
//!     .role(Role::namespaced("red", "reader", [Rule::resources(["get"], [""], ["secrets"])]))
//!     .role_binding("red", "readers", RoleRef::role("reader"), [Subject::group("red-team")])
//!     .build()?;
//! let authorizer = Reference::new(&policies);
//!
//! // In a test, leave the first argument out: what failed is then kept and tried first.
//! let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
//! proptest!(config, |(request in requests_for(&policies))| {
//!     // Group `system:masters` is allowed everything, whatever the policy.
//!     prop_assume!(!request.groups.iter().any(|group| group == "system:masters"));
//!     let OwnedTarget::Resource { namespace, .. } = &request.target else { return Ok(()) };
//!     prop_assert!(namespace == "red" || !authorizer.authorize(&request.as_request()).is_allow());
//! });
//! # Ok::<(), rolecall_model::TooManyObjects>(())
//! ```
//!
//! # Policies made up
//!
//! [`policies`] and [`policies_and_requests`] draw from a tiny vocabulary, so that names collide, wildcards
//! overlap and namespaces repeat, with the odd corners in it: the empty text, literal stars, `pods/*`,
//! `*/*`, `/a/**`, unknown kinds, missing roles, more verbs than a word has bits. Each is made from a
//! [plan](PolicyPlan) of small numbers, which shrinks well; with the feature `arbitrary` a plan is an
//! `arbitrary::Arbitrary` too, so that fuzzers and property tests share everything. What fails is printed
//! as the [text of the policy](PolicyText).
//!
//! # Clusters made up
//!
//! [`Cluster`] is a cluster of any size, as YAML or as a policy set, with requests near to what is granted whose
//! answers are known: for benchmarks, and for trying out what takes files. [`Shape`]s are policies as they hurt people
//! elsewhere.
//!
//! # One question, several authorizers
//!
//! [`Harness`] asks all of them and tells where they disagree.

mod aim;
mod cluster;
mod harness;
mod kubectl_yaml;
mod plan;
mod request;
mod sample;
mod shape;
mod strategy;
mod text;
mod vocabulary;

pub use aim::Aim;
pub use cluster::{Cluster, ClusterObject, ClusterRequest, RequestKind, Spread, Traffic};
pub use harness::{Disagreement, Harness};
pub use kubectl_yaml::YamlLayout;
pub use plan::{AttributePolicyPlan, BindingPlan, PolicyPlan, RolePlan, RulePlan, SubjectPlan};
pub use request::RequestPlan;
pub use sample::SamplePolicy;
pub use shape::Shape;
pub use strategy::{policies, policies_and_requests, policy_plans, request_plans, requests_for};
pub use text::PolicyText;
