//! Who can do something: a policy read from its roles to its subjects.

mod answer;
mod binding_index;
mod inverse;
pub(crate) mod path_index;
mod rule_index;

use std::{collections::HashMap, ops::Range};

use foldhash::fast::RandomState;

pub use self::{
    answer::{Holding, WhoCan},
    inverse::Inverse,
};

type Map<K, V> = HashMap<K, V, RandomState>;

/// The number that stands for no namespace.
const CLUSTER: u32 = 0;

/// Which namespaces count for a question.
#[derive(Clone, Copy, Debug)]
enum Asked {
    /// All of them, and what is cluster-wide.
    All,
    /// What is cluster-wide.
    Cluster,
    /// The namespace of this number, and what is cluster-wide.
    Namespace(u32),
}

impl Asked {
    /// Those that count, of a list that is sorted by the number of the namespace: at most two pieces of it.
    fn of<T>(self, sorted: &[T], namespace: impl Fn(&T) -> u32 + Copy) -> [&[T]; 2] {
        let of = |number: u32| {
            let range = equal_range(sorted, |one| namespace(one).cmp(&number));
            sorted.get(range).unwrap_or_default()
        };
        match self {
            Self::All => [sorted, &[]],
            Self::Cluster => [of(CLUSTER), &[]],
            Self::Namespace(number) => [of(CLUSTER), of(number)],
        }
    }
}

/// The range of those that compare equal, in a sorted list.
fn equal_range<T>(sorted: &[T], compare: impl Fn(&T) -> std::cmp::Ordering) -> Range<usize> {
    let start = sorted.partition_point(|one| compare(one).is_lt());
    let end = sorted.partition_point(|one| compare(one).is_le());
    start..end
}
