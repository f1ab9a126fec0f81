//! What does a decision cost, over its floors, and does it stay flat as the policy grows?

use std::{hint::black_box, time::Instant};

use criterion::Criterion;
use rolecall::Authorizer;
use rolecall_benches::{
    criterion,
    paired::{Figures, Floors},
    report::{Table, ratio, time},
    sizes,
    workload::{Asked, Workload},
};
use rolecall_engine::{Engine, ResolvedSubject};
use rolecall_testkit::Traffic;

const SIZES: [u32; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];

fn main() {
    let mut criterion = criterion();
    let mut decisions = Table::new(&[
        "bindings",
        "made by",
        "floor (ids)",
        "floor (strings)",
        "authorize",
        "× strings",
        "linear scan ÷ authorize",
        "triples",
    ]);
    let mut ahead = Table::new(&[
        "bindings",
        "made by",
        "subject and question resolved × ids",
        "subject resolved × strings",
        "resolving ÷ authorize",
        "bytes a subject",
    ]);
    let mut compilation = Table::new(&["bindings", "made by", "compile", "bindings/s", "bytes/binding"]);
    for bindings in sizes(&SIZES) {
        for make in [Workload::shared, |bindings| Workload::made_up(bindings, Traffic::default())] {
            let workload = make(bindings);
            measure(&mut criterion, bindings, &workload, &mut decisions, &mut compilation);
            measure_ahead(&mut criterion, bindings, &workload, &mut ahead);
        }
    }
    criterion.final_summary();
    decisions.print("What does a decision cost? Medians; ratios are to the floors of the same samples.");
    ahead.print("What does it save to look up once who asks often and what is asked often?");
    compilation.print("What does it cost to compile the policy set?");
}

fn measure(
    criterion: &mut Criterion,
    bindings: u32,
    workload: &Workload,
    decisions: &mut Table,
    compilation: &mut Table,
) {
    let engine = Engine::compile(&workload.policies).expect("the policy can be compiled");
    workload.check(&engine);
    let asked = Asked::new(&workload.requests);
    let requests = asked.borrowed();
    let floors = Floors::new(&workload.policies, &workload.requests);
    let group = format!("{}-{bindings}", workload.name);
    let figures = floors.measure(criterion, (&group, "authorize"), &requests, |range| {
        requests[range].iter().filter(|request| engine.authorize(black_box(request)).is_allow()).count()
    });
    let linear = workload.linear();
    let of = |figure: fn(&Figures) -> f64| figures.as_ref().map(figure);
    decisions.row(&[
        bindings.to_string(),
        workload.name.clone(),
        time(of(|figures| figures.ids)),
        time(of(|figures| figures.strings)),
        time(of(|figures| figures.row)),
        ratio(of(|figures| figures.over_strings)),
        ratio(of(|figures| figures.row).map(|row| linear / row)),
        floors.entries().to_string(),
    ]);
    let compile = compile_time(workload);
    compilation.row(&[
        bindings.to_string(),
        workload.name.clone(),
        time(Some(compile)),
        format!("{:.2} M", f64::from(bindings) / compile * 1e3),
        format!("{:.0}", bytes(&engine) / f64::from(bindings)),
    ]);
}

/// How many subjects are resolved; which of them asks is drawn at random each time.
const SUBJECTS: usize = 1_000;

fn measure_ahead(criterion: &mut Criterion, bindings: u32, workload: &Workload, ahead: &mut Table) {
    let engine = Engine::compile(&workload.policies).expect("the policy can be compiled");
    let asked = Asked::new(&workload.requests);
    let all = asked.borrowed();
    let floors = Floors::new(&workload.policies, &workload.requests);
    let group = format!("{}-{bindings}", workload.name);
    let step = (all.len() / SUBJECTS).max(1);
    let few: Vec<_> = all.iter().step_by(step).take(SUBJECTS).collect();
    let begin = Instant::now();
    let subjects: Vec<_> = few.iter().map(|request| engine.resolve(request.user, &request.groups)).collect();
    let resolving =
        begin.elapsed().as_secs_f64() * 1e9 / f64::from(u32::try_from(few.len()).unwrap_or(u32::MAX));
    let questions: Vec<_> =
        few.iter().map(|request| engine.resolve_question(request.verb, request.target)).collect();
    // A linear congruence of full period: every one is drawn as often, in no order that a cache could know.
    let drawn: Vec<usize> = std::iter::successors(Some(0usize), |drawn| Some((drawn * 421 + 1_663) % 6_075))
        .map(|drawn| drawn % few.len())
        .take(all.len())
        .collect();
    let requests: Vec<_> = drawn.iter().map(|&place| few[place].clone()).collect();
    let ids = floors.measure(criterion, (&group, "resolved-ids"), &requests, |range| {
        let allows = |&&place: &&usize| {
            let decision = subjects[place].authorize_resolved(black_box(&questions[place]));
            decision.expect("one engine resolved both").is_allow()
        };
        drawn[range].iter().filter(allows).count()
    });
    let strings = floors.measure(criterion, (&group, "resolved-strings"), &requests, |range| {
        let allows = |&index: &usize| {
            let request = black_box(&requests[index]);
            subjects[drawn[index]].authorize(request.verb, request.target).is_allow()
        };
        range.filter(allows).count()
    });
    let alone = floors.measure(criterion, (&group, "alone"), &requests, |range| {
        requests[range].iter().filter(|request| engine.authorize(black_box(request)).is_allow()).count()
    });
    let bytes = subjects.iter().map(ResolvedSubject::bytes).sum::<usize>() / subjects.len().max(1);
    ahead.row(&[
        bindings.to_string(),
        workload.name.clone(),
        ratio(ids.map(|figures| figures.over_ids)),
        ratio(strings.map(|figures| figures.over_strings)),
        ratio(alone.map(|figures| resolving / figures.row)),
        bytes.to_string(),
    ]);
}

/// The nanoseconds of a compilation: the best of a few, since whatever else happens only adds to it.
fn compile_time(workload: &Workload) -> f64 {
    let rounds = (2_000_000 / workload.policies.bindings().len().max(1)).clamp(3, 50);
    let rounds = if rolecall_benches::is_measuring() { rounds } else { 1 };
    (0..rounds)
        .map(|_| {
            let begin = Instant::now();
            drop(black_box(Engine::compile(black_box(&workload.policies))));
            begin.elapsed().as_secs_f64() * 1e9
        })
        .fold(f64::INFINITY, f64::min)
}

#[expect(clippy::cast_precision_loss, reason = "figures for reading")]
fn bytes(engine: &Engine) -> f64 {
    engine.table_bytes() as f64
}
