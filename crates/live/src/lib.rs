//! Policies that change while they are asked.
//!
//! A [`LivePolicy`] takes one change after the other, or several in one step, and each step makes a new [`Version`]. A
//! version never changes: whoever holds one is answered from it, whatever comes after, and it goes when nobody
//! holds it any more. Readers neither wait nor see half of a step.
//!
//! ```
//! use rolecall_live::LivePolicy;
//! use rolecall_model::{Authorizer, Binding, PolicySet, Request, RoleRef, Rule, Subject};
//!
//! let policies = PolicySet::builder()
//!     .cluster_role("viewer", [Rule::resources(["get"], [""], ["pods"])])
//!     .build()?;
//! let mut live = LivePolicy::new(&policies)?;
//! let mut reader = live.reader();
//! let request = Request::resource("get", "pods").user("jane");
//! assert!(!reader.current().authorize(&request).is_allow());
//!
//! let before = live.current();
//! live.put_binding(Binding::cluster("jane-views", RoleRef::cluster_role("viewer"), [Subject::user("jane")]))?;
//! assert!(reader.current().authorize(&request).is_allow());
//! assert!(!before.authorize(&request).is_allow());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a change costs
//!
//! What changed stands in small layers above the tables of the whole policy (see
//! [`Layers`](rolecall_engine::Layers)), the smallest of which is compiled at every step. When it grows it is put into
//! the next, and when that grows the whole policy is compiled anew. So a step costs, on average, in proportion to the
//! grants of those whose grants it changes, and about √n besides, for n grants in the policy; now and
//! then it costs as much as compiling the policy. A change of a role changes the grants of all who are bound to it.

mod change;
mod error;
mod policy;
mod slots;
mod step;
mod version;
mod writer;

pub use change::{BindingKey, Change, RoleKey};
pub use error::ChangeError;
pub use policy::{LivePolicy, Reader};
pub use version::Version;
