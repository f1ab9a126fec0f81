//! A policy compiled to decision tables.
//!
//! [`Engine::compile`] settles everything that can be settled before a request comes;
//! [`authorize`](rolecall_model::Authorizer::authorize) then turns the request into small integers and makes
//! a number of probes that depends on the request (its groups), not on the policy. It allocates nothing and
//! takes no lock.
//!
//! # How a request is decided
//!
//! ```text
//! verb ───────────────────────▶ page and bit            verbs
//! group, resource, subresource ▶ up to six patterns     resource_patterns
//! path ───────────────────────▶ a chain of patterns     path_patterns
//! user, each group ───────────▶ access everywhere       grants, lines
//!        … with a namespace ──▶ access there            grants, lines
//! access × pattern ───────────▶ verbs allowed, verbs for which names must be looked at   permissions
//!        … with a name ───────▶ verbs allowed           permissions
//! ```
//!
//! A string that no policy names has no number; it can only match a wildcard, which is known without
//! comparing. Each arrow is one table with its layout in its module's documentation; all tables are flat arrays of
//! one block of bytes (`image`), which [`Engine::image`] gives and [`Engine::from_image`] opens.
//!
//! A policy that changes stands in [`Layers`]: small engines of what changed lately above the one of the whole.
//!
//! The engine holds indexes into the policy set that it was compiled from, not the policy set: what it
//! answers is read together with that set.
//!
//! ```
//! use rolecall_engine::Engine;
//! use rolecall_model::{Authorizer, PolicySet, Request, Rule, Subject};
//!
//! let policies = PolicySet::builder()
//!     .cluster_role("viewer", [Rule::resources(["get"], [""], ["pods"])])
//!     .cluster_role_binding("jane-views", "viewer", [Subject::user("jane")])
//!     .build()
//!     .unwrap();
//! let engine = Engine::compile(&policies).unwrap();
//! assert!(engine.authorize(&Request::resource("get", "pods").user("jane")).is_allow());
//! assert!(!engine.authorize(&Request::resource("get", "pods/log").user("jane")).is_allow());
//! ```

mod abac;
mod compile;
mod decision_tables;
mod decision_tables_builder;
mod engine;
mod error;
#[cfg(test)]
mod forgeries;
mod grants;
mod grants_builder;
mod hashes;
mod image;
mod layers;
mod lines;
mod lowered_rule;
mod modes;
mod path_patterns;
mod permission_sets;
mod permissions;
mod probe_table;
mod question;
mod rbac;
mod resolved;
mod resource_patterns;
mod symbols;
mod texts;
mod verbs;
mod vocabulary;

pub use compile::CompileOptions;
pub use engine::{Engine, TableUsage};
pub use error::{CompileError, ImageError};
pub use layers::{Given, HeldScope, Holder, Layer, Layers, Objects, scopes_of};
pub use rbac::role_named_by;
pub use resolved::{OtherEngine, ResolvedQuestion, ResolvedSubject};
