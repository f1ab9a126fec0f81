//! `rolecall explain`: why somebody may do something, or may not, and what would change that.

use std::io::Write;

use clap::{Args, ValueEnum};
use rolecall::{
    Determination, Engine, Request, analysis::explain::Verdict, diagnostics::print::printable_json,
};

use crate::{
    defaults_used::DefaultsUsed,
    exit::{ExitStatus, Failure},
    explanation_json, invocation, manifest,
    question::{Asked, QuestionArguments},
    terminal::Terminal,
};

/// Explain why a user may do something, or may not, and what would allow it.
///
/// Allowed: the grant that decides, with its place, and every other that allows it too. Not allowed: the
/// grants that come near, nearest first, each with the part that does not hold, and the smallest change that
/// allows exactly this. Arguments and flags are those of can-i; what lives outside of namespaces is asked
/// for outside of them.
#[derive(Args, Debug)]
#[command(
    override_usage = invocation::line("explain VERB TYPE[/NAME] | VERB PATH  --as USER -f PATH... [OPTIONS]"),
    after_help = "Exit codes: 0 yes; 1 no; 2 it could not be answered."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    asked: QuestionArguments,

    /// Print only the YAML that would allow exactly this: a rule in a role that the user has, or else (with
    /// --fix=new, always) a role and a binding of its own.
    #[arg(long, value_name = "FORM", num_args = 0..=1, require_equals = true, default_missing_value = "least")]
    fix: Option<FixForm>,

    /// How to print.
    #[arg(short, long, value_name = "FORMAT", default_value = "text", conflicts_with = "fix")]
    output: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FixForm {
    /// A rule in a role that the user has, where there is one; else a role and a binding of its own.
    Least,
    /// A role and a binding of its own.
    New,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Json,
    Text,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    let [verb, what] = arguments.asked.words("explain")?;
    let identity = arguments.asked.identity.required()?;
    let engine = arguments.asked.policy.open(terminal)?;
    let asked = Asked::of(what, engine.policies().resource_types(), terminal);
    asked.check_target(&arguments.asked)?;
    let groups = identity.group_names();
    let request = asked.request_of_api(verb, &arguments.asked).user(&identity.user).groups(&groups);
    match arguments.fix {
        Some(form) => fix(form, &request, &engine, terminal),
        None => explain(arguments.output, &request, &engine, terminal),
    }
}

fn explain(
    output: Format,
    request: &Request<'_>,
    engine: &Engine,
    terminal: &mut Terminal,
) -> Result<ExitStatus, Failure> {
    let explanation = engine.explain(request);
    let explainer = engine.explainer();
    if let Verdict::Allow(allowance) = &explanation.values().verdict {
        let mut defaults = DefaultsUsed::default();
        let others = explainer.allowing(request).map(|allowing| allowing.grant);
        let others = others.filter(|grant| *grant != allowance.decided_by.grant);
        for grant in std::iter::once(allowance.decided_by.grant).chain(others) {
            defaults.add(engine.policies(), &Determination::Allow(grant));
        }
        defaults.report(terminal);
    }
    match output {
        Format::Json => {
            let json =
                explanation_json::of(engine.policies(), explanation.values(), explainer.allowing(request));
            writeln!(terminal.answers(), "{}", printable_json(&format!("{json:#}")))?;
        }
        Format::Text => {
            for line in explanation.to_string().lines() {
                terminal.answer(line)?;
            }
        }
    }
    Ok(if explanation.values().is_allow() { ExitStatus::Yes } else { ExitStatus::No })
}

/// Prints the objects that would allow the request; nothing where it is allowed already.
fn fix(
    form: FixForm,
    request: &Request<'_>,
    engine: &Engine,
    terminal: &mut Terminal,
) -> Result<ExitStatus, Failure> {
    let explainer = engine.explainer();
    let explanation = explainer.explain(engine, request);
    let Verdict::NoOpinion(refusal) = &explanation.verdict else {
        terminal.note("this is allowed already: there is nothing to fix");
        return Ok(ExitStatus::Yes);
    };
    let fixes = refusal.fixes.as_ref().map_err(|reason| Failure::message(reason.to_string()))?;
    if !fixes.wider.is_empty() {
        let wider = fixes.wider.join(" and ");
        terminal
            .warning(&format!("what is asked for is a wildcard: {wider} of this rule cover more than that"));
    }
    if fixes.in_every_namespace {
        terminal.note("this counts in every namespace: the request is for none");
    }
    let extended = match form {
        FixForm::Least => explainer.extended_role(fixes),
        FixForm::New => None,
    };
    let yaml = if let Some(role) = extended {
        let place = role.origin.span().map(|span| engine.policies().sources().location(span));
        let place = place.map_or_else(String::new, |place| format!(" of {place}"));
        terminal.note(&format!("this is {} {}{place} with one rule more, the last", role.kind(), role.name));
        manifest::to_yaml(&[manifest::role(&role)])
    } else {
        let own = explainer.own_role(request).map_err(|reason| Failure::message(reason.to_string()))?;
        manifest::to_yaml(&[manifest::role(&own.role), manifest::binding(&own.binding)])
    };
    terminal.answers().write_all(yaml.as_bytes())?;
    Ok(ExitStatus::No)
}
