//! The policy that a command asks: flags, loading, and what is said about it.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use rolecall::{
    Determination, Engine, Grant, Modes, PolicySet,
    diagnostics::{Finding, Severity},
    files::Inputs,
    kubernetes::load::{DefaultRoles, Load, LoadOptions, Validate},
    model::Origin,
};

use crate::{exit::Failure, terminal::Terminal};

/// How many names are listed before the rest is only counted.
const NAMED: usize = 10;

/// Files of a policy.
#[derive(Args, Debug)]
pub(crate) struct PolicyArguments {
    /// Kubernetes manifests (YAML or JSON), ABAC policy files, directories of them (.yaml .yml .json
    /// .jsonl), or - for standard input; repeatable.
    #[arg(short, long = "filename", value_name = "PATH", num_args = 1)]
    pub(crate) filename: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) options: PolicyOptions,
}

/// How a policy is read.
#[derive(Args, Debug)]
pub(crate) struct PolicyOptions {
    /// What happens to objects that an API server would refuse, and to unknown and duplicate fields.
    #[arg(long, value_name = "LEVEL")]
    pub(crate) validate: Option<ValidateLevel>,

    /// Whether Kubernetes' own roles and bindings are added.
    #[arg(long, value_name = "WHICH", default_value = "auto")]
    pub(crate) default_roles: WhichDefaults,

    /// The namespace of namespaced objects in the files that name none.
    #[arg(long, value_name = "NAMESPACE", default_value = "default")]
    pub(crate) manifest_namespace: String,

    /// The authorizers to ask, in this order: RBAC, ABAC, AlwaysAllow, AlwaysDeny; if not given, whatever
    /// was loaded, RBAC before ABAC.
    #[arg(long, value_name = "LIST")]
    pub(crate) authorization_mode: Option<Modes>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ValidateLevel {
    /// Each is an error, and nothing is loaded.
    Strict,
    /// Refused objects are left out, since they cannot exist in a cluster; each is warned about.
    Warn,
    /// Everything is taken as Kubernetes' decoder reads it.
    Ignore,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum WhichDefaults {
    /// All that no file brings, unless the files come from a live API server.
    Auto,
    /// All that no file brings.
    All,
    /// None.
    None,
}

impl PolicyArguments {
    /// Loads and compiles the policy; says what was found in it that matters for an answer.
    pub(crate) fn open(&self, terminal: &Terminal) -> Result<Engine, Failure> {
        if self.filename.is_empty() {
            return Err(Failure::message(
                "no policy to ask: name its files or directories with -f (- for standard input)",
            ));
        }
        let load = self.options.load(&self.filename, Validate::Warn);
        let worth_saying: Vec<_> =
            load.findings.iter().filter(|finding| finding.severity > Severity::Note).cloned().collect();
        terminal.findings(&worth_saying, &load.sources);
        if load.policies.is_none() {
            terminal.error(&format!(
                "the policy could not be loaded: {}",
                count(errors(&load.findings), "error", "errors")
            ));
            return Err(Failure::Reported);
        }
        if !load.left_out.is_empty() {
            terminal.note(&format!(
                "left out, since an API server would refuse to store it: {}",
                listed(&load.left_out)
            ));
        }
        let policies = PolicySet::try_from(load).map_err(|refused| Failure::message(refused.to_string()))?;
        rolecall::compile(&policies).map_err(|error| Failure::message(error.to_string()))
    }

    /// Whether the policy comes from standard input.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.filename.iter().any(|path| path == Path::new("-"))
    }
}

impl PolicyOptions {
    /// Reads all paths; whatever cannot be read is a finding.
    pub(crate) fn load(&self, paths: &[PathBuf], validate: Validate) -> Load {
        let options = LoadOptions {
            validate: self.validate.map_or(validate, |level| match level {
                ValidateLevel::Ignore => Validate::Ignore,
                ValidateLevel::Strict => Validate::Strict,
                ValidateLevel::Warn => Validate::Warn,
            }),
            default_roles: match self.default_roles {
                WhichDefaults::All => DefaultRoles::All,
                WhichDefaults::Auto => DefaultRoles::Auto,
                WhichDefaults::None => DefaultRoles::None,
            },
            manifest_namespace: Some(self.manifest_namespace.clone()),
            modes: self.authorization_mode.clone(),
            ..LoadOptions::default()
        };
        let mut inputs = Inputs::new();
        let mut stdin_is_read = false;
        for path in paths {
            let outcome = if path == Path::new("-") {
                if std::mem::replace(&mut stdin_is_read, true) {
                    continue;
                }
                inputs.add_reader("-", io::stdin().lock(), &options.limits)
            } else {
                inputs.add_path(path)
            };
            if let Err(error) = outcome {
                inputs.add_finding(error.to_finding());
            }
        }
        inputs.load(options)
    }
}

/// The default roles and bindings that answers rested on.
#[derive(Debug, Default)]
pub(crate) struct DefaultsUsed {
    objects: BTreeSet<String>,
}

impl DefaultsUsed {
    /// Takes note of what allowed a request.
    pub(crate) fn add(&mut self, policies: &PolicySet, determination: &Determination) {
        if let Determination::Allow(Grant::Role { binding, role, rule, .. }) = determination {
            let model = policies.model();
            if let Some(binding) = model.binding(*binding)
                && binding.origin == Origin::BuiltIn
            {
                let kind = binding.kind();
                let namespace = binding.namespace.as_ref().map(rolecall::model::Namespace::as_str);
                self.objects.insert(object(kind, namespace, binding.name.as_str()));
            }
            self.add_rule(policies, *role, *rule);
        }
    }

    /// Takes note of a rule that a listing shows.
    pub(crate) fn add_rule(&mut self, policies: &PolicySet, role: rolecall::model::RoleIndex, rule: usize) {
        let Some(role) = policies.model().role(role) else { return };
        let name = object(
            role.kind(),
            role.namespace.as_ref().map(rolecall::model::Namespace::as_str),
            role.name.as_str(),
        );
        if role.origin == Origin::BuiltIn {
            self.objects.insert(name);
        } else if role.rules.get(rule).is_some_and(|rule| rule.origin == Origin::BuiltIn) {
            self.objects.insert(format!("a rule that {name} aggregates"));
        }
    }

    /// Names them, if there are any.
    pub(crate) fn report(self, terminal: &Terminal) {
        let objects: Vec<_> = self.objects.into_iter().collect();
        let (verb, pronoun) = if objects.len() == 1 { ("is", "it") } else { ("are", "them") };
        if !objects.is_empty() {
            terminal.note(&format!(
                "{} {verb} Kubernetes v1.36's own; no file defines {pronoun} (--default-roles=none leaves {pronoun} out)",
                listed(&objects)
            ));
        }
    }
}

/// How many findings are errors.
pub(crate) fn errors(findings: &[Finding]) -> usize {
    findings.iter().filter(|finding| finding.severity == Severity::Error).count()
}

/// `1 error`, `2 errors`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// An object as kubectl names it.
fn object(kind: &str, namespace: Option<&str>, name: &str) -> String {
    match namespace {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}

/// The first names, and how many more there are.
fn listed(names: &[String]) -> String {
    let mut text = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > NAMED {
        text.push_str(&format!(" and {} more", names.len() - NAMED));
    }
    text
}
