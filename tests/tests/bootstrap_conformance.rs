//! The default roles of an API server, read from a file, as Kubernetes answers with them: `conformance/bootstrap`.

use rolecall_tests::conformance;

#[test]
fn every_case_is_answered_as_kubernetes_does() {
    conformance::run_section("bootstrap");
}
