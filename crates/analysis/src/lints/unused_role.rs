//! Roles that nobody is bound to.

use super::{Lint, grants::Policy, report::Report};

/// A role that another one gathers is used; so is one of a cluster's own.
pub(super) const LINT: Lint = Lint {
    name: "unused-role",
    summary: "a role that no binding gives to anybody and no other role gathers",
    default: None,
    check,
};

fn check(policy: &Policy<'_>, report: &mut Report<'_>) {
    if !policy.is_complete {
        return;
    }
    for (number, role) in policy.roles.iter().enumerate() {
        // Kubernetes' own `admin`, `edit` and `view` gather by such labels, whether they were loaded or not.
        let gathered = role.labels.keys().any(|label| label.contains("/aggregate-to-"));
        if !policy.is_bound(number) && !gathered && !policy.is_default_role(role) {
            report.role(
                role,
                format!("no binding gives {} {} to anybody", role.kind(), role.name),
                "nobody is bound to it",
                "",
            );
        }
    }
}
