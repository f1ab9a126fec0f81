//! Fast, exact authorization: Kubernetes RBAC and ABAC as a library.
//!
//! A policy is loaded or built, compiled to decision tables, and asked. The answers, reasons and errors
//! are those that a Kubernetes API server gives.
//!
//! ```
//! # #[cfg(feature = "kubernetes")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use rolecall::{PolicySet, Request};
//!
//! # let manifests = std::env::temp_dir().join(format!("rolecall-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&manifests)?;
//! # std::fs::write(manifests.join("a.yaml"), "\
//! # apiVersion: rbac.authorization.k8s.io/v1
//! # kind: Role
//! # metadata: {name: editor, namespace: payments}
//! # rules: [{apiGroups: [''], resources: [pods], verbs: [get, delete]}]
//! # ---
//! # apiVersion: rbac.authorization.k8s.io/v1
//! # kind: RoleBinding
//! # metadata: {name: dev-edit, namespace: payments}
//! # roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: editor}
//! # subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: dev}]
//! # ")?;
//! let policies = PolicySet::builder().kubernetes_dir(&manifests)?.build()?;
//! let engine = rolecall::compile(&policies)?;
//! let request = Request::resource("delete", "pods").name("web-1").namespace("payments").user("jane").group("dev");
//! assert!(engine.authorize(&request).is_allow());
//! assert_eq!(
//!     engine.review_status(&request).reason,
//!     r#"RBAC: allowed by RoleBinding "dev-edit/payments" of Role "editor" to Group "dev""#,
//! );
//! # std::fs::remove_dir_all(&manifests)?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "kubernetes"))]
//! # fn main() {}
//! ```
//!
//! # What is where
//!
//! - [`PolicySet::builder`] reads files and takes roles and bindings that a program makes.
//! - [`compile`] makes an [`Engine`] of a policy set; it is `Send + Sync`, and is asked through
//!   [`authorize`](Engine::authorize) (the bare answer), [`determine`](Engine::determine) (what it rests
//!   on), `review_status` (in Kubernetes' words) and [`rules_for`](Engine::rules_for).
//! - [`Engine::explain`] says why, in words for whoever runs the policy; `Engine::forbidden` is what the one who
//!   asked may be told.
//! - [`Request`] is a question. Nothing is added to it: a user's groups, `system:authenticated` among
//!   them, have to be named.
//! - `compiled` writes an engine to a file and opens such files.
//! - `live` is for policies that change while they are asked.
//! - `files` says which files of a directory are read.
//!
//! # Without files
//!
//! A policy can be built in code; with feature `kubernetes` off nothing else is compiled. A decision never
//! depends on a feature.
//!
//! ```
//! use rolecall::{PolicySet, Request, Rule, Subject};
//!
//! let policies = PolicySet::builder()
//!     .cluster_role("viewer", [Rule::resources(["get", "list"], [""], ["pods"])])
//!     .cluster_role_binding("jane-views", "viewer", [Subject::user("jane")])
//!     .build()?;
//! let engine = rolecall::compile(&policies)?;
//! assert!(engine.authorize(&Request::resource("get", "pods").user("jane")).is_allow());
//! // What no policy grants is not denied: nobody has an opinion, and the door stays shut.
//! let decision = engine.authorize(&Request::resource("get", "pods").subresource("log").user("jane"));
//! assert_eq!(decision, rolecall::Decision::NoOpinion);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "compiled")]
pub mod compiled;
mod engine;
mod error;
mod explanation;
#[cfg(feature = "kubernetes")]
pub mod files;
mod policy_set;

#[doc(no_inline)]
pub use rolecall_analysis as analysis;
#[cfg(feature = "kubernetes")]
#[doc(no_inline)]
pub use rolecall_diagnostics as diagnostics;
pub use rolecall_engine::{CompileError, TableUsage};
#[cfg(feature = "kubernetes")]
#[doc(no_inline)]
pub use rolecall_kubernetes as kubernetes;
#[cfg(feature = "live")]
#[doc(no_inline)]
pub use rolecall_live as live;
#[doc(no_inline)]
pub use rolecall_model as model;
pub use rolecall_model::{
    AttributePolicy, Authorizer, Binding, Decision, Determination, Grant, Mode, Modes, OwnedRequest,
    OwnedTarget, Request, Role, RoleRef, RoleRefKind, Rule, RuleListing, SUPERUSER_GROUP, Subject, Target,
    TooManyObjects, Wild,
};
#[cfg(feature = "kubernetes")]
#[doc(no_inline)]
pub use rolecall_source as source;

pub use crate::{
    engine::{Engine, compile},
    error::BuildError,
    explanation::Explanation,
    policy_set::{PolicySet, PolicySetBuilder},
};
#[cfg(feature = "kubernetes")]
pub use crate::{error::Refused, files::InputError};

/// The README's example, compiled with the others.
#[cfg(all(doctest, feature = "kubernetes"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
