//! What is asked: a verb and a type, an object or a path, as kubectl's `can-i` reads them.
//!
//! Source: `spec/authorization/kubectl.md` section 2.

use clap::Args;
use rolecall::{Request, kubernetes::resource_types::ResourceTypes};

use crate::{
    exit::Failure, identity::IdentityArguments, invocation, policy::PolicyArguments, terminal::Terminal,
};

/// What is asked, of which policy, and who asks.
#[derive(Args, Debug)]
pub(crate) struct QuestionArguments {
    /// A verb, and a resource type, an object or a path.
    #[arg(value_name = "VERB TYPE[/NAME] | VERB PATH")]
    pub(crate) question: Vec<String>,

    #[command(flatten)]
    pub(crate) policy: PolicyArguments,

    #[command(flatten)]
    pub(crate) identity: IdentityArguments,

    /// The namespace that is asked about; `default` if not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,

    /// Ask about all namespaces at once.
    #[arg(short = 'A', long)]
    pub(crate) all_namespaces: bool,

    /// The subresource: log, scale.
    #[arg(long, value_name = "SUBRESOURCE", default_value = "", hide_default_value = true)]
    pub(crate) subresource: String,
}

impl QuestionArguments {
    /// The verb, and what it is about.
    pub(crate) fn words(&self, command: &str) -> Result<&[String; 2], Failure> {
        self.question.as_slice().try_into().map_err(|_| {
            Failure::message(format!(
                "you must specify two arguments: verb resource or verb resource/resourceName.\n\
                 See '{}' for help and examples.",
                invocation::line(&format!("{command} -h"))
            ))
        })
    }
}

/// The namespace that is meant: an empty one is none, as for kubectl.
pub(crate) fn namespace(given: Option<&str>) -> &str {
    given.filter(|namespace| !namespace.is_empty()).unwrap_or("default")
}

/// What is asked about.
#[derive(Debug)]
pub(crate) enum Asked<'a> {
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
    /// A path or a resource.
    pub(crate) fn of(what: &'a str, types: &ResourceTypes, terminal: &Terminal) -> Self {
        if what.starts_with('/') { Self::Path(what) } else { Self::resource(what, types, terminal) }
    }

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

    /// Says what kubectl says of a question that makes little sense.
    pub(crate) fn check(
        &self,
        verb: &str,
        arguments: &QuestionArguments,
        terminal: &Terminal,
    ) -> Result<(), Failure> {
        self.check_target(arguments)?;
        match self {
            Self::Path(_) => {
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

    /// Refuses what no request can be.
    pub(crate) fn check_target(&self, arguments: &QuestionArguments) -> Result<(), Failure> {
        if matches!(self, Self::Path(_)) && !arguments.subresource.is_empty() {
            return Err(Failure::message("--subresource can not be used with NonResourceURL"));
        }
        Ok(())
    }

    /// The request, without who asks.
    pub(crate) fn request(&'a self, verb: &'a str, arguments: &'a QuestionArguments) -> Request<'a> {
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

impl<'a> Asked<'a> {
    /// The request that an API server makes of a call: kubectl asks for what lives outside of namespaces in one
    /// all the same, and is then told of grants that do not count there.
    ///
    /// Source: `spec/authorization/attributes.md` section 2, step 7: a namespace's name is also where it is.
    pub(crate) fn request_of_api(&'a self, verb: &'a str, arguments: &'a QuestionArguments) -> Request<'a> {
        let request = self.request(verb, arguments);
        match self {
            Self::Resource { group, resource, name, cluster_scoped: true } => {
                let is_namespace = group.is_empty() && resource == "namespaces";
                request.namespace(if is_namespace { name } else { "" })
            }
            _ => request,
        }
    }
}

/// A warning with an empty line behind it: kubectl's messages end in a line end of their own.
fn warn(terminal: &Terminal, message: &str) {
    terminal.warning(message);
    Terminal::gap();
}

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
