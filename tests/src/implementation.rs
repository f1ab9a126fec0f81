//! What is held to the vectors: the one list of implementations.

use rolecall_engine::{CompileOptions, Engine};
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

/// All implementations; the first is the one that the others are compared with. Options of the engine change
/// cost and never an answer, so each way that they open is held to the same.
pub fn all() -> &'static [Implementation] {
    &ALL
}

static ALL: [Implementation; 5] = [
    Implementation { name: "reference", build: |policies| Box::new(Reference::new(policies)) },
    Implementation { name: "engine", build: |policies| engine(policies, &CompileOptions::default()) },
    Implementation { name: "engine (frugal)", build: |policies| engine(policies, &CompileOptions::frugal()) },
    Implementation { name: "engine (nothing merged)", build: |policies| engine(policies, &merging(0)) },
    Implementation { name: "engine (all merged)", build: |policies| engine(policies, &merging(usize::MAX)) },
];

fn engine(policies: &PolicySet, options: &CompileOptions) -> Box<dyn Authorizer> {
    Box::new(Engine::compile_with(policies, options).expect("a policy of the tests is small enough"))
}

fn merging(budget: usize) -> CompileOptions {
    let mut options = CompileOptions::default();
    options.merge_budget = Some(budget);
    options
}
