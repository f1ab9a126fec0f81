//! Service accounts and namespaces that are not among the files.

use std::collections::HashMap;

use rolecall_diagnostics::{Severity, did_you_mean};
use rolecall_model::Subject;
use rolecall_reference::subject::effective_namespace;

use super::{Lint, grants::Policy, report::Report};

/// Only where files bring any ServiceAccounts (of this namespace) or Namespaces is one missed.
pub(super) const LINT: Lint = Lint {
    name: "unknown-subject",
    summary: "a service account that is not among those of its namespace in the files",
    default: Some(Severity::Note),
    check,
};

fn check(policy: &Policy<'_>, report: &mut Report<'_>) {
    if !policy.is_complete {
        return;
    }
    let mut accounts: HashMap<&str, Vec<&str>> = HashMap::new();
    for &(namespace, name) in &sorted(policy.facts.service_accounts.iter().copied()) {
        accounts.entry(namespace).or_default().push(name);
    }
    let namespaces = sorted(policy.facts.namespaces.iter().copied());
    let mut near_misses: HashMap<&str, Option<&str>> = HashMap::new();
    for binding in policy.written_bindings().filter(|binding| !policy.is_default_binding(binding)) {
        for (index, subject) in binding.subjects.iter().enumerate() {
            let Subject::ServiceAccount { namespace, name } = subject else { continue };
            let namespace = effective_namespace(namespace, binding.namespace.as_ref());
            let name = name.as_str();
            // Every namespace has this one of itself, and these namespaces the controllers of a cluster.
            if name == "default" || namespace.is_empty() || ALWAYS_THERE.contains(&namespace) {
                continue;
            }
            match accounts.get(namespace) {
                Some(known) if known.binary_search(&name).is_ok() => {}
                Some(known) => {
                    let meant = did_you_mean(name, known.iter().copied());
                    report.subject(
                        (binding, index),
                        format!("the files bring service accounts of namespace {namespace}, but no {name}"),
                        meant.map_or("not among them".to_owned(), |meant| format!("did you mean `{meant}`?")),
                        "",
                    );
                }
                None if policy.facts.namespaces.contains(namespace) => {}
                None => {
                    // A namespace that is not known at all may be another file's; a near miss is a typo.
                    // Many bindings miss the same one, and comparing with all is only worth it for so many.
                    if near_misses.len() < NEAR_MISSES && !near_misses.contains_key(namespace) {
                        near_misses.insert(namespace, did_you_mean(namespace, namespaces.iter().copied()));
                    }
                    if let Some(meant) = near_misses.get(namespace).copied().flatten() {
                        report.subject(
                            (binding, index),
                            format!("the files bring no namespace {namespace}"),
                            format!("did you mean namespace `{meant}`?"),
                            "",
                        );
                    }
                }
            }
        }
    }
}

const NEAR_MISSES: usize = 1_000;

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<_> = items.collect();
    items.sort();
    items
}

const ALWAYS_THERE: [&str; 4] = ["kube-node-lease", "kube-public", "kube-system", "default"];
