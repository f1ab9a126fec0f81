//! `pods/*`, `get*`, resource name `*`: stars that are letters.

use rolecall_diagnostics::Severity;
use rolecall_model::{Binding, Role, Rule, RuleList, Subject};

use super::{Lint, grants::Policy, report::Report};

/// Source: `spec/authorization/rbac.md` section 3 and "Surprises" 4, 6 and 7.
pub(super) const LINT: Lint = Lint {
    name: "literal-star",
    summary: "a `*` that is no wildcard where it stands, so that the entry matches nothing",
    default: Some(Severity::Warning),
    check,
};

fn check(policy: &Policy<'_>, report: &mut Report<'_>) {
    for (role, number, rule) in policy.written_rules() {
        for list in RuleList::ALL {
            check_list((role, number, rule), list, report);
        }
    }
    for binding in policy.written_bindings() {
        check_subjects(binding, report);
    }
}

fn check_list((role, number, rule): (&Role, usize, &Rule), list: RuleList, report: &mut Report<'_>) {
    let entries = list.entries(rule);
    // Beside a real wildcard an entry that matches nothing takes nothing away.
    let wild = list != RuleList::ResourceNames && entries.contains(&"*");
    for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| !wild && entry.contains('*')) {
        if let Some(help) = fault(list, entry) {
            let field = list.field();
            report.entry(
                (role, number),
                (list, index),
                format!("`{entry}` in `{field}` matches nothing: its `*` is a letter, no wildcard"),
                "taken as it stands",
                help,
            );
        }
    }
}

/// What to write in place of an entry with a star that is a letter; `None` if it is a wildcard.
fn fault(list: RuleList, entry: &str) -> Option<String> {
    match list {
        RuleList::ApiGroups => Some("name each group; only `*` alone means all groups".to_owned()),
        RuleList::NonResourceUrls => {
            let inner = entry.trim_end_matches('*').contains('*');
            inner.then(|| "a `*` counts at the end of a path only, or alone".to_owned())
        }
        RuleList::ResourceNames if entry == "*" => {
            Some("leave `resourceNames` out to mean objects of every name".to_owned())
        }
        // Kubernetes itself asks for signers by `example.com/*`, others for other names with a star.
        RuleList::ResourceNames => None,
        RuleList::Resources => match entry.split_once('/') {
            // Every resource's subresource of that name.
            Some(("*", subresource)) if !subresource.contains('*') => None,
            Some(("*", "*")) => Some("write `*`: it covers every resource with its subresources".to_owned()),
            Some((resource, "*")) => Some(format!(
                "name each subresource, as in `{resource}/status`; only `*` alone covers them all"
            )),
            _ => Some("name each resource; only `*` alone means all of them".to_owned()),
        },
        RuleList::Verbs => Some("name each verb; only `*` alone means all of them".to_owned()),
    }
}

fn check_subjects(binding: &Binding, report: &mut Report<'_>) {
    for (index, subject) in binding.subjects.iter().enumerate() {
        let (kind, name, help) = match subject {
            Subject::Group(name) => {
                ("group", name.as_str(), "everybody who is authenticated is in group `system:authenticated`")
            }
            Subject::User(name) => ("user", name.as_str(), "bind a group instead"),
            Subject::ServiceAccount { .. } | Subject::Unknown { .. } => continue,
        };
        if name.contains('*') {
            report.subject(
                (binding, index),
                format!("{kind} `{name}` is nobody: the `*` is a letter, no wildcard"),
                "taken as it stands",
                help,
            );
        }
    }
}
