//! The policy that a command asks: flags, loading, and what is said about it.

use std::{
    fmt::Write,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use rolecall::{
    CompileError, Engine, Modes, PolicySet,
    compiled::{CompiledFile, CompiledPolicy, FileError},
    diagnostics::{Finding, Severity},
    files::Inputs,
    kubernetes::load::{DefaultRoles, Load, LoadOptions, Validate},
};

use crate::{
    compiled::{self, Found, OpenArguments, Stream},
    exit::Failure,
    invocation, progress,
    terminal::Terminal,
};

/// How many names are listed before the rest is only counted.
const NAMED: usize = 10;

/// Files of a policy.
#[derive(Args, Clone, Debug)]
pub(crate) struct PolicyArguments {
    /// Kubernetes manifests (YAML or JSON), ABAC policy files, directories of them (.yaml .yml .json
    /// .jsonl), or - for standard input; repeatable. Or one compiled policy.
    #[arg(short, long = "filename", value_name = "PATH", num_args = 1)]
    pub(crate) filename: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) compiled: OpenArguments,

    #[command(flatten)]
    pub(crate) options: PolicyOptions,
}

/// How tables are made of a policy.
type Compile = fn(&PolicySet) -> Result<Engine, CompileError>;

/// A policy that was opened.
pub(crate) enum Opened {
    /// With everything that explains.
    Whole(Box<Engine>),
    /// Compiled and stripped: it decides, and no more.
    Stripped(Box<CompiledPolicy>),
}

/// How a policy is read.
#[derive(Args, Clone, Debug)]
pub(crate) struct PolicyOptions {
    /// What happens to objects that an API server would refuse, and to unknown and duplicate fields (default:
    /// warn; for check: strict).
    #[arg(long, value_name = "LEVEL")]
    pub(crate) validate: Option<ValidateLevel>,

    /// Whether Kubernetes' own roles and bindings are added (default: auto).
    #[arg(long, value_name = "WHICH")]
    pub(crate) default_roles: Option<WhichDefaults>,

    /// The namespace of namespaced objects in the files that name none (default: default).
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) manifest_namespace: Option<String>,

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
    /// Opens the policy with everything that explains; says what was found in it that matters for an answer.
    pub(crate) fn open(&self, terminal: &Terminal) -> Result<Engine, Failure> {
        self.open_whole(rolecall::compile, terminal)
    }

    /// The same, with tables that come out the same each time.
    pub(crate) fn open_reproducibly(&self, terminal: &Terminal) -> Result<Engine, Failure> {
        self.open_whole(rolecall::compiled::compile_reproducibly, terminal)
    }

    fn open_whole(&self, compile: Compile, terminal: &Terminal) -> Result<Engine, Failure> {
        match self.open_as(compile, terminal)?.0 {
            Opened::Whole(engine) => Ok(*engine),
            Opened::Stripped(_) => {
                let path = self.filename.first().map_or(Path::new("-"), PathBuf::as_path);
                Err(compiled::refused(&FileError::Stripped, path, terminal))
            }
        }
    }

    /// Opens the policy, with what explains if that was not left out.
    pub(crate) fn open_any(&self, terminal: &Terminal) -> Result<Opened, Failure> {
        Ok(self.open_with_file(terminal)?.0)
    }

    /// The same, with the file if it is a compiled policy.
    pub(crate) fn open_with_file(
        &self,
        terminal: &Terminal,
    ) -> Result<(Opened, Option<CompiledFile>), Failure> {
        self.open_as(rolecall::compile, terminal)
    }

    fn open_as(
        &self,
        compile: Compile,
        terminal: &Terminal,
    ) -> Result<(Opened, Option<CompiledFile>), Failure> {
        let (compiled, stream) = self.open_compiled(terminal)?;
        let Some(compiled) = compiled else {
            return Ok((Opened::Whole(Box::new(self.load(stream, compile, terminal)?)), None));
        };
        let file = compiled.file().clone();
        if !file.has_model() {
            return Ok((Opened::Stripped(Box::new(compiled)), Some(file)));
        }
        let path = self.filename.first().map_or(Path::new("-"), PathBuf::as_path);
        let engine = progress::watched("reading the policy", || compiled.engine());
        let engine = engine.map_err(|error| compiled::refused(&error, path, terminal))?;
        Ok((Opened::Whole(Box::new(engine)), Some(file)))
    }

    /// Opens the policy if it is a compiled one. If it is none and comes in through a pipe that cannot be opened
    /// again, that is given back.
    fn open_compiled(
        &self,
        terminal: &Terminal,
    ) -> Result<(Option<CompiledPolicy>, Option<Stream>), Failure> {
        if self.filename.is_empty() {
            return Err(Failure::message(
                "no policy to ask: name its files or directories with -f (- for standard input)",
            ));
        }
        let compiled = match compiled::find(&self.filename) {
            Found::File(path) => self.compiled.open(&path, terminal)?,
            Found::Stream(path, stream) => self.compiled.read(&path, stream, terminal)?,
            Found::Other(stream) => {
                self.compiled.check_others(&self.filename, terminal)?;
                return Ok((None, stream));
            }
        };
        match self.options.settled_by_compiling() {
            None => Ok((Some(compiled), None)),
            Some(flag) => Err(Failure::message(format!(
                "{flag} has no effect on a compiled policy: give it to '{}'",
                invocation::line("compile")
            ))),
        }
    }

    /// Loads and compiles the policy.
    fn load(&self, stream: Option<Stream>, compile: Compile, terminal: &Terminal) -> Result<Engine, Failure> {
        let load = self.options.load_with(&self.filename, stream, Validate::Warn);
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
        progress::watched("compiling the policy", || compile(&policies))
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
        self.load_with(paths, None, validate)
    }

    /// The same, where one of the paths is open already.
    fn load_with(&self, paths: &[PathBuf], stream: Option<Stream>, validate: Validate) -> Load {
        // Nothing is drawn where somebody is typing the policy.
        if paths.iter().any(|path| path == Path::new("-")) && io::stdin().is_terminal() {
            return self.read(paths, stream, validate);
        }
        progress::watched("reading the policy", || self.read(paths, stream, validate))
    }

    /// A flag that was given and that says how a policy is read, which compiling has settled.
    fn settled_by_compiling(&self) -> Option<&'static str> {
        let given = [
            (self.authorization_mode.is_some(), "--authorization-mode"),
            (self.default_roles.is_some(), "--default-roles"),
            (self.manifest_namespace.is_some(), "--manifest-namespace"),
            (self.validate.is_some(), "--validate"),
        ];
        given.into_iter().find_map(|(given, flag)| given.then_some(flag))
    }

    /// Whether nothing but decoding is to be looked at.
    pub(crate) fn ignores(&self) -> bool {
        matches!(self.validate, Some(ValidateLevel::Ignore))
    }

    fn read(&self, paths: &[PathBuf], mut stream: Option<Stream>, validate: Validate) -> Load {
        let options = LoadOptions {
            validate: self.validate.map_or(validate, |level| match level {
                ValidateLevel::Ignore => Validate::Ignore,
                ValidateLevel::Strict => Validate::Strict,
                ValidateLevel::Warn => Validate::Warn,
            }),
            default_roles: match self.default_roles {
                Some(WhichDefaults::All) => DefaultRoles::All,
                Some(WhichDefaults::Auto) | None => DefaultRoles::Auto,
                Some(WhichDefaults::None) => DefaultRoles::None,
            },
            manifest_namespace: self.manifest_namespace.clone(),
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
            } else if let Some((path, stream)) = stream.take_if(|(open, _)| open == path) {
                inputs.add_reader(&path.to_string_lossy(), stream, &options.limits)
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
