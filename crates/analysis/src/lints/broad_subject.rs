//! Bindings to everybody.

use rolecall_diagnostics::Severity;
use rolecall_model::{SUPERUSER_GROUP, Subject};

use super::{Lint, grants::Policy, report::Report};

/// Source: `spec/authorization/rbac.md` section 10; `identity.md`.
pub(super) const LINT: Lint = Lint {
    name: "broad-subject",
    summary: "a grant to a group that everybody is in, or to those who did not say who they are",
    default: Some(Severity::Warning),
    check,
};

fn check(policy: &Policy<'_>, report: &mut Report<'_>) {
    for binding in policy.written_bindings().filter(|binding| !policy.is_default_binding(binding)) {
        for (index, subject) in binding.subjects.iter().enumerate() {
            let (name, who) = match subject {
                Subject::Group(name) => (name.as_str(), group(name.as_str())),
                Subject::User(name) => (name.as_str(), user(name.as_str())),
                Subject::ServiceAccount { .. } | Subject::Unknown { .. } => continue,
            };
            if let Some((who, help)) = who {
                report.subject(
                    (binding, index),
                    format!("{} {} is granted to {who}", binding.role.kind.as_str(), binding.role.name),
                    format!("`{name}`"),
                    help,
                );
            }
        }
    }
    for policy in policy.attribute_policies {
        let Some(place) = policy.origin.span() else { continue };
        let found = match (&policy.user, &policy.group) {
            (Some(name), None) => user(name.as_str()),
            (None, Some(name)) => group(name.as_str()),
            _ => None,
        };
        if let Some((who, help)) = found {
            report.place(place, format!("this policy is for {who}"), "this policy", help);
        }
    }
}

type Broad = (&'static str, &'static str);

fn group(name: &str) -> Option<Broad> {
    match name {
        "system:authenticated" => Some((
            "everybody who can log in, every service account among them",
            "bind the group or the service account that needs it",
        )),
        "system:serviceaccounts" => Some((
            "every service account of every namespace",
            "bind the service accounts that need it, or those of one namespace: `system:serviceaccounts:NAMESPACE`",
        )),
        "system:unauthenticated" => {
            Some(("everybody who did not say who they are", "bind a group of authenticated users"))
        }
        SUPERUSER_GROUP => Some((
            "group system:masters, which is allowed everything before any binding is asked",
            "take the subject out: it adds nothing",
        )),
        _ => None,
    }
}

fn user(name: &str) -> Option<Broad> {
    (name == "system:anonymous")
        .then_some(("everybody who did not say who they are", "bind a group of authenticated users"))
}
