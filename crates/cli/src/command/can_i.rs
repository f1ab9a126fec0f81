//! `rolecall can-i`: `kubectl auth can-i` without a cluster.
//!
//! Source: `spec/authorization/kubectl.md` section 2. Arguments are judged in kubectl's order, so that the
//! same mistake gets the same message.

use clap::Args;
use rolecall::{
    Authorizer, Determination, Engine, Request,
    compiled::CompiledPolicy,
    kubernetes::reason::{ReviewStatus, review_status},
    model::PolicySet,
};

use crate::{
    command::rules,
    defaults_used::DefaultsUsed,
    exit::{ExitStatus, Failure},
    invocation,
    policy::Opened,
    question::{Asked, QuestionArguments, namespace},
    terminal::Terminal,
};

/// Ask whether a user may do something, with kubectl's flags, words and exit codes.
///
/// TYPE is a resource type (pods, deploy, deployments.apps), NAME one object of it, PATH a URL path that
/// is no resource (/healthz). The answer is `yes` (exit code 0) or `no` (1).
#[derive(Args, Debug)]
#[command(
    override_usage = invocation::line("can-i VERB TYPE[/NAME] | VERB PATH | --list  --as USER -f PATH... [OPTIONS]"),
    after_help = "Exit codes: 0 yes; 1 no, or it could not be answered (as kubectl)."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    asked: QuestionArguments,

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
    let [verb, what] = arguments.asked.words("can-i")?;
    let identity = arguments.asked.identity.required()?;
    let policy = arguments.asked.policy.open_any(terminal)?;
    let types = match &policy {
        Opened::Stripped(compiled) => &compiled.resource_types(),
        Opened::Whole(engine) => engine.policies().resource_types(),
    };
    let asked = Asked::of(what, types, terminal);
    asked.check(verb, &arguments.asked, terminal)?;
    if arguments.no_headers {
        return Err(Failure::message("--no-headers cannot be set without --list specified"));
    }
    let groups = identity.group_names();
    let request = asked.request(verb, &arguments.asked).user(&identity.user).groups(&groups);
    let status = match &policy {
        Opened::Stripped(compiled) => decide(&request, compiled),
        Opened::Whole(engine) => review(&request, engine, terminal),
    };
    answer(&status, arguments.quiet, terminal)
}

fn list(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    if !arguments.asked.question.is_empty() {
        return Err(Failure::message("list option must be specified with no arguments"));
    }
    if arguments.quiet || arguments.asked.all_namespaces || !arguments.asked.subresource.is_empty() {
        return Err(Failure::message(
            "list option can't be specified with neither quiet, all-namespaces nor subresource options",
        ));
    }
    let identity = arguments.asked.identity.required()?;
    let engine = arguments.asked.policy.open(terminal)?;
    let status = rules::status(&engine, &identity, namespace(arguments.asked.namespace.as_deref()), terminal);
    rules::print_table(&status, !arguments.no_headers, terminal)?;
    Ok(ExitStatus::Yes)
}

/// The answer with what it rests on.
fn review(request: &Request<'_>, engine: &Engine, terminal: &Terminal) -> ReviewStatus {
    let determination = engine.determine(request);
    let mut defaults = DefaultsUsed::default();
    defaults.add(engine.policies(), &determination);
    defaults.report(terminal);
    review_status(engine.policies().model(), &determination)
}

/// The answer of a policy that cannot say which of its grants it rests on. What a refusal says needs none.
fn decide(request: &Request<'_>, compiled: &CompiledPolicy) -> ReviewStatus {
    match compiled.determine(request) {
        Determination::Allow(_) => ReviewStatus { allowed: true, ..ReviewStatus::default() },
        refusal @ Determination::NoOpinion(_) => review_status(&PolicySet::default(), &refusal),
    }
}

fn answer(status: &ReviewStatus, quiet: bool, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
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
