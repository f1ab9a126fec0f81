//! What does a decision cost, over its floors, and does it stay flat as the policy grows?

use std::{env, hint::black_box, path::PathBuf};

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use rolecall::{Authorizer, Request};
use rolecall_benches::{
    cluster::Cluster,
    floor::{IdFloor, StringFloor},
    report::{Facts, table},
};
use rolecall_engine::Engine;
use rolecall_reference::Reference;

/// How many decisions one measured iteration makes; the next iteration goes on where it ended.
const BATCH: usize = 500;

/// Up to how many bindings the linear interpreter is timed.
const LINEAR: usize = 10_000;

/// How many comparisons with the linear interpreter a cluster is worth, in bindings looked at.
const COMPARED: usize = 1_000_000_000;

fn main() {
    let output = target_directory().join("criterion");
    let mut criterion = Criterion::default().output_directory(&output).configure_from_args();
    let facts: Vec<_> = sizes().into_iter().map(|bindings| measure(&mut criterion, bindings)).collect();
    criterion.final_summary();
    // Criterion only tests that everything runs, and leaves no figures, unless cargo says that it is to measure.
    if env::args().any(|argument| argument == "--bench")
        && let Some(table) = table(&output, &facts, BATCH)
    {
        println!("\nMedians; ratios are to the floors of this run. Load was timed once.\n\n{table}");
    }
}

fn measure(criterion: &mut Criterion, bindings: usize) -> Facts {
    let cluster = Cluster::generate(bindings);
    let model = cluster.policies.model();
    let engine = Engine::compile(model).expect("the policy can be compiled");
    let reference = Reference::new(model);
    check_answers(&cluster, &engine, reference);
    let groups: Vec<Vec<&str>> = cluster
        .requests
        .iter()
        .map(|(request, _)| request.groups.iter().map(String::as_str).collect())
        .collect();
    let requests: Vec<Request<'_>> = cluster
        .requests
        .iter()
        .zip(&groups)
        .map(|((request, _), groups)| Request {
            user: &request.user,
            groups: groups.into(),
            verb: &request.verb,
            target: request.target.as_target(),
        })
        .collect();
    let ids = IdFloor::new(model, requests.len());
    let strings = StringFloor::new(cluster.requests.iter().map(|(request, _)| request), ids.entries());

    let mut group = criterion.benchmark_group(format!("authorize-{bindings}"));
    group.throughput(Throughput::Elements(BATCH as u64));
    let mut next = 0;
    let mut batch = |answer: &dyn Fn(usize) -> bool| {
        let mut allowed = 0;
        for _ in 0..BATCH {
            allowed += usize::from(answer(next));
            next = if next + 1 == requests.len() { 0 } else { next + 1 };
        }
        allowed
    };
    group.bench_function("floor-ids", |bencher| {
        bencher.iter(|| batch(&|index| ids.answer(black_box(index))));
    });
    group.bench_function("floor-strings", |bencher| {
        bencher.iter(|| batch(&|index| strings.answer(black_box(&requests[index]))));
    });
    group.bench_function("engine", |bencher| {
        bencher.iter(|| batch(&|index| engine.authorize(black_box(&requests[index])).is_allow()));
    });
    if bindings <= LINEAR {
        group.sample_size(10).sampling_mode(SamplingMode::Flat);
        group.bench_function("reference", |bencher| {
            bencher.iter(|| batch(&|index| reference.authorize(black_box(&requests[index])).is_allow()));
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("compile");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(bindings as u64));
    group.bench_with_input(BenchmarkId::from_parameter(bindings), model, |bencher, model| {
        bencher.iter(|| Engine::compile(black_box(model)).expect("compiled before"));
    });
    group.finish();
    Facts {
        bindings,
        load: cluster.load,
        file_bytes: cluster.file_bytes,
        table_bytes: engine.table_bytes(),
        tuples: ids.entries(),
    }
}

/// Every answer has to be the one that the generator made the request for, and as many as there is time for
/// that of the reference.
fn check_answers(cluster: &Cluster, engine: &Engine, reference: Reference<'_>) {
    let compared = (COMPARED / cluster.bindings).min(cluster.requests.len());
    for (index, (request, allowed)) in cluster.requests.iter().enumerate() {
        let request = request.as_request();
        let decision = engine.authorize(&request);
        assert_eq!(decision.is_allow(), *allowed, "request {index}: {request:?}");
        if index < compared {
            assert_eq!(decision, reference.authorize(&request), "request {index}: {request:?}");
        }
    }
    println!(
        "{} bindings: {} answers are as made for, {compared} of them compared with the reference",
        cluster.bindings,
        cluster.requests.len()
    );
}

/// The numbers of bindings to measure: `ROLECALL_BENCH_BINDINGS`, else a hundred, ten thousand, a million.
fn sizes() -> Vec<usize> {
    let sizes = env::var("ROLECALL_BENCH_BINDINGS").unwrap_or_else(|_| "100,10000,1000000".to_owned());
    sizes
        .split(',')
        .map(|size| size.parse().unwrap_or_else(|_| panic!("ROLECALL_BENCH_BINDINGS: `{size}` is no number")))
        .collect()
}

fn target_directory() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target")), PathBuf::from)
}
