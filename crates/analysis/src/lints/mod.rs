//! Lints: what is legal in a policy, and seldom meant, or more than it seems.
//!
//! A lint reads what is written. It decides no request and does not run when one is decided; where it says that
//! an entry matches nothing, or that somebody can do something, a test holds that to the reference.
//!
//! | idea | type |
//! | --- | --- |
//! | a lint: name, severity, what it looks at | [`Lint`], [`all`] |
//! | what is known beside the policy | [`Facts`] |
//! | how bad a finding is to its reader | [`Level`], [`Levels`] |
//! | what is meant to be as it is | [`Allowances`] |
//!
//! Adding one: a file here with its `LINT`, a line in [`all`], a page in `docs/lints/`.

mod allowance;
mod broad_subject;
mod covered_grant;
mod duplicate;
mod escalation;
mod facts;
mod grants;
mod level;
mod literal_star;
mod names_on_list;
mod power;
mod powerful_access;
mod prefix_in_word;
mod report;
#[cfg(test)]
mod tests;
mod unknown_resource;
mod unknown_subject;
mod unknown_verb;
mod unmatchable_names;
mod unused_role;
mod wildcards;

use rolecall_diagnostics::{Finding, Severity};
use rolecall_model::{IncompletePolicies, PolicySet};

use self::{grants::Policy, report::Report};

pub use allowance::{Allowances, SUPPRESSION_WITHOUT_REASON, UNKNOWN_SUPPRESSION, UNUSED_SUPPRESSION};
pub use facts::{Facts, KnownType};
pub use level::{Level, Levels};

/// One lint.
#[derive(Clone, Copy, Debug)]
pub struct Lint {
    /// Its one stable name: `wildcard-verbs`.
    pub name: &'static str,
    /// What it finds, in one line.
    pub summary: &'static str,
    /// The severity of its findings where nobody says otherwise; `None` if it is off then.
    pub default: Option<Severity>,
    check: fn(&Policy<'_>, &mut Report<'_>),
}

/// All lints, by name.
pub fn all() -> &'static [Lint] {
    const ALL: &[Lint] = &[
        broad_subject::LINT,
        covered_grant::LINT,
        duplicate::LINT,
        escalation::LINT,
        literal_star::LINT,
        names_on_list::LINT,
        prefix_in_word::LINT,
        powerful_access::SECRETS,
        unknown_resource::LINT,
        unknown_subject::LINT,
        unknown_verb::UNKNOWN,
        unmatchable_names::LINT,
        unused_role::LINT,
        unknown_verb::USELESS,
        wildcards::RESOURCES,
        wildcards::VERBS,
        powerful_access::WORKLOADS,
    ];
    ALL
}

/// What the lints find in a policy, in the order of the texts and of the lines in them.
///
/// Only what was read from a text is looked at: what is built in and what is made in code has no place to
/// point at. Cost: linear in the policy, but for comparisons of grants, which end at a limit.
pub fn check(policies: &PolicySet, facts: &Facts<'_>, levels: &Levels) -> Vec<Finding> {
    run(&Policy::new(policies, facts), levels)
}

/// What the lints find in what is left where something else has an error, likewise.
///
/// Only what is said of the objects that are there: nothing is said to be missing, to be of no use to anybody or to
/// be all that a role gathers, since the rest may stand in what could not be read.
pub fn check_incomplete(policies: &IncompletePolicies, facts: &Facts<'_>, levels: &Levels) -> Vec<Finding> {
    run(&Policy::incomplete(policies, facts), levels)
}

fn run(policy: &Policy<'_>, levels: &Levels) -> Vec<Finding> {
    let mut findings = Vec::new();
    for lint in all() {
        if let Some(severity) = levels.severity(lint.name, lint.default) {
            (lint.check)(policy, &mut Report::new(lint.name, severity, policy.facts, &mut findings));
        }
    }
    findings.sort_by_key(|finding| finding.span().map(|span| (span.source(), span.start())));
    findings
}
