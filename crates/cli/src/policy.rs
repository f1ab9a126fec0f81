//! The policy that a command asks: flags, loading, and what is said about it.

use std::{
    fmt::Write,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use rolecall::{
    Engine, Modes, PolicySet,
    diagnostics::{Finding, Severity},
    files::Inputs,
    kubernetes::load::{DefaultRoles, Load, LoadOptions, Validate},
};

use crate::{exit::Failure, progress, terminal::Terminal};

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
    /// What happens to objects that an API server would refuse, and to unknown and duplicate fields (default:
    /// warn; for check: strict).
    #[arg(long, value_name = "LEVEL")]
    pub(crate) validate: Option<ValidateLevel>,

    /// Whether Kubernetes' own roles and bindings are added.
    #[arg(long, value_name = "WHICH", default_value = "auto")]
    pub(crate) default_roles: WhichDefaults,

    /// The namespace of namespaced objects in the files that name none.
    #[arg(long, value_name = "NAMESPACE", default_value = "default")]
    pub(crate) manifest_namespace: String,

    /// The authorizers to ask, in this order: RBAC, ABAC, `AlwaysAllow`, `AlwaysDeny`; if not given, whatever
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
        progress::watched("compiling the policy", || rolecall::compile(&policies))
            .map_err(|error| Failure::message(error.to_string()))
    }

    /// Whether the policy comes from standard input.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.filename.iter().any(|path| path == Path::new("-"))
    }
}

impl PolicyOptions {
    /// Reads all paths; whatever cannot be read is a finding.
    pub(crate) fn load(&self, paths: &[PathBuf], validate: Validate) -> Load {
        // Nothing is drawn where somebody is typing the policy.
        if paths.iter().any(|path| path == Path::new("-")) && io::stdin().is_terminal() {
            return self.read(paths, validate);
        }
        progress::watched("reading the policy", || self.read(paths, validate))
    }

    /// Whether nothing but decoding is to be looked at.
    pub(crate) fn ignores(&self) -> bool {
        matches!(self.validate, Some(ValidateLevel::Ignore))
    }

    fn read(&self, paths: &[PathBuf], validate: Validate) -> Load {
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

/// How many findings are errors.
pub(crate) fn errors(findings: &[Finding]) -> usize {
    findings.iter().filter(|finding| finding.severity == Severity::Error).count()
}

/// `1 error`, `2 errors`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The first names, and how many more there are.
pub(crate) fn listed(names: &[String]) -> String {
    let mut text = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > NAMED {
        // Writing to a `String` cannot fail.
        let _ = write!(text, " and {} more", names.len() - NAMED);
    }
    text
}
