//! Tables against reference: on policies made up, and on whatever was loaded.

use arbitrary::{Arbitrary, Unstructured};
use rolecall::model::{OwnedRequest, OwnedTarget, PolicySet};
use rolecall_engine::{CompileOptions, Engine};
use rolecall_reference::Reference;
use rolecall_testkit::{Aim, Harness, PolicyPlan, PolicyText, RequestPlan};

/// How many requests every policy is asked at least.
const ALWAYS: u16 = 48;

/// Makes a policy and requests of the bytes and asks tables and reference.
///
/// # Panics
///
/// When they answer differently, or the policy cannot be compiled.
pub fn differential(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let requests = Vec::<RequestPlan>::arbitrary(&mut input).unwrap_or_default();
    let policy = PolicyPlan::arbitrary_take_rest(input).unwrap_or_default();
    ask(&policy.policies(), &requests);
}

/// Asks tables and reference what comes close to the policy.
///
/// # Panics
///
/// As [`differential`].
pub(super) fn agree(policies: &PolicySet) {
    ask(policies, &[]);
}

fn ask(policies: &PolicySet, plans: &[RequestPlan]) {
    let [usual, frugal] = [CompileOptions::default(), CompileOptions::frugal()]
        .map(|options| Engine::compile_with(policies, &options).expect("a small policy can be compiled"));
    let reference = Reference::new(policies);
    let harness = Harness::new("reference", &reference).and("engine", &usual).and("engine (frugal)", &frugal);
    let aim = Aim::at(policies);
    let always = (0..ALWAYS).map(nearby);
    for plan in plans.iter().cloned().chain(always) {
        let request = plan.request(&aim);
        if let Err(disagreement) = harness.check(&request.as_request()) {
            panic!("{disagreement}\n{request:?}\n{}", PolicyText(policies));
        }
        let (user, groups, namespace) = asker(&request);
        if let Err(disagreement) = harness.check_listing(user, &groups, namespace) {
            panic!("{disagreement}\n{user:?} {groups:?} {namespace:?}\n{}", PolicyText(policies));
        }
    }
}

/// One of a series of plans that go through the grants of a policy with one part changed now and then.
pub(super) fn nearby(number: u16) -> RequestPlan {
    RequestPlan {
        grant: number,
        subject: number / 3,
        rule: number / 2,
        entry: number / 5,
        open: number,
        change: u8::try_from(number % 16).unwrap_or_default(),
        into: number,
        groups: Vec::new(),
    }
}

pub(super) fn asker(request: &OwnedRequest) -> (&str, Vec<&str>, &str) {
    let namespace = match &request.target {
        OwnedTarget::Path(_) => "",
        OwnedTarget::Resource { namespace, .. } => namespace,
    };
    (&request.user, request.groups.iter().map(String::as_str).collect(), namespace)
}
