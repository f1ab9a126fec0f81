//! `rolecall who-can`: everybody who can do something, and through what.

use std::io::Write;

use clap::{Args, ValueEnum};
use rolecall::{
    Grant, PolicySet, Target,
    diagnostics::print::{printable, printable_json},
    model::{Namespace, Origin},
};
use rolecall_analysis::{
    GrantScope,
    who_can::{Holding, Inverse, WhoCan},
};
use serde_json::{Map, Value, json};

use crate::{
    command::rules::to_json,
    csv,
    defaults_used::DefaultsUsed,
    exit::{ExitStatus, Failure},
    invocation, objects,
    policy::{PolicyArguments, count, listed},
    question::{Asked, namespace},
    table::table,
    terminal::Terminal,
    yaml,
};

/// List everybody who can do something: users, groups and service accounts, each with what gives it.
///
/// TYPE is a resource type (pods, deploy, deployments.apps), NAME one object of it, PATH a URL path that
/// is no resource (/healthz). ONLY says where a grant gives less than was asked: objects of certain names,
/// or one namespace where all were asked about. Kubernetes' own components are left out (--all shows them).
#[derive(Args, Debug)]
#[command(
    override_usage = invocation::line("who-can VERB TYPE[/NAME] | VERB PATH  -f PATH... [OPTIONS]"),
    after_help = "Exit codes: 0 somebody is listed; 1 nobody but group system:masters is; 2 it could not be answered."
)]
pub(crate) struct Arguments {
    /// A verb, and a resource type, an object or a path.
    #[arg(value_name = "VERB TYPE[/NAME] | VERB PATH")]
    question: Vec<String>,

    #[command(flatten)]
    policy: PolicyArguments,

    /// The namespace that is asked about; `default` if not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,

    /// Ask about every namespace: who can in all of them, and who in which.
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    all_namespaces: bool,

    /// The subresource: log, scale.
    #[arg(long, value_name = "SUBRESOURCE", default_value = "", hide_default_value = true)]
    subresource: String,

    /// Show Kubernetes' own components as well.
    #[arg(long)]
    all: bool,

    /// How to print; `wide` is the table with the places of bindings and rules.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Csv,
    Json,
    Table,
    Wide,
    Yaml,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    let [verb, what] = arguments.question.as_slice() else {
        return Err(Failure::message(format!(
            "you must specify two arguments: a verb, and a resource type, an object or a path.\n\
             See '{}' for help and examples.",
            invocation::line("who-can -h")
        )));
    };
    if what.starts_with('/') && !arguments.subresource.is_empty() {
        return Err(Failure::message("--subresource can not be used with NonResourceURL"));
    }
    let engine = arguments.policy.open(terminal)?;
    let policies = engine.policies();
    let asked = Asked::of(what, policies.resource_types(), terminal);
    let question = Question::of(verb, &asked, arguments);
    let inverse = Inverse::new(policies.model());
    let answer = question.ask(&inverse);
    let (holdings, hidden) = match answer.in_reading_order() {
        all if arguments.all => (all, 0),
        all => without_defaults(policies, all),
    };
    match arguments.output {
        Format::Csv => print_csv(policies, &holdings, terminal)?,
        Format::Json => {
            let json = to_json(&document(policies, &question, &holdings, &answer, hidden))?;
            writeln!(terminal.answers(), "{}", printable_json(&json))?;
        }
        Format::Table | Format::Wide => {
            let is_wide = matches!(arguments.output, Format::Wide);
            print_table(policies, &holdings, is_wide, terminal)?;
        }
        Format::Yaml => {
            let value = document(policies, &question, &holdings, &answer, hidden);
            terminal.answers().write_all(yaml::to_yaml(&value).as_bytes())?;
        }
    }
    // What is said beside the answer comes behind it.
    terminal.flush()?;
    let somebody = holdings.iter().any(|holding| holding.grant != Grant::Superuser);
    say_more(policies, &holdings, hidden, somebody, terminal);
    Ok(if somebody { ExitStatus::Yes } else { ExitStatus::No })
}

/// What is asked of the index.
struct Question<'a> {
    verb: &'a str,
    target: Target<'a>,
    all_namespaces: bool,
}

impl<'a> Question<'a> {
    /// What lives outside of namespaces is asked for outside of them, as an API server does: a RoleBinding does not
    /// count there. A namespace itself is in the namespace of its name.
    ///
    /// Source: `spec/authorization/attributes.md` section 2, step 7.
    fn of(verb: &'a str, asked: &'a Asked<'a>, arguments: &'a Arguments) -> Self {
        let Asked::Resource { group, resource, name, cluster_scoped } = asked else {
            let Asked::Path(path) = asked else {
                return Self { verb, target: Target::Path(""), all_namespaces: false };
            };
            return Self { verb, target: Target::Path(path), all_namespaces: false };
        };
        let is_namespace = *cluster_scoped && group.is_empty() && resource == "namespaces";
        let (namespace, all_namespaces) = match (*cluster_scoped, is_namespace) {
            (true, true) if !name.is_empty() => (*name, false),
            (true, true) => ("", arguments.all_namespaces),
            (true, false) => ("", false),
            (false, _) if arguments.all_namespaces => ("", true),
            (false, _) => (namespace(arguments.namespace.as_deref()), false),
        };
        let target = Target::Resource {
            namespace,
            api_group: group,
            resource,
            subresource: &arguments.subresource,
            name,
        };
        Self { verb, target, all_namespaces }
    }

    fn ask<'i>(&self, inverse: &'i Inverse<'_>) -> WhoCan<'i> {
        if self.all_namespaces {
            inverse.who_can_in_all_namespaces(self.verb, self.target)
        } else {
            inverse.who_can(self.verb, self.target)
        }
    }
}

/// Without what Kubernetes gives to its own components; what it gives to everybody stays. Gives back how many
/// subjects are not shown, too.
fn without_defaults<'a>(policies: &PolicySet, holdings: Vec<Holding<'a>>) -> (Vec<Holding<'a>>, usize) {
    let is_shown = |holding: &Holding<'_>| match holding.grant {
        Grant::Role { binding, role, rule, .. } => {
            holding.holder.members().is_some() || !objects::is_default(policies, binding, role, Some(rule))
        }
        Grant::AlwaysAllow | Grant::AttributePolicy(_) | Grant::Superuser => true,
    };
    let (shown, hidden): (Vec<_>, Vec<_>) = holdings.into_iter().partition(is_shown);
    let mut subjects: Vec<_> = hidden.iter().map(|holding| holding.holder).collect();
    subjects.retain(|subject| !shown.iter().any(|holding| holding.holder == *subject));
    subjects.sort_unstable();
    subjects.dedup();
    (shown, subjects.len())
}

fn say_more(
    policies: &PolicySet,
    holdings: &[Holding<'_>],
    hidden: usize,
    somebody: bool,
    terminal: &Terminal,
) {
    if !somebody {
        terminal.note("nobody else can: group system:masters stands above all policies");
    }
    let mut defaults = DefaultsUsed::default();
    for holding in holdings {
        defaults.add_grant(policies, &holding.grant);
    }
    let hint = if hidden > 0 { "; --all shows default subjects" } else { "" };
    if !defaults.report_with(hint, terminal) && hidden > 0 {
        terminal.note(&format!(
            "Kubernetes' own components are left out: {} (--all shows them)",
            count(hidden, "subject", "subjects")
        ));
    }
}

fn print_table(
    policies: &PolicySet,
    holdings: &[Holding<'_>],
    is_wide: bool,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let head = ["SUBJECT", "THROUGH", "ROLE", "ONLY", "BINDING AT", "RULE AT", "WHO"].map(str::to_owned);
    let rows = holdings.iter().map(|holding| {
        let told = Told::of(policies, holding);
        let who = holding.holder.members().unwrap_or_default();
        let cells = [
            holding.holder.to_string(),
            told.through,
            told.role,
            only(holding),
            told.binding_at,
            told.rule_at,
            who,
        ];
        cells.map(|cell| printable(&cell).into_owned())
    });
    let rows: Vec<_> = [head].into_iter().chain(rows).collect();
    let text = if is_wide {
        table(&rows)
    } else {
        let narrow: Vec<_> = rows
            .into_iter()
            .map(|[subject, through, role, only, ..]| [subject, through, role, only])
            .collect();
        table(&narrow)
    };
    for line in text.lines() {
        writeln!(terminal.answers(), "{}", line.trim_end())?;
    }
    Ok(())
}

fn print_csv(policies: &PolicySet, holdings: &[Holding<'_>], terminal: &mut Terminal) -> Result<(), Failure> {
    let head = [
        "subject_kind",
        "subject_namespace",
        "subject",
        "through",
        "role",
        "only_namespace",
        "only_names",
        "binding_at",
        "rule_at",
    ];
    terminal.answers().write_all(csv::record(&head).as_bytes())?;
    for holding in holdings {
        let told = Told::of(policies, holding);
        let [kind, namespace, name] = objects::holder_fields(&holding.holder);
        let only_namespace = match (holding.only_in, holding.scope) {
            (Some(namespace), _) => namespace,
            (None, GrantScope::Cluster) => "(cluster scope)",
            (None, GrantScope::Everywhere | GrantScope::Namespace(_)) => "",
        };
        let record = csv::record(&[
            kind,
            namespace,
            name,
            told.through,
            told.role,
            only_namespace.to_owned(),
            holding.names.join(" "),
            told.binding_at,
            told.rule_at,
        ]);
        terminal.answers().write_all(record.as_bytes())?;
    }
    Ok(())
}

/// What a grant is called, and where it stands.
#[derive(Default)]
struct Told {
    through: String,
    role: String,
    binding_at: String,
    rule_at: String,
}

impl Told {
    fn of(policies: &PolicySet, holding: &Holding<'_>) -> Self {
        let model = policies.model();
        match holding.grant {
            Grant::AlwaysAllow => Self { through: "mode AlwaysAllow".to_owned(), ..Self::default() },
            Grant::Superuser => Self { through: "above all authorizers".to_owned(), ..Self::default() },
            Grant::AttributePolicy(index) => {
                let origin = model.attribute_policy(index).map_or(Origin::Code, |policy| policy.origin);
                let at = objects::place(policies, origin);
                Self { through: format!("ABAC policy {at}"), rule_at: at, ..Self::default() }
            }
            Grant::Role { binding, role, rule, .. } => {
                let (Some(binding), Some(role)) = (model.binding(binding), model.role(role)) else {
                    return Self::default();
                };
                let rule = role.rules.get(rule).map_or(role.origin, |rule| rule.origin);
                Self {
                    through: objects::binding_name(binding),
                    role: objects::role_name(role),
                    binding_at: objects::place(policies, binding.origin),
                    rule_at: objects::place(policies, rule),
                }
            }
        }
    }
}

/// How a grant falls short of what was asked, for people: the first names only.
fn only(holding: &Holding<'_>) -> String {
    let mut parts = Vec::new();
    if holding.scope == GrantScope::Cluster {
        parts.push("cluster scope".to_owned());
    }
    parts.extend(holding.only_in.map(|namespace| format!("namespace {namespace}")));
    if !holding.names.is_empty() {
        let names: Vec<_> = holding.names.iter().map(|&name| name.to_owned()).collect();
        parts.push(format!("names {}", listed(&names)));
    }
    parts.join(", ")
}

/// The whole answer.
fn document(
    policies: &PolicySet,
    question: &Question<'_>,
    holdings: &[Holding<'_>],
    answer: &WhoCan<'_>,
    hidden: usize,
) -> Value {
    let subjects: Vec<_> = holdings.iter().map(|holding| subject(policies, holding)).collect();
    let dangling: Vec<_> = answer
        .dangling()
        .filter_map(|binding| policies.model().binding(binding))
        .map(|binding| {
            let (namespace, name) = (binding.namespace.as_ref(), binding.name.as_str());
            json!({
                "through": objects::object_json(policies, binding.kind(), namespace, name, binding.origin),
                "role": objects::role_reference(binding),
            })
        })
        .collect();
    json!({
        "question": asked(question),
        "subjects": subjects,
        "defaultSubjectsLeftOut": hidden,
        "missingRoles": dangling,
    })
}

fn asked(question: &Question<'_>) -> Value {
    match question.target {
        Target::Path(path) => json!({"verb": question.verb, "path": path}),
        Target::Resource { namespace, api_group, resource, subresource, name } => json!({
            "verb": question.verb,
            "apiGroup": api_group,
            "resource": resource,
            "subresource": subresource,
            "name": name,
            "namespace": namespace,
            "allNamespaces": question.all_namespaces,
        }),
    }
}

fn subject(policies: &PolicySet, holding: &Holding<'_>) -> Value {
    let mut fields = Map::new();
    fields.insert("subject".to_owned(), objects::holder_json(&holding.holder));
    fields.insert("exact".to_owned(), holding.is_exact().into());
    let model = policies.model();
    let through = match holding.grant {
        Grant::AlwaysAllow => json!({"kind": "AlwaysAllow"}),
        Grant::Superuser => json!({"kind": "AboveAllAuthorizers"}),
        Grant::AttributePolicy(index) => {
            let origin = model.attribute_policy(index).map_or(Origin::Code, |policy| policy.origin);
            json!({"kind": "ABACPolicy", "at": objects::place(policies, origin)})
        }
        Grant::Role { binding, role, rule, .. } => {
            if let Some(role) = model.role(role) {
                let namespace = role.namespace.as_ref();
                let mut value =
                    objects::object_json(policies, role.kind(), namespace, role.name.as_str(), role.origin);
                if let (Some(fields), Some(found)) = (value.as_object_mut(), role.rules.get(rule)) {
                    fields.insert("rule".to_owned(), rule.into());
                    fields.insert("ruleAt".to_owned(), objects::place(policies, found.origin).into());
                }
                fields.insert("role".to_owned(), value);
            }
            model.binding(binding).map_or(Value::Null, |binding| {
                let namespace: Option<&Namespace> = binding.namespace.as_ref();
                objects::object_json(
                    policies,
                    binding.kind(),
                    namespace,
                    binding.name.as_str(),
                    binding.origin,
                )
            })
        }
    };
    fields.insert("through".to_owned(), through);
    let mut limits = Map::new();
    if !holding.names.is_empty() {
        limits.insert("names".to_owned(), holding.names.iter().copied().collect());
    }
    if holding.scope == GrantScope::Cluster {
        limits.insert("clusterScope".to_owned(), true.into());
    }
    if let Some(namespace) = holding.only_in {
        limits.insert("namespace".to_owned(), namespace.into());
    }
    if !limits.is_empty() {
        fields.insert("only".to_owned(), Value::Object(limits));
    }
    Value::Object(fields)
}
