//! Where lints put what they find.

use rolecall_diagnostics::{Finding, Severity};
use rolecall_model::{Binding, Role, RuleList};

use super::Facts;

/// Takes the findings of one lint.
#[derive(Debug)]
pub(super) struct Report<'a> {
    name: &'static str,
    severity: Severity,
    facts: &'a Facts<'a>,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Report<'a> {
    pub(super) fn new(
        name: &'static str,
        severity: Severity,
        facts: &'a Facts<'a>,
        findings: &'a mut Vec<Finding>,
    ) -> Self {
        Self { name, severity, facts, findings }
    }

    /// Something about an entry of a rule, counted from 0; `label` stands under it.
    pub(super) fn entry(
        &mut self,
        (role, rule): (&Role, usize),
        (list, entry): (RuleList, usize),
        message: String,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let Some(found) = role.rules.get(rule) else { return };
        let place = self.facts.place(|places| places.rule_entry(found, list, entry), found.origin.span());
        let Some(place) = place else { return };
        self.push(
            Finding::new(self.name, self.severity, message)
                .at(place, label)
                .field(format!("rules[{rule}].{}[{entry}]", list.field()))
                .object(of_role(role)),
            help,
        );
    }

    /// Something about a rule as a whole, counted from 0.
    pub(super) fn rule(
        &mut self,
        (role, rule): (&Role, usize),
        message: String,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let Some(place) = role.rules.get(rule).and_then(|found| found.origin.span()) else { return };
        self.push(
            Finding::new(self.name, self.severity, message)
                .at(place, label)
                .field(format!("rules[{rule}]"))
                .object(of_role(role)),
            help,
        );
    }

    /// Something about a role as a whole.
    pub(super) fn role(
        &mut self,
        role: &Role,
        message: String,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let Some(place) = role.origin.span() else { return };
        self.push(
            Finding::new(self.name, self.severity, message).at(place, label).object(of_role(role)),
            help,
        );
    }

    /// Something about a subject of a binding, counted from 0.
    pub(super) fn subject(
        &mut self,
        (binding, subject): (&Binding, usize),
        message: String,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let place = self.facts.place(|places| places.subject(binding, subject), binding.origin.span());
        let Some(place) = place else { return };
        self.push(
            Finding::new(self.name, self.severity, message)
                .at(place, label)
                .field(format!("subjects[{subject}].name"))
                .object(of_binding(binding)),
            help,
        );
    }

    /// Something about the role that a binding gives.
    pub(super) fn role_reference(
        &mut self,
        binding: &Binding,
        message: String,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let place = self.facts.place(|places| places.role_reference(binding), binding.origin.span());
        let Some(place) = place else { return };
        self.push(
            Finding::new(self.name, self.severity, message)
                .at(place, label)
                .field("roleRef.name")
                .object(of_binding(binding)),
            help,
        );
    }

    /// Something about a place that belongs to no object of RBAC.
    pub(super) fn place(
        &mut self,
        place: rolecall_source::Span,
        message: String,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Finding::new(self.name, self.severity, message).at(place, label), help);
    }

    fn push(&mut self, finding: Finding, help: impl Into<String>) {
        let help = help.into();
        self.findings.push(if help.is_empty() { finding } else { finding.help(help) });
    }
}

/// The role as kubectl names it.
pub(super) fn of_role(role: &Role) -> String {
    named(role.kind(), role.namespace.as_ref().map(AsRef::as_ref), role.name.as_str())
}

/// The binding as kubectl names it.
pub(super) fn of_binding(binding: &Binding) -> String {
    named(binding.kind(), binding.namespace.as_ref().map(AsRef::as_ref), binding.name.as_str())
}

fn named(kind: &str, namespace: Option<&str>, name: &str) -> String {
    match namespace {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}
