//! Access to secrets and to pods, which is access to whatever they can reach.

use rolecall_model::Role;

use super::{
    Lint,
    escalation::powers,
    grants::Policy,
    power::{self, Power, is_everything},
    report::Report,
};

/// Reading secrets: tokens and keys among them.
pub(super) const SECRETS: Lint = Lint {
    name: "secret-access",
    summary: "access to the secrets of a namespace or of all, and who has it",
    default: None,
    check: check_secrets,
};

/// Running code in pods: as whatever service account a pod has.
pub(super) const WORKLOADS: Lint = Lint {
    name: "workload-access",
    summary: "access by which its holder runs code in pods, and who has it",
    default: None,
    check: check_workloads,
};

fn check_secrets(policy: &Policy<'_>, report: &mut Report<'_>) {
    check(policy, report, power::SECRETS);
}

fn check_workloads(policy: &Policy<'_>, report: &mut Report<'_>) {
    check(policy, report, power::WORKLOADS);
}

fn check(policy: &Policy<'_>, report: &mut Report<'_>, looked_for: &[Power]) {
    // Who can do everything is another lint's business.
    let some = |role: &Role| !role.rules.iter().any(is_everything);
    for (number, role) in policy.roles.iter().enumerate().filter(|(_, role)| some(role)) {
        powers(policy, report, (number, role), looked_for);
    }
}
