//! `*` in `verbs` and in `resources`.

use rolecall_model::RuleList;

use super::{Lint, grants::Policy, report::Report};

/// `*` in `verbs`.
pub(super) const VERBS: Lint = Lint {
    name: "wildcard-verbs",
    summary: "`*` in `verbs`: also verbs that nobody thinks of, such as `escalate`, and those to come",
    default: None,
    check: check_verbs,
};

/// `*` in `resources`.
pub(super) const RESOURCES: Lint = Lint {
    name: "wildcard-resources",
    summary: "`*` in `resources`: every resource of the groups with all its subresources, and those to come",
    default: None,
    check: check_resources,
};

fn check_verbs(policy: &Policy<'_>, report: &mut Report<'_>) {
    check(
        policy,
        report,
        RuleList::Verbs,
        "`*` covers every verb, also special ones such as `escalate`, `impersonate` and `deletecollection`",
        "name the verbs that are needed",
    );
}

fn check_resources(policy: &Policy<'_>, report: &mut Report<'_>) {
    check(
        policy,
        report,
        RuleList::Resources,
        "`*` covers every resource of these API groups with all its subresources, and those to come",
        "name the resources that are needed",
    );
}

fn check(policy: &Policy<'_>, report: &mut Report<'_>, list: RuleList, message: &str, help: &str) {
    for (role, number, rule) in policy.written_rules().filter(|(role, ..)| !policy.is_default_role(role)) {
        let star = list.entries(rule).iter().position(|&entry| entry == "*");
        if let Some(index) = star {
            report.entry((role, number), (list, index), message.to_owned(), "everything", help);
        }
    }
}
