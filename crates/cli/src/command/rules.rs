//! `rolecall rules`: everything that a user may do in a namespace.

use std::io::Write;

use clap::{Args, ValueEnum};
use rolecall::{
    Engine,
    diagnostics::print::{printable, printable_json},
    kubernetes::rules_review::{self, RulesStatus},
    model::ListedRule,
};
use serde::Serialize;
use serde_json::json;

use crate::{
    defaults_used::DefaultsUsed,
    exit::{ExitStatus, Failure},
    identity::{Identity, IdentityArguments},
    policy::PolicyArguments,
    question::namespace,
    table::table,
    terminal::Terminal,
    yaml,
};

/// List everything that a user may do in a namespace (a SelfSubjectRulesReview).
#[derive(Args, Debug)]
#[command(after_help = "Exit codes: 0 listed; 2 it could not be answered.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    policy: PolicyArguments,

    #[command(flatten)]
    identity: IdentityArguments,

    /// The namespace that is asked about; `default` if not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,

    /// How to print: kubectl's table, or the review with its status filled.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Json,
    Table,
    Yaml,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    let identity = arguments.identity.required()?;
    let engine = arguments.policy.open(terminal)?;
    let status = status(&engine, &identity, namespace(arguments.namespace.as_deref()), terminal);
    match arguments.output {
        Format::Json => {
            let json = to_json(&review(&status))?;
            writeln!(terminal.answers(), "{}", printable_json(&json))?;
        }
        Format::Table => print_table(&status, true, terminal)?,
        Format::Yaml => terminal.answers().write_all(yaml::to_yaml(&review(&status)).as_bytes())?,
    }
    Ok(ExitStatus::Yes)
}

/// The listing; says when it may be incomplete, and which of Kubernetes' own roles are in it.
pub(crate) fn status(
    engine: &Engine,
    identity: &Identity,
    namespace: &str,
    terminal: &Terminal,
) -> RulesStatus {
    let listing = engine.rules_for(&identity.user, &identity.group_names(), namespace);
    let status = rules_review::rules_status(engine.policies().model(), &listing);
    let mut defaults = DefaultsUsed::default();
    for rule in &listing.rules {
        if let ListedRule::Role { role, rule } = rule {
            defaults.add_rule(engine.policies(), *role, *rule);
        }
    }
    defaults.report(terminal);
    if status.incomplete {
        terminal.warning(&format!("the list may be incomplete: {}", status.evaluation_error));
    }
    status
}

/// kubectl's table of a listing.
pub(crate) fn print_table(
    status: &RulesStatus,
    headers: bool,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let mut rows = Vec::new();
    if headers {
        rows.push(["Resources", "Non-Resource URLs", "Resource Names", "Verbs"].map(str::to_owned));
    }
    for row in rules_review::list_rows(status) {
        let cells = [row.resources, row.non_resource_urls, row.resource_names, row.verbs];
        rows.push(cells.map(|cell| printable(&cell).into_owned()));
    }
    terminal.answers().write_all(table(&rows).as_bytes())?;
    Ok(())
}

/// The review as an API server returns it: without what was asked.
fn review(status: &RulesStatus) -> serde_json::Value {
    json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "metadata": {},
        "spec": {},
        "status": status,
    })
}

/// JSON in kubectl's layout.
pub(crate) fn to_json(value: &impl Serialize) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let layout = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    value
        .serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, layout))
        .map_err(|error| Failure::message(format!("cannot write JSON: {error}")))?;
    String::from_utf8(bytes).map_err(|error| Failure::message(format!("cannot write JSON: {error}")))
}
