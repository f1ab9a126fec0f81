//! RBAC as Kubernetes answers it: `conformance/rbac`.

use rolecall_tests::conformance;

#[test]
fn every_case_is_answered_as_kubernetes_does() {
    conformance::run_section("rbac");
}
