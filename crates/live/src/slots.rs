//! Objects in slots that keep their numbers.

use std::sync::Arc;

use rpds::VectorSync;

/// Objects in the order of their first coming. A clone shares everything, and a change copies O(log n).
#[derive(Debug)]
pub(crate) struct Slots<T> {
    slots: VectorSync<Option<Arc<T>>>,
    filled: usize,
}

impl<T> Clone for Slots<T> {
    fn clone(&self) -> Self {
        Self { slots: self.slots.clone(), filled: self.filled }
    }
}

impl<T> Slots<T> {
    /// These objects, without gaps.
    pub(crate) fn new(objects: impl IntoIterator<Item = Arc<T>>) -> Self {
        let mut slots = VectorSync::new_sync();
        for object in objects {
            slots.push_back_mut(Some(object));
        }
        Self { filled: slots.len(), slots }
    }

    pub(crate) fn get(&self, slot: usize) -> Option<&T> {
        self.slots.get(slot)?.as_deref()
    }

    /// Puts an object into a slot, in the place of what it holds.
    pub(crate) fn set(&mut self, slot: usize, object: T) {
        self.slots.set_mut(slot, Some(Arc::new(object)));
    }

    /// Puts an object into a new slot behind the others.
    pub(crate) fn push(&mut self, object: T) -> usize {
        self.slots.push_back_mut(Some(Arc::new(object)));
        self.filled += 1;
        self.slots.len() - 1
    }

    /// Empties a slot that holds something.
    pub(crate) fn clear(&mut self, slot: usize) {
        self.slots.set_mut(slot, None);
        self.filled -= 1;
    }

    /// How many slots hold something.
    pub(crate) fn filled(&self) -> usize {
        self.filled
    }

    pub(crate) fn has_gaps(&self) -> bool {
        self.filled < self.slots.len()
    }

    /// The slots that hold something.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Arc<T>)> {
        self.slots.iter().enumerate().filter_map(|(slot, object)| Some((slot, object.as_ref()?)))
    }

    /// The same objects without gaps.
    pub(crate) fn compacted(&self) -> Self {
        if self.has_gaps() { Self::new(self.iter().map(|(_, object)| object.clone())) } else { self.clone() }
    }
}
