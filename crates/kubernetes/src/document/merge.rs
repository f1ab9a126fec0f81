//! Merge keys: `<<: *base` puts the entries of another map into this one.

use std::{collections::HashMap, sync::Arc};

use rolecall_source::Span;

use super::{Entry, Node, Value};

/// The entries of a map that has a merge key, while it is read.
///
/// Kubernetes' reader writes entries and merged maps into one map in the order of the text, so whatever
/// is written last stands: a key after `<<` wins over the merged one, and a merged one over a key before `<<`
/// (source: sigs.k8s.io/yaml, goyaml.v2 `mapping` and `merge`; the YAML specification would have the
/// map's own key win in both places). Of a list of maps the first wins. Keys that the map itself repeats are
/// kept, so that whoever reads it can say so.
#[derive(Debug, Default)]
pub(super) struct Merging {
    /// Where the latest entry of a key stands, and whether a merge brought it.
    latest: HashMap<Arc<str>, (usize, bool)>,
}

impl Merging {
    /// Begins with the entries that stand before the merge key.
    pub(super) fn new(entries: &[Entry]) -> Self {
        let latest = entries.iter().enumerate().map(|(at, entry)| (Arc::clone(&entry.key), (at, false)));
        Self { latest: latest.collect() }
    }

    /// Adds an entry of the map's own.
    pub(super) fn own(&mut self, entries: &mut Vec<Entry>, entry: Entry) {
        self.put(entries, entry, false);
    }

    /// Adds the entries of a merge key's value; `aliased` says that the value itself is an alias, which must
    /// then be of a map.
    ///
    /// Says where something else stands, and what it is.
    pub(super) fn merge(
        &mut self,
        entries: &mut Vec<Entry>,
        value: Node,
        aliased: bool,
    ) -> Result<(), (Span, &'static str)> {
        match value.value {
            Value::Map(merged) => self.put_all(entries, merged),
            Value::List(maps) if !aliased => {
                if let Some(wrong) = maps.iter().find(|node| node.as_map().is_none()) {
                    return Err((wrong.span, wrong.kind_name()));
                }
                for node in maps.into_iter().rev() {
                    if let Value::Map(merged) = node.value {
                        self.put_all(entries, merged);
                    }
                }
            }
            other => return Err((value.span, other.kind_name())),
        }
        Ok(())
    }

    fn put_all(&mut self, entries: &mut Vec<Entry>, merged: Vec<Entry>) {
        for entry in merged {
            self.put(entries, entry, true);
        }
    }

    fn put(&mut self, entries: &mut Vec<Entry>, entry: Entry, merged: bool) {
        let known = self.latest.get(&entry.key).copied();
        match known.and_then(|(at, by_merge)| entries.get_mut(at).filter(|_| by_merge || merged)) {
            Some(place) => {
                if let Some(state) = self.latest.get_mut(&entry.key) {
                    state.1 = merged;
                }
                *place = entry;
            }
            None => {
                self.latest.insert(Arc::clone(&entry.key), (entries.len(), merged));
                entries.push(entry);
            }
        }
    }
}
