//! Ways to more permissions, and who has them.

use rolecall_diagnostics::Severity;
use rolecall_model::{Binding, Role, RuleList};

use super::{
    Lint,
    grants::{Policy, who},
    power::{ESCALATIONS, Power, is_everything},
    report::{Report, of_binding},
};

/// Escalation primitives that somebody has.
pub(super) const LINT: Lint = Lint {
    name: "escalation",
    summary: "access by which its holder can get more access, and who holds it",
    default: Some(Severity::Note),
    check,
};

fn check(policy: &Policy<'_>, report: &mut Report<'_>) {
    for (number, role) in policy.roles.iter().enumerate() {
        let everything = role.rules.iter().position(is_everything);
        match everything {
            Some(rule) => whole(policy, report, (number, role), rule),
            None => powers(policy, report, (number, role), ESCALATIONS),
        }
    }
}

/// A role that gives everything: no need to name the parts of it.
fn whole(policy: &Policy<'_>, report: &mut Report<'_>, (number, role): (usize, &Role), rule: usize) {
    let bindings = policy.grants_of(number);
    if bindings.is_empty() {
        return;
    }
    if is_of_others(policy, role, rule) {
        for binding in bindings {
            let given = [binding];
            let message = format!("{} can do everything {}", holders(&given), scope(&given));
            report.role_reference(binding, message, "gives everything", "give a role with what is needed");
        }
        return;
    }
    let entry =
        role.rules.get(rule).and_then(|rule| rule.resources.iter().position(|one| one.as_str() == "*"));
    report.entry(
        (role, rule),
        (RuleList::Resources, entry.unwrap_or(0)),
        format!("{} can do everything {}", holders(&bindings), scope(&bindings)),
        format!("with every verb, {}", through(&bindings)),
        "name the verbs and resources that are needed",
    );
}

/// Reports who has which of the powers.
pub(super) fn powers(
    policy: &Policy<'_>,
    report: &mut Report<'_>,
    (number, role): (usize, &Role),
    powers: &[Power],
) {
    let bindings = policy.grants_of(number);
    if bindings.is_empty() {
        return;
    }
    let in_cluster: Vec<_> = bindings.iter().copied().filter(|binding| binding.namespace.is_none()).collect();
    let mut of_others: Vec<&str> = Vec::new();
    for (index, rule) in role.rules.iter().enumerate() {
        // What one entry gives to the same people is one finding.
        let mut found: Vec<(usize, bool, &str, Vec<&str>)> = Vec::new();
        for power in powers {
            let Some(verb) = power.verb_in(rule) else { continue };
            if is_of_others(policy, role, index) {
                push_new(&mut of_others, power.can);
                continue;
            }
            let entry = power.entry_in(rule);
            let cluster_wide = power.cluster_wide && in_cluster.len() < bindings.len();
            match found.iter_mut().find(|(other, wide, ..)| (*other, *wide) == (entry, cluster_wide)) {
                Some((.., can)) => push_new(can, power.can),
                None => found.push((entry, cluster_wide, verb, vec![power.can])),
            }
        }
        for (entry, cluster_wide, verb, can) in found {
            let given = if cluster_wide { &in_cluster } else { &bindings };
            if !given.is_empty() {
                report.entry(
                    (role, index),
                    (RuleList::Resources, entry),
                    format!("{} can {} {}", holders(given), list(&can), scope(given)),
                    format!("with verb {verb}, {}", through(given)),
                    "",
                );
            }
        }
    }
    // To be given `admin` or `edit` in one namespace is what these roles are for.
    for binding in in_cluster.iter().filter(|_| !of_others.is_empty()) {
        report.role_reference(
            binding,
            format!("{} can {} {}", holders(&[binding]), list(&of_others), scope(&[binding])),
            format!("{} gives it", role.kind()),
            "bind it in the namespaces where it is needed",
        );
    }
}

/// Whether a rule of a role stands in nobody's text, or in one that every cluster has.
fn is_of_others(policy: &Policy<'_>, role: &Role, rule: usize) -> bool {
    policy.is_default_role(role) || role.rules.get(rule).is_none_or(|rule| rule.origin.span().is_none())
}

fn push_new<'a>(list: &mut Vec<&'a str>, text: &'a str) {
    if !list.contains(&text) {
        list.push(text);
    }
}

/// The first three things, and how many more there are.
fn list(can: &[&str]) -> String {
    match can {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] if can.len() <= 3 => format!("{} and {last}", first.join(", ")),
        _ => {
            let shown: Vec<_> = can.iter().take(3).copied().collect();
            format!("{} and {} more such things", shown.join(", "), can.len() - shown.len())
        }
    }
}

/// Who is named in the bindings: the first, and how many more.
fn holders(bindings: &[&Binding]) -> String {
    let first = bindings.iter().find_map(|binding| Some(who(binding.subjects.first()?, binding)));
    let count: usize = bindings.iter().map(|binding| binding.subjects.len()).sum();
    more(first.unwrap_or_default(), count, "another", "others")
}

/// Where the bindings count.
fn scope(bindings: &[&Binding]) -> String {
    let mut namespaces: Vec<_> = bindings.iter().map(|binding| binding.namespace.as_ref()).collect();
    namespaces.sort();
    namespaces.dedup();
    match namespaces.as_slice() {
        [None, ..] | [] => "everywhere".to_owned(),
        [Some(namespace)] => format!("in namespace {namespace}"),
        [Some(namespace), others @ ..] => format!("in namespace {namespace} and {} more", others.len()),
    }
}

fn through(bindings: &[&Binding]) -> String {
    let first = bindings.first().map(|binding| of_binding(binding)).unwrap_or_default();
    format!("through {}", more(first, bindings.len(), "one more", "more"))
}

fn more(first: String, count: usize, one: &str, many: &str) -> String {
    match count.saturating_sub(1) {
        0 => first,
        1 => format!("{first} and {one}"),
        others => format!("{first} and {others} {many}"),
    }
}
