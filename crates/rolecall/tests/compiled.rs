//! Compiled policies: written and opened, they answer as before; changed, they are refused or answer something.
#![cfg(feature = "compiled")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use proptest::{collection::vec, prelude::*, sample::Index};
use rolecall::{
    Authorizer, PolicySet,
    compiled::{CompiledPolicy, SaveOptions, compile_reproducibly},
};
use rolecall_reference::Reference;
use rolecall_testkit::{Harness, policies, policies_and_requests};

proptest! {
    #[test]
    fn what_was_written_answers_as_the_reference((policies, requests) in policies_and_requests(8)) {
        let reference = Reference::new(&policies);
        let engine = compile_reproducibly(&PolicySet::from((*policies).clone())).unwrap();
        let bytes = engine.file_image(&SaveOptions::default()).to_bytes();
        let compiled = CompiledPolicy::from_bytes(&bytes, None).unwrap();
        let whole = compiled.engine().unwrap();
        prop_assert_eq!(whole.policies().model(), &*policies);
        let stripped = engine.file_image(&SaveOptions::default().strip()).to_bytes();
        let stripped = CompiledPolicy::from_bytes(&stripped, None).unwrap();
        let harness = Harness::new("reference", &reference)
            .and("compiled", &compiled)
            .and("compiled, with its model", &whole)
            .and("stripped", &stripped);
        for request in &requests {
            if let Err(disagreement) = harness.check(&request.as_request()) {
                prop_assert!(false, "{}\n{:?}", disagreement, policies);
            }
        }
        // The same bytes, from the policy and from what was written of it.
        let again = compile_reproducibly(&PolicySet::from((*policies).clone())).unwrap();
        prop_assert_eq!(&again.file_image(&SaveOptions::default()).to_bytes(), &bytes);
        prop_assert_eq!(whole.file_image(&SaveOptions::default()).to_bytes(), bytes);
    }

    #[test]
    fn with_a_checksum_that_fits_changed_bytes_are_refused_or_answer(
        policies in policies(),
        changes in vec((any::<Index>(), prop_oneof![Just(0), Just(1), Just(0xff), any::<u8>()]), 1..6),
    ) {
        let engine = compile_reproducibly(&PolicySet::from((*policies).clone())).unwrap();
        let mut bytes = engine.file_image(&SaveOptions::default()).to_bytes();
        for (place, byte) in changes {
            let behind = bytes.len() - 128;
            bytes[128 + place.index(behind)] = byte;
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&bytes[..32]).update(&bytes[128..]);
        bytes[32..64].copy_from_slice(hasher.finalize().as_bytes());
        if let Ok(compiled) = CompiledPolicy::from_bytes(&bytes, None) {
            let aim = rolecall_testkit::Aim::at(&policies);
            for number in 0..40 {
                let plan = rolecall_testkit::RequestPlan {
                    grant: number,
                    subject: number / 3,
                    rule: number / 2,
                    entry: number,
                    open: number,
                    change: u8::try_from(number % 20).unwrap(),
                    into: number,
                    groups: vec![1, 2],
                };
                let request = plan.request(&aim);
                let request = request.as_request();
                let _ = compiled.authorize(&request);
                let _ = compiled.determine(&request);
                let _ = compiled.rules_for(request.user, &request.groups, "a");
            }
            let _ = compiled.engine();
        }
    }
}
