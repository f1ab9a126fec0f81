//! The model as bytes: roles, bindings, attribute policies, and where each of them stands.
//!
//! ```text
//! texts      how many, the length of each, then all of them in one run
//! sources    of each file: its name, its length, and the places that something stands at
//! modes      0, or 1 and the list of them
//! roles      each: namespace, name, rules, labels, aggregation, origin
//! bindings   each: namespace, name, role, subjects, origin
//! policies   each: user, group, flag, patterns, origin
//! ```
//!
//! Names stand in the run of texts once each, in the order of their first use, and are numbers elsewhere: the
//! ten thousand bindings of one role say its name once. Labels and the few other texts that the model does not
//! share stand where they are used, since a number of one byte that becomes a copy of a long text would let a
//! small file ask for much memory.
//!
//! The files' texts are not kept. An origin is a source and a run of bytes in it, and for every byte that an
//! origin begins with, the source says line and column: that is all that is ever printed of it.
//!
//! The same policy gives the same bytes: nothing is taken from a hash table's order, a clock or a path that is
//! not the policy's own.

mod decode;
mod encode;

use rolecall_model::PolicySet;
use rolecall_source::SourceMap;

pub use self::{decode::decode_model, encode::encode_model};

/// A seed for the hashes of a policy's tables that the policy itself gives, so that they come out the same each time.
///
/// It is made of everything that the policy says, wherever that stands. Whoever may add a name to a policy changes
/// the seed with it: to make names that collide under the seed that they give rise to, there is nothing but trying.
/// Cost: encoding the policy and hashing that.
pub fn seed_of(policies: &PolicySet) -> u64 {
    // Without sources nothing stands anywhere.
    let hash = blake3::hash(&encode_model(policies, &SourceMap::new()));
    hash.as_bytes().first_chunk().copied().map_or(0, u64::from_le_bytes)
}

/// A policy set with the sources that its origins point into; their texts are not kept.
#[derive(Clone, Debug)]
pub struct Model {
    /// The policy.
    pub policies: PolicySet,
    /// Where it comes from.
    pub sources: SourceMap,
}

/// How the variants of the model's enums are written. A number that was once given away means the same for ever,
/// or [`FORMAT_VERSION`](crate::FORMAT_VERSION) changes.
mod tags {
    pub(super) const BUILT_IN: u64 = 0;
    pub(super) const CODE: u64 = 1;
    /// And the number of the source on top.
    pub(super) const FIRST_SOURCE: u64 = 2;

    pub(super) const GROUP: u8 = 0;
    pub(super) const SERVICE_ACCOUNT: u8 = 1;
    pub(super) const UNKNOWN_SUBJECT: u8 = 2;
    pub(super) const USER: u8 = 3;

    pub(super) const CLUSTER_ROLE: u8 = 0;
    pub(super) const ROLE: u8 = 1;
    pub(super) const UNSUPPORTED_ROLE: u8 = 2;

    pub(super) const DOES_NOT_EXIST: u8 = 0;
    pub(super) const EXISTS: u8 = 1;
    pub(super) const IN: u8 = 2;
    pub(super) const NOT_IN: u8 = 3;
    pub(super) const UNKNOWN_OPERATOR: u8 = 4;

    pub(super) const ABAC: u8 = 0;
    pub(super) const ALWAYS_ALLOW: u8 = 1;
    pub(super) const ALWAYS_DENY: u8 = 2;
    pub(super) const RBAC: u8 = 3;
}
