//! `list` and `watch` with `resourceNames`.

use rolecall_model::RuleList;

use super::{Lint, grants::Policy, report::Report, unmatchable_names::is_for_names};

/// Source: `spec/authorization/rbac.md`, "Surprises" 3.
pub(super) const LINT: Lint = Lint {
    name: "names-on-list",
    summary: "`list` or `watch` in a rule for objects of certain names, which matches with a field selector only",
    default: None,
    check,
};

fn check(policy: &Policy<'_>, report: &mut Report<'_>) {
    for (role, number, rule) in policy.written_rules().filter(|(_, _, rule)| is_for_names(rule)) {
        let found = rule.verbs.iter().position(|verb| matches!(verb.as_str(), "list" | "watch"));
        if let Some((index, verb)) = found.and_then(|index| Some((index, rule.verbs.get(index)?))) {
            report.entry(
                (role, number),
                (RuleList::Verbs, index),
                format!(
                    "`{verb}` in this rule matches only requests with the field selector `metadata.name`, \
                     since the rule has `resourceNames`"
                ),
                "not without a field selector",
                "",
            );
        }
    }
}
