//! `create` and `deletecollection` with `resourceNames`.

use rolecall_diagnostics::Severity;
use rolecall_model::{Rule, RuleList};

use super::{Lint, grants::Policy, report::Report};

/// Source: `spec/authorization/rbac.md`, "Surprises" 3: the name of such a request is empty.
pub(super) const LINT: Lint = Lint {
    name: "unmatchable-names",
    summary: "a verb whose requests name no object, in a rule for objects of certain names",
    default: Some(Severity::Warning),
    check,
};

fn check(policy: &Policy<'_>, report: &mut Report<'_>) {
    for (role, number, rule) in policy.written_rules().filter(|(_, _, rule)| is_for_names(rule)) {
        for (index, verb) in rule.verbs.iter().enumerate() {
            let why = match verb.as_str() {
                // A subresource is created of an object that has a name: `pods/exec`.
                "create" if !rule.resources.iter().any(|entry| has_names_on_create(entry.as_str())) => {
                    "the object that a create request brings is named in its body"
                }
                "deletecollection" => "a deletecollection request names no object",
                _ => continue,
            };
            report.entry(
                (role, number),
                (RuleList::Verbs, index),
                format!("`{verb}` in this rule never matches: {why}, and the rule has `resourceNames`"),
                "never matches",
                format!("give `{verb}` a rule of its own without `resourceNames`, or take it out"),
            );
        }
    }
}

/// Whether a rule is for objects of certain names; an empty one is that of requests without a name.
pub(super) fn is_for_names(rule: &Rule) -> bool {
    !rule.resource_names.is_empty() && !rule.resource_names.iter().any(|name| name.as_str().is_empty())
}

fn has_names_on_create(resource: &str) -> bool {
    resource == "*" || resource.contains('/')
}
