//! Lints and levels over what was loaded.

use clap::Args;
use rolecall::{
    diagnostics::{Finding, Severity},
    kubernetes::{default_roles, load::Load, resource_types::ResourceTypes},
};
use rolecall_analysis::lints::{self, Allowances, Facts, KnownType, Level, Levels};

use crate::{codes, configuration, exit::Failure};

/// What becomes of which findings.
#[derive(Args, Debug)]
pub(super) struct LevelArguments {
    /// Say nothing of findings of this name, or, for `lints`, of any lint; repeatable.
    #[arg(long, value_name = "NAME")]
    allow: Vec<String>,

    /// Make findings of this name warnings, or, for `lints`, those of every lint; repeatable.
    #[arg(long, value_name = "NAME")]
    warn: Vec<String>,

    /// Make findings of this name errors, or, for `lints`, those of every lint; `warnings`: fail on any
    /// warning; repeatable.
    #[arg(long, value_name = "NAME")]
    deny: Vec<String>,

    /// The file that sets levels; if not given, the nearest rolecall.toml in the current directory or above
    /// it.
    #[arg(long, value_name = "PATH")]
    config: Option<std::path::PathBuf>,
}

impl LevelArguments {
    /// Whether a warning is a failure.
    pub(super) fn denies_warnings(&self) -> bool {
        self.deny.iter().any(|name| name == WARNINGS)
    }

    /// The levels of the file with those of the command line over them; of several for one name the
    /// strictest.
    pub(super) fn levels(&self) -> Result<Levels, Failure> {
        let mut levels = configuration::levels(self.config.as_deref())?;
        let chosen = [(Level::Allow, &self.allow), (Level::Warn, &self.warn), (Level::Deny, &self.deny)];
        for (level, names) in chosen {
            for name in names {
                if level == Level::Deny && name == WARNINGS {
                    continue;
                }
                if name != Levels::LINTS && codes::find(name).is_err() {
                    return Err(Failure::message(codes::unknown(name, [Levels::LINTS, WARNINGS])));
                }
                levels.set(name, level);
            }
        }
        Ok(levels)
    }
}

const WARNINGS: &str = "warnings";

/// Adds what lints find, takes away what is meant to be as it is, and settles how bad the rest is.
///
/// Where a file has an error, lints look at the objects that have none. What they find stands behind what the loader
/// found: the errors are what has to be seen to first.
pub(super) fn complete(load: &mut Load, levels: &Levels) {
    let known: Vec<_> = codes::ALL.iter().map(|code| code.name).collect();
    let written = load.allowances.iter().map(|one| (one.object, one.place, one.text.as_str()));
    let allowances = Allowances::read(&load.sources, written, &known);
    allowances.apply(&mut load.findings, &load.sources);
    levels.settle(&mut load.findings);
    let mut found = match (&load.policies, &load.incomplete) {
        (Some(policies), _) => lints::check(policies, &facts(load), levels),
        (None, Some(policies)) => lints::check_incomplete(policies, &facts(load), levels),
        (None, None) => Vec::new(),
    };
    allowances.apply(&mut found, &load.sources);
    if load.policies.is_some() {
        found.extend(allowances.findings(levels, true));
        merge(&mut load.findings, found);
    } else {
        merge(&mut load.findings, allowances.findings(levels, false));
        load.findings.extend(found);
    }
}

/// What is known beside the policy.
fn facts(load: &Load) -> Facts<'_> {
    let built_in = ResourceTypes::built_in().iter().count();
    let types = load.resource_types.iter().enumerate().map(|(number, known)| KnownType {
        group: &known.group,
        plural: &known.plural,
        singular: &known.singular,
        built_in: number < built_in,
    });
    let name = |namespace: Option<String>| namespace.unwrap_or_default();
    let roles = default_roles::roles().into_iter().map(|role| {
        (role.kind(), name(role.namespace.as_ref().map(ToString::to_string)), role.name.to_string())
    });
    let bindings = default_roles::bindings().into_iter().map(|binding| {
        (binding.kind(), name(binding.namespace.as_ref().map(ToString::to_string)), binding.name.to_string())
    });
    Facts::new()
        .types(types)
        .namespaces(load.namespaces.iter().map(String::as_str))
        .service_accounts(load.service_accounts.iter().map(|(one, other)| (one.as_str(), other.as_str())))
        .defaults(roles.chain(bindings))
        .places(&load.places)
}

/// Puts findings among others, by their places; those without one stay behind the one before them.
fn merge(findings: &mut Vec<Finding>, others: Vec<Finding>) {
    let mut place = None;
    let mut placed: Vec<_> = findings
        .drain(..)
        .map(|finding| {
            place = place_of(&finding).or(place);
            (place, finding)
        })
        .collect();
    placed.extend(others.into_iter().map(|finding| (place_of(&finding), finding)));
    placed.sort_by_key(|(place, _)| *place);
    findings.extend(placed.into_iter().map(|(_, finding)| finding));
}

fn place_of(finding: &Finding) -> Option<(rolecall::source::SourceId, usize)> {
    finding.span().map(|span| (span.source(), span.start()))
}

/// How many findings have a severity.
pub(super) fn count_of(findings: &[Finding], severity: Severity) -> usize {
    findings.iter().filter(|found| found.severity == severity).count()
}
