//! An ordered set of texts: in the order of their first appearance, each once.

use std::{borrow::Cow, collections::HashSet};

use foldhash::fast::RandomState;

/// Texts that a policy names, in the order in which it names them, and fresh ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names<'p> {
    ordered: Vec<Cow<'p, str>>,
    /// The same once they are more than [`FEW`]: until then they are compared one by one.
    known: HashSet<Cow<'p, str>, RandomState>,
}

/// So many texts are compared sooner than one is hashed.
const FEW: usize = 16;

impl<'p> Names<'p> {
    /// Adds a text unless it is there.
    pub(crate) fn add(&mut self, text: impl Into<Cow<'p, str>>) {
        let text = text.into();
        if self.contains(&text) {
            return;
        }
        if self.ordered.len() == FEW {
            self.known.extend(self.ordered.iter().cloned());
        }
        if self.ordered.len() >= FEW {
            self.known.insert(text.clone());
        }
        self.ordered.push(text);
    }

    /// Adds all that are not there.
    pub(crate) fn add_all<T: Into<Cow<'p, str>>>(&mut self, texts: impl IntoIterator<Item = T>) {
        for text in texts {
            self.add(text);
        }
    }

    pub(crate) fn contains(&self, text: &str) -> bool {
        if self.ordered.len() <= FEW {
            return self.ordered.iter().any(|own| own == text);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_kept_once_in_order_however_many_there_are() {
        let texts: Vec<String> = (0..3 * FEW).map(|number| number.to_string()).collect();
        for count in 0..texts.len() {
            let texts: Vec<&str> = texts.iter().take(count).map(String::as_str).collect();
            let mut names = Names::default();
            for &text in texts.iter().chain(&texts) {
                names.add(text);
            }
            assert_eq!(names.as_slice(), texts);
            assert!(texts.iter().all(|text| names.contains(text)));
            assert!(!names.contains("none"));
        }
    }
}
