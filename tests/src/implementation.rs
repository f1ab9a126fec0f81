//! What is held to the vectors: the one list of implementations.

use rolecall_model::{Authorizer, PolicySet};
use rolecall_reference::Reference;

/// Something that answers requests from a policy set.
#[derive(Debug)]
pub struct Implementation {
    /// By which failures name it.
    pub name: &'static str,
    /// Makes one of a policy set.
    pub build: for<'a> fn(&'a PolicySet) -> Box<dyn Authorizer + 'a>,
}

/// All implementations; the first is the one that the others are compared with.
pub fn all() -> &'static [Implementation] {
    &ALL
}

static ALL: [Implementation; 1] =
    [Implementation { name: "reference", build: |policies| Box::new(Reference::new(policies)) }];
