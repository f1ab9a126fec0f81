//! Questions about a policy: which requests it tells apart, and whether two authorizers answer them alike.
//!
//! For a given policy the endlessly many requests fall into finitely many classes: two requests between
//! which no rule, binding or attribute policy distinguishes get the same answer. [`Classes`] lists a
//! representative of each, made from the *model*, never from an engine's tables, so that [`verify`] may
//! hold the tables to it.
//!
//! Nothing here decides whether a request is allowed: that is asked of an
//! [`Authorizer`](rolecall_model::Authorizer). What is worked out here is only which parts of a policy can
//! matter to whom; which part of a grant does not hold is asked of the reference's rules, one by one.
//!
//! | idea | type |
//! | --- | --- |
//! | one representative of every class | [`Classes`], [`ResourceClass`], [`PathClass`] |
//! | who asks | [`Asker`] |
//! | two answers that differ | [`Difference`], [`compare`], [`compare_listings`] |
//! | why a request is allowed or not | [`explain`] |
//! | what somebody can do | [`access_matrix::Access`], [`access_matrix::AccessMatrix`] |
//! | who can do something | [`who_can::Inverse`], [`who_can::WhoCan`] |
//! | to whom something is given, and where | [`Holder`], [`GrantScope`] |
//! | whose permission sets are the widest | [`widest`] |
//! | what is legal and seldom meant | module [`lints`] |
//! | what a decision cannot cost less than | module [`floor`] |
//! | an engine held to the reference | [`verify`], [`VerifyOptions`], [`Verification`] |

pub mod access_matrix;
mod asker;
mod classes;
mod difference;
pub mod explain;
pub mod floor;
mod fresh;
mod grant_scope;
mod holder;
pub mod lints;
mod names;
mod sample;
mod target;
mod verify;
pub mod who_can;
mod widest;

pub use asker::Asker;
pub use classes::Classes;
pub use difference::{Answer, Difference, compare, compare_listings};
pub use grant_scope::GrantScope;
pub use holder::Holder;
pub use target::{PathClass, ResourceClass, Targets};
pub use verify::{Part, PartKind, Progress, Verification, VerifyOptions, verify};
pub use widest::{Width, widest};
