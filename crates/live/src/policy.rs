//! The policy and its readers.

use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};
use rolecall_engine::CompileOptions;
use rolecall_model::{Binding, PolicySet, Role};

use crate::{BindingKey, Change, ChangeError, RoleKey, Version, step::Step, writer::Writer};

/// A policy that changes while it is asked.
///
/// Whoever holds it makes the changes, one after the other; [readers](Self::reader) are for everybody else.
///
/// Aggregated ClusterRoles follow: once a ClusterRole changes, each of them holds what it selects, and nothing
/// that it held before. Attribute policies do not change.
#[derive(Debug)]
pub struct LivePolicy {
    writer: Writer,
    published: Arc<ArcSwap<Version>>,
}

impl LivePolicy {
    /// A live policy that begins as this policy set, whose rules are taken as they are. Cost: that of compiling it.
    ///
    /// # Errors
    ///
    /// When the policy does not fit the tables.
    pub fn new(policies: &PolicySet) -> Result<Self, ChangeError> {
        Self::with_options(policies, CompileOptions::default())
    }

    /// As [`LivePolicy::new`], with options for whatever is compiled. They change cost, never an answer.
    ///
    /// # Errors
    ///
    /// When the policy does not fit the tables.
    pub fn with_options(policies: &PolicySet, options: CompileOptions) -> Result<Self, ChangeError> {
        let writer = Writer::new(policies, options)?;
        let published = Arc::new(ArcSwap::new(writer.version.clone()));
        Ok(Self { writer, published })
    }

    /// Adds a role, or puts it in the place of the one of the same namespace and name.
    ///
    /// # Errors
    ///
    /// When what comes of it cannot be compiled.
    pub fn put_role(&mut self, role: Role) -> Result<Arc<Version>, ChangeError> {
        self.apply([Change::PutRole(role)])
    }

    /// Adds a binding, or puts it in the place of the one of the same namespace and name.
    ///
    /// # Errors
    ///
    /// When what comes of it cannot be compiled.
    pub fn put_binding(&mut self, binding: Binding) -> Result<Arc<Version>, ChangeError> {
        self.apply([Change::PutBinding(binding)])
    }

    /// Removes a role. Bindings of it stay, and lead nowhere.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn remove_role(&mut self, role: RoleKey) -> Result<Arc<Version>, ChangeError> {
        self.apply([Change::RemoveRole(role)])
    }

    /// Removes a binding.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn remove_binding(&mut self, binding: BindingKey) -> Result<Arc<Version>, ChangeError> {
        self.apply([Change::RemoveBinding(binding)])
    }

    /// Makes several changes, one after the other, in one step: readers see all of them or none.
    ///
    /// # Errors
    ///
    /// When one of them cannot be made: then none is.
    pub fn apply(&mut self, changes: impl IntoIterator<Item = Change>) -> Result<Arc<Version>, ChangeError> {
        let mut step = Step::new(&self.writer);
        for change in changes {
            step.take(change)?;
        }
        let prepared = step.prepare()?;
        // Nothing can fail from here on.
        self.writer.commit(prepared);
        self.published.store(self.writer.version.clone());
        Ok(self.writer.version.clone())
    }

    /// The version after the last step.
    pub fn current(&self) -> Arc<Version> {
        self.writer.version.clone()
    }

    /// Somebody who asks. Each thread has one of its own, a clone.
    pub fn reader(&self) -> Reader {
        Reader(Cache::new(self.published.clone()))
    }
}

/// Somebody who asks a live policy.
///
/// It keeps the version that it last looked at: as long as that is the newest, looking writes nothing that other threads
/// read. An old version stays as long as an idle reader has it.
#[derive(Clone)]
pub struct Reader(Cache<Arc<ArcSwap<Version>>, Arc<Version>>);

impl Reader {
    /// The newest version. Never waits.
    pub fn current(&mut self) -> &Arc<Version> {
        self.0.load()
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader")
    }
}
