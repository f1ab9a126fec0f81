//! How much faster do two threads decide than one?

use std::{
    hint::black_box,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use rolecall::{Authorizer, Request};
use rolecall_benches::{
    is_measuring,
    report::{Table, ratio, time},
    sizes,
    workload::{Asked, Workload},
};
use rolecall_engine::Engine;
use rolecall_testkit::Traffic;

const SIZES: [u32; 3] = [100, 10_000, 1_000_000];

const ROUNDS: usize = 15;

fn main() {
    let mut table =
        Table::new(&["bindings", "one thread", "two threads, each", "decisions a second, two over one"]);
    for bindings in sizes(&SIZES) {
        let workload = Workload::made_up(bindings, Traffic::default());
        let engine = Engine::compile(&workload.policies).expect("the policy can be compiled");
        let asked = Asked::new(&workload.requests);
        let requests = asked.borrowed();
        let passes = if is_measuring() { 5 } else { 1 };
        // One right after the other, so that a slow moment slows both.
        let mut rounds: Vec<_> = (0..if is_measuring() { ROUNDS } else { 1 })
            .map(|_| [1, 2].map(|threads| decide(threads, passes, &engine, &requests)))
            .map(|[one, two]| (2.0 * one / two, one, two))
            .collect();
        rounds.sort_by(|(left, ..), (right, ..)| left.total_cmp(right));
        let (scaling, one, two) = rounds[rounds.len() / 2];
        table.row(&[bindings.to_string(), time(Some(one)), time(Some(two)), ratio(Some(scaling))]);
    }
    table.print("How much do two threads decide? Medians of rounds, each of one and then two threads.");
}

/// The nanoseconds that a thread takes for a decision while so many of them decide.
fn decide(threads: usize, passes: usize, engine: &Engine, requests: &[Request<'_>]) -> f64 {
    let barrier = Barrier::new(threads);
    let slowest = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let (barrier, begin_at) = (&barrier, thread * requests.len() / threads);
                scope.spawn(move || {
                    barrier.wait();
                    let begin = Instant::now();
                    for _ in 0..passes {
                        let (behind, ahead) = requests.split_at(begin_at);
                        let allowed = ahead
                            .iter()
                            .chain(behind)
                            .filter(|request| engine.authorize(black_box(request)).is_allow())
                            .count();
                        black_box(allowed);
                    }
                    begin.elapsed()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("no thread panics")).max()
    });
    let decisions = u32::try_from(passes * requests.len()).expect("fewer than 2³²");
    slowest.unwrap_or(Duration::ZERO).as_secs_f64() * 1e9 / f64::from(decisions)
}
