//! Resources that an API group does not have.

use rolecall_diagnostics::{Severity, did_you_mean};
use rolecall_model::{Rule, RuleList};

use super::{Facts, Lint, grants::Policy, report::Report};

/// Kubernetes' own groups are known as a whole; of others only what CustomResourceDefinitions among the files
/// define, so that nothing but a near miss is found there.
pub(super) const LINT: Lint = Lint {
    name: "unknown-resource",
    summary: "a resource that none of the rule's API groups has",
    default: Some(Severity::Warning),
    check,
};

fn check(policy: &Policy<'_>, report: &mut Report<'_>) {
    if policy.facts.types.is_empty() {
        return;
    }
    for (role, number, rule) in policy.written_rules().filter(|(role, ..)| !policy.is_default_role(role)) {
        for (index, entry) in rule.resources.iter().enumerate() {
            let plural = entry.as_str().split('/').next().unwrap_or_default();
            // Stars and what no name can be are other lints' business.
            let is_name =
                !plural.is_empty() && plural.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            if !is_name || !is_missing(policy, rule, plural) {
                continue;
            }
            let groups = groups(rule);
            let (label, help) = way_out(policy.facts, rule, plural);
            report.entry(
                (role, number),
                (RuleList::Resources, index),
                format!("{groups} no resource `{plural}`, so this entry matches nothing"),
                label,
                help,
            );
        }
    }
}

/// Whether every group of a rule is known and none has the resource. Where something could not be read, only
/// Kubernetes' own groups are known.
fn is_missing(policy: &Policy<'_>, rule: &Rule, plural: &str) -> bool {
    let facts = policy.facts;
    !rule.api_groups.is_empty()
        && rule.api_groups.iter().all(|group| {
            let group = group.as_str();
            let Some(types) = facts.types.get(group) else { return false };
            let known = types.iter().any(|known| known.plural == plural)
                || SERVED_ON_DEMAND.contains(&(group, plural));
            let whole = types.iter().any(|known| known.built_in);
            !known && (whole || (policy.is_complete && near(facts, group, plural).is_some()))
        })
}

fn groups(rule: &Rule) -> String {
    match rule.api_groups.as_slice() {
        [group] if group.as_str().is_empty() => "the core API group has".to_owned(),
        [group] => format!("API group {group} has"),
        _ => "none of the API groups of this rule has".to_owned(),
    }
}

fn near<'a>(facts: &Facts<'a>, group: &str, plural: &str) -> Option<&'a str> {
    let types = facts.types.get(group)?;
    let singular = types.iter().find(|known| known.singular == plural).map(|known| known.plural);
    singular.or_else(|| did_you_mean(plural, types.iter().map(|known| known.plural)))
}

/// What was probably meant: the plural, another group, or something that is gone.
fn way_out(facts: &Facts<'_>, rule: &Rule, plural: &str) -> (String, String) {
    if let Some(groups) = facts.groups_of.get(plural) {
        let groups: Vec<_> =
            groups.iter().map(|group| if group.is_empty() { "the core API group" } else { group }).collect();
        return ("not in this API group".to_owned(), format!("{plural} is in {}", groups.join(" and in ")));
    }
    if let Some((_, since)) = GONE.iter().find(|(name, _)| *name == plural) {
        let help = "take the entry out, unless clusters of that age have to be served".to_owned();
        return (format!("gone since Kubernetes {since}"), help);
    }
    let meant = rule.api_groups.iter().find_map(|group| near(facts, group.as_str(), plural));
    match meant {
        Some(meant) => (format!("did you mean `{meant}`?"), String::new()),
        None => ("no such resource".to_owned(), String::new()),
    }
}

/// What an API server serves if it is told to, or asks for without serving it.
const SERVED_ON_DEMAND: [(&str, &str); 14] = [
    // Those who may be impersonated, which are no objects.
    ("", "groups"),
    ("", "users"),
    ("authentication.k8s.io", "uids"),
    ("authentication.k8s.io", "userextras"),
    ("admissionregistration.k8s.io", "mutatingadmissionpolicies"),
    ("certificates.k8s.io", "clustertrustbundles"),
    ("certificates.k8s.io", "podcertificaterequests"),
    // Those in whose name certificates are signed.
    ("certificates.k8s.io", "signers"),
    ("coordination.k8s.io", "leasecandidates"),
    ("resource.k8s.io", "devicetaintrules"),
    ("scheduling.k8s.io", "workloads"),
    ("scheduling.k8s.io", "podgroups"),
    ("authentication.k8s.io", "selfsubjectreviews"),
    ("storage.k8s.io", "volumeattributesclasses"),
];

/// What API servers do not have any more, with the version that took it out.
const GONE: [(&str, &str); 2] = [("podsecuritypolicies", "1.25"), ("podschedulingcontexts", "1.32")];
