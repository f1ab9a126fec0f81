//! The model as bytes: what is written comes back, and whatever else is read gives an error or a policy.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::missing_panics_doc,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

mod samples;

use proptest::prelude::*;
use rolecall_compiled::{decode_model, encode_model};
use rolecall_model::{Origin, PolicySet};
use rolecall_source::SourceMap;
use samples::{Sample, change, changes, samples};

/// What memory a model may take, in bytes for each byte of its section: a rule without anything in it is the
/// worst, and what is gathered grows by doubling.
const EXPANSION: u64 = 128;

/// File, line and column of everything that has a place.
fn places(policies: &PolicySet, sources: &SourceMap) -> Vec<Option<String>> {
    let roles = policies.roles().iter();
    let rules = roles.clone().flat_map(|role| &role.rules);
    let origins = roles
        .map(|role| role.origin)
        .chain(rules.map(|rule| rule.origin))
        .chain(policies.bindings().iter().map(|binding| binding.origin))
        .chain(policies.attribute_policies().iter().map(|policy| policy.origin));
    let place = |origin: Origin| {
        origin.span().map(|span| format!("{}:{}", sources.name_of(span), sources.position(span)))
    };
    origins.map(place).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_encoded_comes_back_with_its_places(Sample { policies, sources } in samples()) {
        let bytes = encode_model(&policies, &sources);
        let model = decode_model(&bytes).unwrap();
        prop_assert_eq!(&model.policies, &policies);
        prop_assert_eq!(places(&model.policies, &model.sources), places(&policies, &sources));
        // Where the texts are gone, what was known of them is still written.
        prop_assert_eq!(encode_model(&model.policies, &model.sources), bytes);
    }

    #[test]
    fn changed_bytes_give_an_error_or_a_policy(sample in samples(), changes in changes()) {
        let mut bytes = encode_model(&sample.policies, &sample.sources);
        change(&mut bytes, &changes);
        let mut decoded = None;
        let allocated = allocation_counter::measure(|| decoded = Some(decode_model(&bytes)));
        prop_assert!(
            allocated.bytes_max <= EXPANSION * bytes.len() as u64 + 4096,
            "{} bytes for {}", allocated.bytes_max, bytes.len()
        );
        if let Some(Ok(model)) = decoded {
            let again = decode_model(&encode_model(&model.policies, &model.sources)).unwrap();
            prop_assert_eq!(again.policies, model.policies);
        }
    }

    #[test]
    fn any_bytes_give_an_error_or_a_policy(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_model(&bytes);
    }
}

/// Long lists of the items that take most room in memory for the fewest bytes, and lists that claim to be long.
#[test]
fn memory_is_in_proportion_to_the_bytes() {
    let count = 100_000_u32;
    // One text, which is empty; no sources, no modes; one role, of many rules without anything in them.
    let mut rules = vec![1, 0, 0, 0, 1, 0, 0];
    rules.extend([(count & 0x7f) as u8 | 0x80, (count >> 7 & 0x7f) as u8 | 0x80, (count >> 14) as u8]);
    // Nor is there anything else in the role, and nothing behind it.
    rules.resize(rules.len() + 6 * count as usize + 5, 0);
    assert_eq!(decode_model(&rules).unwrap().policies.roles()[0].rules.len(), count as usize);
    for bytes in [rules, vec![0xff; 1 << 16], vec![0; 1 << 16], vec![1; 1 << 16]] {
        let allocated = allocation_counter::measure(|| {
            let _ = decode_model(&bytes);
        });
        assert!(
            allocated.bytes_max <= EXPANSION * bytes.len() as u64,
            "{} bytes for {}",
            allocated.bytes_max,
            bytes.len()
        );
    }
}
