//! `rolecall can-i`: `kubectl auth can-i` without a cluster.
//!
//! Source: `spec/authorization/kubectl.md` section 2. Arguments are judged in kubectl's order, so that the
//! same mistake gets the same message.

use clap::Args;
use rolecall::{Engine, Request, kubernetes::resource_types::ResourceTypes};

use crate::{
    command::rules,
    defaults_used::DefaultsUsed,
    exit::{ExitStatus, Failure},
    identity::IdentityArguments,
    invocation,
    policy::PolicyArguments,
    terminal::Terminal,
};

const RESOURCE_VERBS: [&str; 16] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "impersonate",
    "*",
    "approve",
    "sign",
    "escalate",
    "attest",
];
const PATH_VERBS: [&str; 8] = ["get", "put", "post", "head", "options", "delete", "patch", "*"];

/// Ask whether a user may do something, with kubectl's flags, words and exit codes.
///
/// TYPE is a resource type (pods, deploy, deployments.apps), NAME one object of it, PATH a URL path that
/// is no resource (/healthz). The answer is `yes` (exit code 0) or `no` (1).
#[derive(Args, Debug)]
#[command(
    override_usage = invocation::line("can-i VERB TYPE[/NAME] | VERB PATH | --list  --as USER -f PATH... [OPTIONS]"),
    after_help = "Exit codes: 0 yes; 1 no, or it could not be answered (as kubectl)."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of kubectl's")]
pub(crate) struct Arguments {
    /// A verb, and a resource type, an object or a path.
    #[arg(value_name = "VERB TYPE[/NAME] | VERB PATH")]
    question: Vec<String>,

    #[command(flatten)]
    policy: PolicyArguments,

    #[command(flatten)]
    identity: IdentityArguments,

    /// The namespace that is asked about; `default` if not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,

    /// Ask about all namespaces at once.
    #[arg(short = 'A', long)]
    all_namespaces: bool,

    /// The subresource: log, scale.
    #[arg(long, value_name = "SUBRESOURCE", default_value = "", hide_default_value = true)]
    subresource: String,

    /// Print nothing; the exit code answers.
    #[arg(short, long)]
    quiet: bool,

    /// List everything that the user may do in the namespace.
    #[arg(long)]
    list: bool,

    /// Leave the column heads of --list out.
    #[arg(long)]
    no_headers: bool,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    if arguments.list {
        return list(arguments, terminal);
    }
    let [verb, what] = arguments.question.as_slice() else {
        return Err(Failure::message(format!(
            "you must specify two arguments: verb resource or verb resource/resourceName.\n\
             See '{}' for help and examples.",
            invocation::line("can-i -h")
        )));
    };
    let identity = arguments.identity.required()?;
    let engine = arguments.policy.open(terminal)?;
    let asked = if what.starts_with('/') {
        Asked::Path(what)
    } else {
        Asked::resource(what, engine.policies().resource_types(), terminal)
    };
    asked.check(verb, arguments, terminal)?;
    if arguments.no_headers {
        return Err(Failure::message("--no-headers cannot be set without --list specified"));
    }
    let groups = identity.group_names();
    let request = asked.request(verb, arguments).user(&identity.user).groups(&groups);
    answer(&request, &engine, arguments.quiet, terminal)
}

fn list(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    if !arguments.question.is_empty() {
        return Err(Failure::message("list option must be specified with no arguments"));
    }
    if arguments.quiet || arguments.all_namespaces || !arguments.subresource.is_empty() {
        return Err(Failure::message(
            "list option can't be specified with neither quiet, all-namespaces nor subresource options",
        ));
    }
    let identity = arguments.identity.required()?;
    let engine = arguments.policy.open(terminal)?;
    let status = rules::status(&engine, &identity, namespace(arguments.namespace.as_deref()), terminal);
    rules::print_table(&status, !arguments.no_headers, terminal)?;
    Ok(ExitStatus::Yes)
}

fn answer(
    request: &Request<'_>,
    engine: &Engine,
    quiet: bool,
    terminal: &mut Terminal,
) -> Result<ExitStatus, Failure> {
    let determination = engine.determine(request);
    let status = rolecall::kubernetes::reason::review_status(engine.policies().model(), &determination);
    let mut defaults = DefaultsUsed::default();
    defaults.add(engine.policies(), &determination);
    defaults.report(terminal);
    if !quiet {
        let mut text = if status.allowed { "yes" } else { "no" }.to_owned();
        if !status.allowed {
            for more in [&status.reason, &status.evaluation_error] {
                if !more.is_empty() {
                    text.push_str(" - ");
                    text.push_str(more);
                }
            }
        }
        // Reasons of several authorizers stand in lines of their own.
        for line in text.split('\n') {
            terminal.answer(line)?;
        }
    }
    Ok(if status.allowed { ExitStatus::Yes } else { ExitStatus::No })
}

/// The namespace that is meant: an empty one is none, as for kubectl.
pub(crate) fn namespace(given: Option<&str>) -> &str {
    given.filter(|namespace| !namespace.is_empty()).unwrap_or("default")
}

/// What is asked about.
#[derive(Debug)]
enum Asked<'a> {
    Path(&'a str),
    Resource {
        group: String,
        resource: String,
        name: &'a str,
        /// Whether the resource is known to live outside of namespaces.
        cluster_scoped: bool,
    },
}

impl<'a> Asked<'a> {
    /// Splits `TYPE/NAME` and looks the type up; warns where there is no such type.
    fn resource(what: &'a str, types: &ResourceTypes, terminal: &Terminal) -> Self {
        let (word, name) = what.split_once('/').unwrap_or((what, ""));
        let as_typed =
            Self::Resource { group: String::new(), resource: word.to_owned(), name, cluster_scoped: false };
        if word == "*" {
            return as_typed;
        }
        let word = word.to_lowercase();
        if let Some(found) = types.resolve(&word) {
            return Self::Resource {
                group: found.group.clone(),
                resource: found.plural.clone(),
                name,
                cluster_scoped: !found.namespaced,
            };
        }
        let (resource, group) = word.split_once('.').unwrap_or((&word, ""));
        // What impersonation is granted on is not in any API.
        if group.is_empty() && !["users", "groups"].contains(&resource) {
            warn(terminal, &format!("the server doesn't have a resource type '{resource}'"));
        } else if !group.is_empty() {
            warn(
                terminal,
                &format!("the server doesn't have a resource type '{resource}' in group '{group}'"),
            );
        }
        as_typed
    }

    fn check(&self, verb: &str, arguments: &Arguments, terminal: &Terminal) -> Result<(), Failure> {
        match self {
            Self::Path(_) => {
                if !arguments.subresource.is_empty() {
                    return Err(Failure::message("--subresource can not be used with NonResourceURL"));
                }
                if !PATH_VERBS.contains(&verb) {
                    warn(terminal, &format!("verb '{verb}' is not a known verb"));
                }
            }
            Self::Resource { group, resource, cluster_scoped, .. } => {
                if arguments.all_namespaces || resource.is_empty() {
                    return Ok(());
                }
                if *cluster_scoped && group.is_empty() {
                    warn(terminal, &format!("resource '{resource}' is not namespace scoped"));
                } else if *cluster_scoped {
                    warn(
                        terminal,
                        &format!("resource '{resource}' is not namespace scoped in group '{group}'"),
                    );
                }
                if !RESOURCE_VERBS.contains(&verb) {
                    warn(terminal, &format!("verb '{verb}' is not a known verb"));
                }
            }
        }
        Ok(())
    }

    fn request(&'a self, verb: &'a str, arguments: &'a Arguments) -> Request<'a> {
        match self {
            Self::Path(path) => Request::path(verb, path),
            Self::Resource { group, resource, name, .. } => {
                let request = Request::resource(verb, resource)
                    .api_group(group)
                    .subresource(&arguments.subresource)
                    .name(name);
                if arguments.all_namespaces {
                    request
                } else {
                    request.namespace(namespace(arguments.namespace.as_deref()))
                }
            }
        }
    }
}

/// A warning with an empty line behind it: kubectl's messages end in a line end of their own.
fn warn(terminal: &Terminal, message: &str) {
    terminal.warning(message);
    Terminal::gap();
}
