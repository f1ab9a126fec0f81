//! An ordered set of texts: in the order of their first appearance, each once.

use std::{borrow::Cow, collections::HashSet};

/// Texts that a policy names, in the order in which it names them, and fresh ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names<'p> {
    ordered: Vec<Cow<'p, str>>,
    known: HashSet<Cow<'p, str>>,
}

impl<'p> Names<'p> {
    /// Adds a text unless it is there.
    pub(crate) fn add(&mut self, text: impl Into<Cow<'p, str>>) {
        let text = text.into();
        if self.known.insert(text.clone()) {
            self.ordered.push(text);
        }
    }

    /// Adds all that are not there.
    pub(crate) fn add_all<T: Into<Cow<'p, str>>>(&mut self, texts: impl IntoIterator<Item = T>) {
        for text in texts {
            self.add(text);
        }
    }

    pub(crate) fn contains(&self, text: &str) -> bool {
        self.known.contains(text)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ordered.is_empty()
    }

    pub(crate) fn as_slice(&self) -> &[Cow<'p, str>] {
        &self.ordered
    }

    pub(crate) fn into_vec(self) -> Vec<Cow<'p, str>> {
        self.ordered
    }
}
