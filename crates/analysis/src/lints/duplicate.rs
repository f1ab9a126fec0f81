//! Entries, rules and subjects that stand twice.

use std::collections::{HashMap, HashSet};

use rolecall_diagnostics::Severity;
use rolecall_model::{Rule, RuleList};

use super::{
    Lint,
    grants::{Policy, who},
    report::Report,
};

/// Twice is as good as once; it hides which of the two somebody has to change.
pub(super) const LINT: Lint = Lint {
    name: "duplicate",
    summary: "an entry, a rule or a subject that stands twice",
    default: Some(Severity::Note),
    check,
};

fn check(policy: &Policy<'_>, report: &mut Report<'_>) {
    for (role, number, rule) in policy.written_rules() {
        for list in RuleList::ALL {
            let mut seen = HashSet::new();
            for (index, entry) in list.entries(rule).into_iter().enumerate() {
                if !seen.insert(entry) {
                    let message = format!("`{entry}` stands twice in `{}`", list.field());
                    report.entry((role, number), (list, index), message, "again", "take one of them out");
                }
            }
        }
    }
    for role in policy.roles.iter().filter(|role| role.aggregation.is_none()) {
        let mut seen = HashMap::new();
        for (number, rule) in role.rules.iter().enumerate() {
            if let Some(first) = seen.insert(lists(rule), number) {
                report.rule(
                    (role, number),
                    format!("rules[{number}] says the same as rules[{first}]"),
                    "again",
                    "take one of them out",
                );
            }
        }
    }
    for binding in policy.written_bindings().filter(|binding| binding.subjects.len() > 1) {
        let mut seen = HashSet::new();
        for (index, subject) in binding.subjects.iter().enumerate() {
            if !seen.insert(who(subject, binding)) {
                let message = format!("{} stands twice in `subjects`", who(subject, binding));
                report.subject((binding, index), message, "again", "take one of them out");
            }
        }
    }
}

/// What a rule says, without where it stands.
fn lists(rule: &Rule) -> Vec<Vec<&str>> {
    RuleList::ALL.into_iter().map(|list| list.entries(rule)).collect()
}
