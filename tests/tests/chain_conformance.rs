//! Several modes one after the other, as Kubernetes answers: those cases of `conformance/chain` that need
//! neither a node authorizer, nor a webhook, nor a configuration file.

use rolecall_tests::conformance;

#[test]
fn every_case_within_reach_is_answered_as_kubernetes_does() {
    conformance::run_section_within_reach("chain");
}
