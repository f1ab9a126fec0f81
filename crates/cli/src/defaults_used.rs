//! Which of Kubernetes' own roles an answer rests on.

use std::collections::BTreeSet;

use rolecall::{
    Determination, Grant, PolicySet,
    model::{Namespace, Origin, RoleIndex},
};

use crate::{policy::listed, terminal::Terminal};

/// The default roles and bindings that answers rested on.
#[derive(Debug, Default)]
pub(crate) struct DefaultsUsed {
    objects: BTreeSet<String>,
}

impl DefaultsUsed {
    /// Takes note of what allowed a request.
    pub(crate) fn add(&mut self, policies: &PolicySet, determination: &Determination) {
        if let Determination::Allow(grant) = determination {
            self.add_grant(policies, grant);
        }
    }

    /// Takes note of what others took note of.
    pub(crate) fn add_all(&mut self, others: Self) {
        self.objects.extend(others.objects);
    }

    /// Takes note of a grant.
    pub(crate) fn add_grant(&mut self, policies: &PolicySet, grant: &Grant) {
        if let Grant::Role { binding, role, rule, .. } = grant {
            let model = policies.model();
            if let Some(binding) = model.binding(*binding)
                && binding.origin == Origin::BuiltIn
            {
                let kind = binding.kind();
                let namespace = binding.namespace.as_ref().map(Namespace::as_str);
                self.objects.insert(object(kind, namespace, binding.name.as_str()));
            }
            self.add_rule(policies, *role, *rule);
        }
    }

    /// Takes note of a rule that a listing shows.
    pub(crate) fn add_rule(&mut self, policies: &PolicySet, role: RoleIndex, rule: usize) {
        let Some(role) = policies.model().role(role) else { return };
        let name = || object(role.kind(), role.namespace.as_ref().map(Namespace::as_str), role.name.as_str());
        if role.origin == Origin::BuiltIn {
            self.objects.insert(name());
        } else if role.rules.get(rule).is_some_and(|rule| rule.origin == Origin::BuiltIn) {
            self.objects.insert(format!("a rule that {} aggregates", name()));
        }
    }

    /// Names them, if there are any.
    pub(crate) fn report(self, terminal: &Terminal) {
        self.report_with("", terminal);
    }

    /// Names them, if there are any, with one more hint behind the first; says whether there were any.
    pub(crate) fn report_with(self, hint: &str, terminal: &Terminal) -> bool {
        let objects: Vec<_> = self.objects.into_iter().collect();
        let (verb, pronoun) = if objects.len() == 1 { ("is", "it") } else { ("are", "them") };
        if !objects.is_empty() {
            terminal.note(&format!(
                "{} {verb} Kubernetes v1.36's own; no file defines {pronoun} (--default-roles=none leaves {pronoun} out{hint})",
                listed(&objects)
            ));
        }
        !objects.is_empty()
    }
}

/// An object as kubectl names it.
fn object(kind: &str, namespace: Option<&str>, name: &str) -> String {
    match namespace {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}
