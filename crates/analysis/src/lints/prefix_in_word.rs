//! `/healthz*`: a prefix that ends within a word.

use rolecall_diagnostics::Severity;
use rolecall_model::RuleList;

use super::{Lint, grants::Policy, report::Report};

/// Source: `spec/authorization/rbac.md` section 3.
pub(super) const LINT: Lint = Lint {
    name: "prefix-in-word",
    summary: "a path prefix that ends in a letter, and so covers paths of other names",
    default: Some(Severity::Warning),
    check,
};

fn check(policy: &Policy<'_>, report: &mut Report<'_>) {
    for (role, number, rule) in policy.written_rules() {
        for (index, path) in rule.non_resource_urls.iter().enumerate() {
            let prefix = path.as_str().trim_end_matches('*');
            if prefix.len() < path.as_str().len() && prefix.ends_with(|last: char| last.is_alphanumeric()) {
                report.entry(
                    (role, number),
                    (RuleList::NonResourceUrls, index),
                    format!(
                        "`{path}` also covers paths that merely begin alike, such as `{prefix}-internal`"
                    ),
                    "the prefix ends within a word",
                    format!("write `{prefix}` and `{prefix}/*`"),
                );
            }
        }
    }
}
