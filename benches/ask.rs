//! What do questions about a policy cost: who can, what can, why?
//!
//! Indexes are made once and measured beside the compilation of the same policy; answers are measured after that.

use std::{env, hint::black_box, path::PathBuf};

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use rolecall::{
    OwnedRequest, OwnedTarget,
    analysis::{
        access_matrix::{Access, AccessMatrix},
        explain::{Explainer, GrantIndex},
        who_can::Inverse,
    },
};
use rolecall_benches::cluster::Cluster;
use rolecall_engine::Engine;

fn main() {
    let output = target_directory().join("criterion");
    let mut criterion = Criterion::default().output_directory(&output).configure_from_args();
    for bindings in sizes() {
        measure(&mut criterion, bindings);
    }
    criterion.final_summary();
}

fn measure(criterion: &mut Criterion, bindings: usize) {
    let cluster = Cluster::generate(bindings);
    let model = cluster.policies.model();

    let mut group = criterion.benchmark_group(format!("index-{bindings}"));
    group.sample_size(10).sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(bindings as u64));
    group.bench_function("compile", |bencher| {
        bencher.iter(|| Engine::compile(black_box(model)).expect("the policy can be compiled"));
    });
    group.bench_function("who-can", |bencher| bencher.iter(|| Inverse::new(black_box(model))));
    group.bench_function("what-can", |bencher| bencher.iter(|| GrantIndex::of(black_box(model))));
    group.finish();

    let engine = Engine::compile(model).expect("the policy can be compiled");
    let inverse = Inverse::new(model);
    let index = GrantIndex::of(model);
    let explainer = Explainer::new(model);
    let requests: Vec<_> = cluster.requests.iter().map(|(request, _)| request).collect();
    let mut group = criterion.benchmark_group("ask");
    let id = |question| BenchmarkId::new(question, bindings);
    group.bench_function(id("who-can"), |bencher| {
        let mut next = cycle(&requests);
        bencher.iter(|| {
            let request = next();
            inverse.who_can(&request.verb, request.target.as_target())
        });
    });
    group.bench_function(id("who-can-in-reading-order"), |bencher| {
        let mut next = cycle(&requests);
        bencher.iter(|| {
            let request = next();
            inverse.who_can(&request.verb, request.target.as_target()).in_reading_order().len()
        });
    });
    group.bench_function(id("who-can-in-all-namespaces"), |bencher| {
        let mut next = cycle(&requests);
        bencher.iter(|| {
            let request = next();
            inverse.who_can_in_all_namespaces(&request.verb, request.target.as_target())
        });
    });
    let longest = requests
        .iter()
        .take(LOOKED_AT_FOR_THE_LONGEST)
        .max_by_key(|request| {
            inverse.who_can_in_all_namespaces(&request.verb, request.target.as_target()).holdings().count()
        })
        .expect("there are requests");
    group.bench_function(id("who-can-in-all-namespaces-longest"), |bencher| {
        bencher
            .iter(|| inverse.who_can_in_all_namespaces(&longest.verb, black_box(longest.target.as_target())));
    });
    group.bench_function(id("who-can-in-all-namespaces-read"), |bencher| {
        let mut next = cycle(&requests);
        bencher.iter(|| {
            let request = next();
            let answer = inverse.who_can_in_all_namespaces(&request.verb, request.target.as_target());
            answer.holdings().inspect(|holding| _ = black_box(holding)).count()
        });
    });
    group.bench_function(id("what-can"), |bencher| {
        let mut next = cycle(&requests);
        bencher.iter(|| {
            let request = next();
            let groups: Vec<&str> = request.groups.iter().map(String::as_str).collect();
            let access = Access::of(model, &index, &request.user, &groups);
            AccessMatrix::of(model, &access.given, Some(namespace(request)))
        });
    });
    group.bench_function(id("what-can-in-all-namespaces"), |bencher| {
        let mut next = cycle(&requests);
        bencher.iter(|| {
            let request = next();
            let groups: Vec<&str> = request.groups.iter().map(String::as_str).collect();
            let access = Access::of(model, &index, &request.user, &groups);
            AccessMatrix::of(model, &access.given, None)
        });
    });
    group.bench_function(id("explain"), |bencher| {
        let mut next = cycle(&requests);
        bencher.iter(|| explainer.explain(&engine, &next().as_request()));
    });
    group.finish();
}

/// Of how many requests the one with the longest answer is taken.
const LOOKED_AT_FOR_THE_LONGEST: usize = 200;

/// One request after the other, and again from the first.
fn cycle<'a>(requests: &'a [&'a OwnedRequest]) -> impl FnMut() -> &'a OwnedRequest {
    let mut next = requests.iter().cycle();
    move || next.next().expect("there are requests")
}

fn namespace(request: &OwnedRequest) -> &str {
    match &request.target {
        OwnedTarget::Path(_) => "",
        OwnedTarget::Resource { namespace, .. } => namespace,
    }
}

/// The numbers of bindings to measure: `ROLECALL_BENCH_BINDINGS`, else a hundred, ten thousand, a hundred thousand.
fn sizes() -> Vec<usize> {
    let sizes = env::var("ROLECALL_BENCH_BINDINGS").unwrap_or_else(|_| "100,10000,100000".to_owned());
    sizes
        .split(',')
        .map(|size| size.parse().unwrap_or_else(|_| panic!("ROLECALL_BENCH_BINDINGS: `{size}` is no number")))
        .collect()
}

fn target_directory() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target")), PathBuf::from)
}
