//! `rolecall verify`: the engine held to the reference, on this very policy.

use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use rolecall::{Engine, OwnedRequest, OwnedTarget, kubernetes::reason::review_status};
use rolecall_analysis::{Answer, Difference, PartKind, Progress, Verification, VerifyOptions, verify};
use rolecall_reference::Reference;

use crate::{
    exit::{ExitStatus, Failure},
    policy::{PolicyArguments, count},
    terminal::Terminal,
};

/// Compare the compiled tables with the plain interpreter, on every class of request of this policy.
///
/// Requests between which no rule, binding or ABAC policy distinguishes are one class; one of each is
/// asked. Where there are too many, and for sets of several groups, classes are sampled, and the output
/// says so.
#[derive(Args, Debug)]
#[command(after_help = "Exit codes: 0 no difference; 1 a difference; 2 the policy could not be loaded.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    policy: PolicyArguments,

    /// How many comparisons are sampled of what is too large to go through.
    #[arg(long, value_name = "N", default_value_t = VerifyOptions::default().samples)]
    samples: u64,

    /// The most comparisons of a part that are made exhaustively.
    #[arg(long, value_name = "N", default_value_t = VerifyOptions::default().exhaustive_limit)]
    exhaustive_limit: u64,

    /// Where the samples start from: the same seed gives the same samples.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    let engine = arguments.policy.open(terminal)?;
    let options = VerifyOptions {
        exhaustive_limit: arguments.exhaustive_limit,
        samples: arguments.samples,
        seed: arguments.seed,
        ..VerifyOptions::default()
    };
    let mut watch = Watch::start();
    let reference = Reference::new(engine.policies().model());
    let found = verify(engine.policies().model(), &engine, &reference, &options, &mut |progress| {
        watch.show(progress);
    });
    let elapsed = watch.stop();
    terminal.answer(&verdict(&found, elapsed))?;
    terminal.answer(&scale(&found, &engine))?;
    for line in parts(&found) {
        terminal.answer(&line)?;
    }
    for difference in &found.differences {
        for line in told(difference, &engine) {
            terminal.answer(&line)?;
        }
    }
    let kept = found.differences.len() as u64;
    if found.differences() > kept {
        terminal.answer(&format!("  and {} more", grouped(found.differences() - kept)))?;
    }
    Ok(if found.agrees() { ExitStatus::Yes } else { ExitStatus::No })
}

/// The answer in one line.
fn verdict(found: &Verification, elapsed: Duration) -> String {
    let seconds = format!("({:.1} s)", elapsed.as_secs_f64());
    if !found.agrees() {
        return format!(
            "engine and reference differ in {} of {} comparisons {seconds}",
            grouped(found.differences()),
            grouped(found.comparisons())
        );
    }
    let all = [PartKind::Alone, PartKind::Listings]
        .into_iter()
        .all(|kind| found.part(kind).is_some_and(|part| part.exhaustive));
    if all {
        format!(
            "engine and reference agree on all {} request classes of this policy {seconds}",
            grouped(found.classes)
        )
    } else {
        format!(
            "engine and reference agree in all {} comparisons; this policy has {} request classes, too many to go \
             through all of them {seconds}",
            grouped(found.comparisons()),
            grouped(found.classes)
        )
    }
}

/// What the number of classes is made of.
fn scale(found: &Verification, engine: &Engine) -> String {
    let model = engine.policies().model();
    let mut objects = count(model.roles().len() + model.bindings().len(), "object", "objects");
    if !model.attribute_policies().is_empty() {
        let policies = count(model.attribute_policies().len(), "ABAC policy", "ABAC policies");
        objects = format!("{objects}, {policies}");
    }
    format!(
        "  {objects} · {} askers × ({} scopes × {} classes of verb, resource and name + {} of verb and path)",
        grouped(found.askers as u64),
        grouped(found.scopes as u64),
        grouped(found.resource_classes),
        grouped(found.path_classes)
    )
}

/// What was gone through, and what was sampled.
fn parts(found: &Verification) -> impl Iterator<Item = String> {
    found.parts.iter().map(|part| {
        let how = if part.exhaustive { "exhaustive" } else { "sampled" };
        format!("  {}: {how}, {} comparisons", title(part.kind), grouped(part.comparisons))
    })
}

fn title(kind: PartKind) -> &'static str {
    match kind {
        PartKind::Alone => "each user and each group alone",
        PartKind::LargerSets => "larger sets of groups",
        PartKind::Listings => "listings of rules",
        PartKind::OwnGrants => "each of them alone, about its own grants",
        PartKind::Pairs => "pairs that share a scope",
    }
}

/// A difference, as something that can be asked again.
fn told(difference: &Difference, engine: &Engine) -> Vec<String> {
    match difference {
        Difference::Answer { request, left, right } => vec![
            format!("  differ: {}", question(request)),
            format!("    engine     {}", words(left, engine)),
            format!("    reference  {}", words(right, engine)),
        ],
        Difference::Listing { user, groups, namespace, left, right } => vec![
            format!("  differ: rules of user {user:?} in groups {groups:?} in namespace {namespace:?}"),
            format!("    engine     {left:?}"),
            format!("    reference  {right:?}"),
        ],
    }
}

fn question(request: &OwnedRequest) -> String {
    let OwnedRequest { user, groups, verb, target } = request;
    let who = format!("user {user:?} in groups {groups:?}, verb {verb:?}");
    match target {
        OwnedTarget::Path(path) => format!("{who}, path {path:?}"),
        OwnedTarget::Resource { namespace, api_group, resource, subresource, name } => format!(
            "{who}, namespace {namespace:?}, group {api_group:?}, resource {resource:?}, subresource \
             {subresource:?}, name {name:?}"
        ),
    }
}

fn words(answer: &Answer, engine: &Engine) -> String {
    let status = review_status(engine.policies().model(), &answer.determination);
    let mut text = format!("{:?}, {:?}", answer.decision, answer.determination);
    for more in [status.reason, status.evaluation_error] {
        if !more.is_empty() {
            text.push_str(": ");
            text.push_str(&more);
        }
    }
    text
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Progress on a terminal, for what takes longer than a second.
struct Watch {
    start: Instant,
    bar: Option<ProgressBar>,
    watched: bool,
}

impl Watch {
    fn start() -> Self {
        Self { start: Instant::now(), bar: None, watched: Terminal::is_watched() }
    }

    fn show(&mut self, progress: Progress) {
        if !self.watched || self.start.elapsed() < Duration::from_secs(1) {
            return;
        }
        let bar = self.bar.get_or_insert_with(ProgressBar::new_spinner);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        let of = progress.of.map_or(String::new(), |of| format!(" of {}", grouped(of)));
        bar.set_message(format!(
            "{}: {}{of} comparisons",
            title(progress.part),
            grouped(progress.comparisons)
        ));
        bar.tick();
    }

    fn stop(self) -> Duration {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        self.start.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use rolecall::{Decision, Determination, Grant, PolicySet};

    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let texts = [0, 999, 1_000, 12_345_678].map(grouped);
        assert_eq!(texts, ["0", "999", "1,000", "12,345,678"]);
    }

    #[test]
    fn a_difference_names_both_answers() {
        let engine = rolecall::compile(&PolicySet::default()).unwrap();
        let difference = Difference::Answer {
            request: OwnedRequest {
                user: "jane".into(),
                groups: vec!["dev".into()],
                verb: "get".into(),
                target: OwnedTarget::Path("/x".into()),
            },
            left: Answer {
                decision: Decision::Allow,
                determination: Determination::Allow(Grant::AlwaysAllow),
            },
            right: Answer {
                decision: Decision::NoOpinion,
                determination: Determination::NoOpinion(Vec::new()),
            },
        };
        assert_eq!(
            told(&difference, &engine),
            [
                "  differ: user \"jane\" in groups [\"dev\"], verb \"get\", path \"/x\"",
                "    engine     Allow, Allow(AlwaysAllow)",
                "    reference  NoOpinion, NoOpinion([])",
            ]
        );
    }
}
