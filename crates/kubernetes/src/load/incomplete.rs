//! What can be looked at where something has an error.

use std::collections::{BTreeSet, HashSet};

use rolecall_diagnostics::{Finding, Severity};
use rolecall_model::{IncompletePolicies, Origin, PolicySet};
use rolecall_source::{SourceId, Span};

use crate::aggregation::aggregate;

/// What was taken in, without the objects at these places and the ABAC lines that an error points into: what they say
/// is not what their author meant.
pub(super) fn without_faulty(
    policies: PolicySet,
    faulty: &HashSet<Span>,
    findings: &[Finding],
) -> IncompletePolicies {
    let errors: BTreeSet<(SourceId, usize)> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .filter_map(|finding| finding.span().map(|span| (span.source(), span.start())))
        .collect();
    let has_error = |line: Span| {
        errors.range((line.source(), line.start())..=(line.source(), line.end())).next().is_some()
    };
    let is_sound = |origin: Origin| origin.span().is_none_or(|place| !faulty.contains(&place));
    let is_sound_line = |origin: Origin| origin.span().is_none_or(|line| !has_error(line));
    if faulty.is_empty() && policies.attribute_policies().iter().all(|policy| is_sound_line(policy.origin)) {
        return policies.into();
    }
    let mut part = PolicySet::builder();
    for role in policies.roles().iter().filter(|role| is_sound(role.origin)) {
        part.add_role(role.clone());
    }
    for binding in policies.bindings().iter().filter(|binding| is_sound(binding.origin)) {
        part.add_binding(binding.clone());
    }
    for policy in policies.attribute_policies().iter().filter(|policy| is_sound_line(policy.origin)) {
        part.add_attribute_policy(policy.clone());
    }
    // An aggregated role has not gathered what is left out.
    for (role, rules) in aggregate(part.roles()).into_iter().flatten() {
        part.replace_rules(role, rules);
    }
    part.build().unwrap_or_default().into()
}
