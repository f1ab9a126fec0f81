//! `rolecall what-can`: everything that somebody can do.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

use clap::{Args, ValueEnum};
use rolecall::{
    PolicySet,
    diagnostics::print::{printable, printable_json},
};
use rolecall_analysis::{
    GrantScope, Holder,
    access_matrix::{Access, AccessMatrix, Given, Source},
    explain::GrantIndex,
};
use serde_json::{Map, Value, json};

use crate::{
    access::{self, ROW_HEAD},
    command::rules::to_json,
    csv,
    defaults_used::DefaultsUsed,
    exit::{ExitStatus, Failure},
    identity::Identity,
    invocation, objects,
    policy::{PolicyArguments, count},
    question::namespace,
    subject::SubjectArguments,
    table::table,
    terminal::Terminal,
    yaml,
};

/// List everything that a user, a group or a service account can do: verbs on resources, and where.
///
/// A row is left out where another says it as well. What Kubernetes gives to everybody by its own bindings is left
/// out (--all shows it). NAMESPACES `*` is everywhere, outside of namespaces too.
#[derive(Args, Debug)]
#[command(
    override_usage = invocation::line("what-can SUBJECT | --as USER  -f PATH... [OPTIONS]"),
    after_help = "Exit codes: 0 something is listed; 1 nothing is; 2 it could not be answered."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    subject: SubjectArguments,

    #[command(flatten)]
    policy: PolicyArguments,

    /// The namespace that is asked about; `default` if not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,

    /// Ask about every namespace.
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    all_namespaces: bool,

    /// A matrix for each role, or for each binding, instead of one of all.
    #[arg(long, value_name = "WHAT")]
    by: Option<By>,

    /// Show what Kubernetes gives to everybody as well.
    #[arg(long)]
    all: bool,

    /// How to print.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum By {
    Binding,
    Role,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Csv,
    Json,
    Table,
    Yaml,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    let identity = arguments.subject.required()?;
    let engine = arguments.policy.open(terminal)?;
    let policies = engine.policies();
    let index = GrantIndex::of(policies.model());
    let asked = (!arguments.all_namespaces).then(|| namespace(arguments.namespace.as_deref()));
    let mut access = Access::of(policies.model(), &index, &identity.user, &identity.group_names());
    let left_out =
        if arguments.all { 0 } else { leave_out_defaults(policies, &mut access, &arguments.subject) };
    let parts = parts(policies, &access.given, arguments.by, asked);
    match arguments.output {
        Format::Csv => print_csv(policies, &parts, arguments.by, terminal)?,
        Format::Json => {
            let json = to_json(&document(policies, &identity, asked, &parts, arguments.by))?;
            writeln!(terminal.answers(), "{}", printable_json(&json))?;
        }
        Format::Table => print_table(&parts, arguments.by, terminal)?,
        Format::Yaml => {
            let value = document(policies, &identity, asked, &parts, arguments.by);
            terminal.answers().write_all(yaml::to_yaml(&value).as_bytes())?;
        }
    }
    // What is said beside the answer comes behind it.
    terminal.flush()?;
    let something = parts.iter().any(|part| !part.matrix.rows.is_empty());
    say_more(policies, &access, asked, left_out, something, terminal);
    Ok(if something { ExitStatus::Yes } else { ExitStatus::No })
}

/// Leaves out what Kubernetes' own bindings give to groups that come with being authenticated; what a group is given
/// that was asked about stays. Gives back how many grants are not shown.
fn leave_out_defaults(policies: &PolicySet, access: &mut Access<'_>, subject: &SubjectArguments) -> usize {
    let before = access.given.len();
    access.given.retain(|given| match given.holder {
        Holder::Group(group) => subject.names_group(group) || !access::is_default(policies, given),
        _ => true,
    });
    before - access.given.len()
}

/// A matrix, of everything or of what one role or binding gives.
struct Part<'p> {
    /// The name of the role or binding.
    name: String,
    /// What it gives, where a binding does, and to what.
    detail: String,
    at: String,
    matrix: AccessMatrix<'p>,
}

fn parts<'p>(
    policies: &'p PolicySet,
    given: &[Given<'p>],
    by: Option<By>,
    namespace: Option<&str>,
) -> Vec<Part<'p>> {
    let model = policies.model();
    let Some(by) = by else {
        let matrix = AccessMatrix::of(model, given, namespace);
        return vec![Part { name: String::new(), detail: String::new(), at: String::new(), matrix }];
    };
    let mut groups: BTreeMap<(String, String, String), Vec<Given<'p>>> = BTreeMap::new();
    for given in given {
        groups.entry(titles(policies, given.source, by)).or_default().push(*given);
    }
    let parts = groups.into_iter().map(|((name, detail, at), given)| {
        let matrix = AccessMatrix::of(model, &given, namespace);
        Part { name, detail, at, matrix }
    });
    parts.filter(|part| !part.matrix.rows.is_empty()).collect()
}

/// Name, detail and place of the role or the binding that gives something; what is neither stands for itself.
fn titles(policies: &PolicySet, source: Source, by: By) -> (String, String, String) {
    let model = policies.model();
    let Source::Role { binding, role } = source else {
        return (access::source_name(policies, source), String::new(), String::new());
    };
    let (Some(binding), Some(role)) = (model.binding(binding), model.role(role)) else {
        return <(String, String, String)>::default();
    };
    match by {
        By::Role => (objects::role_name(role), String::new(), objects::place(policies, role.origin)),
        By::Binding => (
            objects::binding_name(binding),
            objects::role_name(role),
            objects::place(policies, binding.origin),
        ),
    }
}

fn print_table(parts: &[Part<'_>], by: Option<By>, terminal: &mut Terminal) -> Result<(), Failure> {
    let [resource, names, verbs, namespaces] = ROW_HEAD.map(str::to_owned);
    let head = ["BINDING", "ROLE", "AT"].map(str::to_owned);
    let [binding, role, at] = head;
    let mut rows = vec![[binding, role, resource, names, verbs, namespaces, at]];
    for part in parts {
        for (position, row) in part.matrix.rows.iter().enumerate() {
            let [resource, names, verbs, namespaces] = access::row_cells(row);
            let titles = [&part.name, &part.detail, &part.at];
            // Said once, at the first row.
            let [name, detail, at] =
                titles.map(|text| if position == 0 { printable(text).into_owned() } else { String::new() });
            let (binding, role) = if by == Some(By::Role) { (String::new(), name) } else { (name, detail) };
            rows.push([binding, role, resource, names, verbs, namespaces, at]);
        }
    }
    let text = match by {
        None => {
            let plain = rows
                .into_iter()
                .map(|[_, _, resource, names, verbs, namespaces, _]| [resource, names, verbs, namespaces]);
            table(&plain.collect::<Vec<_>>())
        }
        Some(By::Role) => {
            let by_role = rows.into_iter().map(|[_, role, resource, names, verbs, namespaces, at]| {
                [role, resource, names, verbs, namespaces, at]
            });
            table(&by_role.collect::<Vec<_>>())
        }
        Some(By::Binding) => table(&rows),
    };
    for line in text.lines() {
        writeln!(terminal.answers(), "{}", line.trim_end())?;
    }
    Ok(())
}

fn print_csv(
    policies: &PolicySet,
    parts: &[Part<'_>],
    by: Option<By>,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let by = by.map(|by| if by == By::Role { "role" } else { "binding" });
    let head: Vec<_> = by.into_iter().chain(access::RECORD_HEAD).collect();
    terminal.answers().write_all(csv::record(&head).as_bytes())?;
    for part in parts {
        for row in &part.matrix.rows {
            let name = by.map(|_| part.name.clone());
            let fields: Vec<_> = name.into_iter().chain(access::row_fields(policies, row)).collect();
            terminal.answers().write_all(csv::record(&fields).as_bytes())?;
        }
    }
    Ok(())
}

fn document(
    policies: &PolicySet,
    identity: &Identity,
    namespace: Option<&str>,
    parts: &[Part<'_>],
    by: Option<By>,
) -> Value {
    let mut fields = Map::new();
    fields.insert("subject".to_owned(), json!({"user": identity.user, "groups": identity.groups}));
    fields.insert("namespace".to_owned(), namespace.into());
    let rows = |part: &Part<'_>| access::rows_json(policies, &part.matrix);
    match by {
        None => {
            fields.insert("rows".to_owned(), parts.first().map_or(Value::Array(Vec::new()), rows));
        }
        Some(by) => {
            let (key, parts_key) = if by == By::Role { ("role", "roles") } else { ("binding", "bindings") };
            let parts: Vec<_> = parts
                .iter()
                .map(|part| {
                    let mut fields = Map::new();
                    fields.insert(key.to_owned(), part.name.as_str().into());
                    if !part.at.is_empty() {
                        fields.insert("at".to_owned(), part.at.as_str().into());
                    }
                    fields.insert("rows".to_owned(), rows(part));
                    Value::Object(fields)
                })
                .collect();
            fields.insert(parts_key.to_owned(), parts.into());
        }
    }
    Value::Object(fields)
}

fn say_more(
    policies: &PolicySet,
    access: &Access<'_>,
    namespace: Option<&str>,
    left_out: usize,
    something: bool,
    terminal: &Terminal,
) {
    if !something {
        terminal.note("nothing is granted here");
    }
    let elsewhere: BTreeSet<_> = access
        .given
        .iter()
        .filter_map(|given| match given.scope {
            GrantScope::Namespace(own) if namespace.is_some_and(|asked| asked != own) => Some(own),
            _ => None,
        })
        .collect();
    if !elsewhere.is_empty() {
        let namespaces = count(elsewhere.len(), "other namespace", "other namespaces");
        terminal.note(&format!("there is more in {namespaces} (-A shows them)"));
    }
    if left_out > 0 {
        terminal.note("what Kubernetes' own bindings give to everybody is left out (--all shows it)");
    }
    let mut defaults = DefaultsUsed::default();
    for given in &access.given {
        if let Source::Role { role, .. } = given.source
            && let Some(found) = policies.model().role(role)
        {
            (0..found.rules.len()).for_each(|rule| defaults.add_rule(policies, role, rule));
        }
    }
    defaults.report(terminal);
}
