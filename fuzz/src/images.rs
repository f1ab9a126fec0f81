//! Images of decision tables: whatever the bytes, an error or an engine that answers.

use arbitrary::{Arbitrary, Unstructured};
use rolecall::model::{Authorizer, PolicySet};
use rolecall_engine::{CompileOptions, Engine};
use rolecall_testkit::{Aim, PolicyPlan};

use super::differential::{asker, nearby};

/// How many requests an image is asked.
const REQUESTS: u16 = 16;
/// The same images each time: what was found once has to be found again.
const SEED: u64 = 7;

/// Opens the bytes as an image: as they are, and with a head that fits them. Then takes them for changes to the
/// image of a policy, both made of them, and opens that.
///
/// # Panics
///
/// When opening or answering panics, or an image that was not changed is refused.
pub fn images(data: &[u8]) {
    ask(data.to_vec(), &PolicySet::default());
    if let Some(sealed) = sealed(data) {
        ask(sealed, &PolicySet::default());
    }
    let mut input = Unstructured::new(data);
    let changes = Vec::<(u16, u32)>::arbitrary(&mut input).unwrap_or_default();
    let policies = PolicyPlan::arbitrary_take_rest(input).unwrap_or_default().policies();
    let mut image = image(&policies);
    let unchanged = image.clone();
    for (place, word) in changes {
        let words = image.len() / 4;
        let at = usize::from(place) % words * 4;
        image[at..at + 4].copy_from_slice(&word.to_le_bytes());
    }
    let opened = ask(image.clone(), &policies);
    assert!(opened || image != unchanged, "an image that nobody changed is refused");
}

fn image(policies: &PolicySet) -> Vec<u8> {
    let options = CompileOptions::default().seeded(SEED);
    Engine::compile_with(policies, &options).expect("a small policy can be compiled").image().to_vec()
}

/// Whether the bytes are an image; asks it what comes close to a policy.
fn ask(bytes: Vec<u8>, policies: &PolicySet) -> bool {
    let Ok(engine) = Engine::from_image(bytes) else { return false };
    let _ = (engine.usage(), engine.widest_permission_set());
    let aim = Aim::at(policies);
    for request in (0..REQUESTS).map(|number| nearby(number).request(&aim)) {
        let _ = (engine.authorize(&request.as_request()), engine.determine(&request.as_request()));
        let (user, groups, namespace) = asker(&request);
        let _ = engine.rules_for(user, &groups, namespace);
    }
    true
}

/// The bytes with the beginning and the length that an image has, made longer to a whole number of lines.
fn sealed(bytes: &[u8]) -> Option<Vec<u8>> {
    let behind = bytes.get(24..)?;
    let mut sealed = image(&PolicySet::default()).get(..16)?.to_vec();
    let length = (24 + behind.len()).next_multiple_of(64);
    sealed.extend((length as u64).to_ne_bytes());
    sealed.extend(behind);
    sealed.resize(length, 0);
    Some(sealed)
}
