//! Policies made up, with everything that a policy can have, and files with bytes changed.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*, sample::Index};
use rolecall_model::{
    AggregationRule, LabelOperator, LabelRequirement, LabelSelector, Origin, PolicySet, Role,
};
use rolecall_source::SourceMap;
use rolecall_testkit::SamplePolicy;

/// A policy with the sources that its origins point into.
#[derive(Clone, Debug)]
pub struct Sample {
    pub policies: PolicySet,
    pub sources: SourceMap,
}

/// Policies of `testkit`, with origins, labels and selectors added.
pub fn samples() -> impl Strategy<Value = Sample> {
    let texts = vec(("[a-z/]{0,4}", "[a-é名\n]{0,60}"), 0..3);
    (rolecall_testkit::policies(), texts, vec(any::<u32>(), 1..24)).prop_map(|(policies, texts, chances)| {
        let mut sources = SourceMap::new();
        for (name, text) in texts {
            sources.add(name, text);
        }
        let policies = decorated(&policies, &sources, &mut Chances { chances, next: 0 });
        Sample { policies, sources }
    })
}

fn decorated(policies: &SamplePolicy, sources: &SourceMap, chances: &mut Chances) -> PolicySet {
    let mut decorated = PolicySet::builder();
    for role in policies.roles() {
        let mut role = role.clone();
        decorate_role(&mut role, sources, chances);
        decorated.add_role(role);
    }
    for binding in policies.bindings() {
        let mut binding = binding.clone();
        binding.origin = chances.origin(sources);
        decorated.add_binding(binding);
    }
    for policy in policies.attribute_policies() {
        let mut policy = policy.clone();
        policy.origin = chances.origin(sources);
        decorated.add_attribute_policy(policy);
    }
    if let Some(modes) = policies.chosen_modes() {
        decorated = decorated.modes(modes.clone());
    }
    decorated.build().unwrap()
}

fn decorate_role(role: &mut Role, sources: &SourceMap, chances: &mut Chances) {
    role.origin = chances.origin(sources);
    for rule in &mut role.rules {
        rule.origin = chances.origin(sources);
    }
    role.labels = chances.labels();
    if chances.one_of(3) == 0 {
        let match_expressions = (0..chances.one_of(4)).map(|_| chances.requirement()).collect();
        let selector = LabelSelector { match_labels: chances.labels(), match_expressions };
        role.aggregation = Some(AggregationRule { selectors: vec![selector, LabelSelector::default()] });
    }
}

/// A few numbers that are gone through again and again.
struct Chances {
    chances: Vec<u32>,
    next: usize,
}

impl Chances {
    fn one_of(&mut self, count: u32) -> u32 {
        self.next += 1;
        self.chances[self.next % self.chances.len()].rotate_left(u32::try_from(self.next).unwrap()) % count
    }

    fn word(&mut self) -> String {
        ["", "a", "b/c", "é"][self.one_of(4) as usize].to_owned()
    }

    fn labels(&mut self) -> BTreeMap<String, String> {
        (0..self.one_of(3)).map(|_| (self.word(), self.word())).collect()
    }

    fn requirement(&mut self) -> LabelRequirement {
        let operator = match self.one_of(5) {
            0 => LabelOperator::DoesNotExist,
            1 => LabelOperator::Exists,
            2 => LabelOperator::In,
            3 => LabelOperator::NotIn,
            _ => LabelOperator::Unknown(self.word()),
        };
        LabelRequirement {
            key: self.word(),
            operator,
            values: (0..self.one_of(3)).map(|_| self.word()).collect(),
        }
    }

    fn origin(&mut self, sources: &SourceMap) -> Origin {
        let count = u32::try_from(sources.iter().count()).unwrap();
        match self.one_of(count + 2) {
            0 => Origin::BuiltIn,
            1 => Origin::Code,
            source => {
                let source = sources.id(source as usize - 2).unwrap();
                let start = self.one_of(64) as usize;
                Origin::Text(sources.span(source, start, start + self.one_of(64) as usize))
            }
        }
    }
}

/// One change of some bytes.
#[derive(Clone, Debug)]
pub enum Change {
    Cut(Index),
    Insert(Index, u8),
    Remove(Index),
    Set(Index, u8),
    /// Copies some bytes to somewhere else.
    Splice(Index, Index, u8),
}

pub fn changes() -> impl Strategy<Value = Vec<Change>> {
    let bytes = || prop_oneof![Just(0), Just(0x7f), Just(0x80), Just(0xff), any::<u8>()];
    let change = prop_oneof![
        1 => any::<Index>().prop_map(Change::Cut),
        2 => (any::<Index>(), bytes()).prop_map(|(place, byte)| Change::Insert(place, byte)),
        2 => any::<Index>().prop_map(Change::Remove),
        6 => (any::<Index>(), bytes()).prop_map(|(place, byte)| Change::Set(place, byte)),
        2 => (any::<Index>(), any::<Index>(), 1..40_u8).prop_map(|(from, to, count)| Change::Splice(from, to, count)),
    ];
    vec(change, 1..6)
}

pub fn change(bytes: &mut Vec<u8>, changes: &[Change]) {
    for change in changes.iter().filter(|_| !bytes.is_empty()).cloned().collect::<Vec<_>>() {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        match change {
            Change::Cut(place) => bytes.truncate(place.index(length)),
            Change::Insert(place, byte) => bytes.insert(place.index(length), byte),
            Change::Remove(place) => {
                bytes.remove(place.index(length));
            }
            Change::Set(place, byte) => bytes[place.index(length)] = byte,
            Change::Splice(from, to, count) => {
                let (from, to) = (from.index(length), to.index(length));
                let count = usize::from(count).min(length - from).min(length - to);
                bytes.copy_within(from..from + count, to);
            }
        }
    }
}
