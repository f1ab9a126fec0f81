//! What do questions about a policy cost: who can, what can, why?
//!
//! Indexes are made once and measured beside the compilation of the same policy; answers are measured after that.

use std::{fs, hint::black_box, path::Path};

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use rolecall::{
    OwnedRequest, OwnedTarget,
    analysis::{
        VerifyOptions,
        access_matrix::{Access, AccessMatrix},
        explain::{Explainer, GrantIndex},
        lints::{self, Facts, KnownType, Level, Levels},
        verify,
        who_can::Inverse,
    },
    kubernetes::{
        default_roles,
        load::{Load, LoadOptions, Loader, Validate},
        resource_types::ResourceTypes,
    },
    model::PolicySet,
};
use rolecall_benches::{
    cluster::Cluster,
    report::{Table, ratio, time},
    sizes, target_directory,
};
use rolecall_engine::Engine;
use rolecall_reference::Reference;

fn main() {
    let mut criterion = rolecall_benches::criterion();
    let mut table = Table::new(&["bindings", "", "measured", "limit", "reached"]);
    for bindings in sizes(&[100, 10_000, 100_000]) {
        let comparisons = measure(&mut criterion, bindings as usize);
        report(&target_directory().join("criterion"), bindings, comparisons, &mut table);
    }
    criterion.final_summary();
    table.print("What do questions about a policy cost? The limits are those at 10⁵ bindings.");
}

/// Gives back how many comparisons `verify` makes, where it is measured.
fn measure(criterion: &mut Criterion, bindings: usize) -> Option<u64> {
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

    measure_check(criterion, &cluster);
    let comparisons = (bindings <= VERIFIED).then(|| measure_verify(criterion, model, bindings));

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
    comparisons
}

/// What `rolecall check` does, with every lint, beside what every other command does before it answers.
fn measure_check(criterion: &mut Criterion, cluster: &Cluster) {
    let texts: Vec<_> = cluster.policies.sources().iter().map(|(_, source)| source.text()).collect();
    let load = |validate| {
        let mut loader = Loader::new(LoadOptions { validate, ..LoadOptions::default() });
        for text in &texts {
            loader.add("policy.jsonl", text.as_bytes().to_vec());
        }
        loader.finish()
    };
    let mut levels = Levels::default();
    levels.set(Levels::LINTS, Level::Warn);
    let mut group = criterion.benchmark_group(format!("check-{}", cluster.bindings));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.bench_function("load-and-compile", |bencher| {
        bencher.iter(|| {
            let policies = load(Validate::Warn).policies.expect("the policy has no error");
            Engine::compile(&policies).expect("the policy can be compiled")
        });
    });
    group.bench_function("check", |bencher| {
        bencher.iter(|| {
            let load = load(Validate::Strict);
            let policies = load.policies.as_ref().expect("the policy has no error");
            lints::check(policies, &facts(&load), &levels).len()
        });
    });
    group.finish();
}

/// As the command has them.
fn facts(load: &Load) -> Facts<'_> {
    let built_in = ResourceTypes::built_in().iter().count();
    let types = load.resource_types.iter().enumerate().map(|(number, known)| KnownType {
        group: &known.group,
        plural: &known.plural,
        singular: &known.singular,
        built_in: number < built_in,
    });
    let roles = default_roles::roles().into_iter().map(|role| {
        (role.kind(), role.namespace.map_or_else(String::new, |name| name.to_string()), role.name.to_string())
    });
    Facts::new()
        .types(types)
        .namespaces(load.namespaces.iter().map(String::as_str))
        .service_accounts(load.service_accounts.iter().map(|(one, other)| (one.as_str(), other.as_str())))
        .defaults(roles)
        .places(&load.places)
}

/// The reference walks through the whole policy for each asker and namespace: larger ones measure nothing but that.
const VERIFIED: usize = 10_000;

fn measure_verify(criterion: &mut Criterion, model: &PolicySet, bindings: usize) -> u64 {
    let engine = Engine::compile(model).expect("the policy can be compiled");
    let reference = Reference::new(model);
    let options = VerifyOptions { exhaustive_limit: 300_000, samples: 30_000, ..VerifyOptions::default() };
    let run = || verify(model, &engine, &reference, &options, &mut |_| ());
    let found = run();
    assert!(found.agrees(), "{:?}", found.differences);
    let mut group = criterion.benchmark_group("verify");
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .throughput(Throughput::Elements(found.comparisons()));
    group.bench_function(BenchmarkId::from_parameter(bindings), |bencher| bencher.iter(run));
    group.finish();
    found.comparisons()
}

/// Adds what was measured at a size to the table, with the limit of each.
fn report(figures: &Path, bindings: u32, comparisons: Option<u64>, table: &mut Table) {
    let median = |group: &str, row: &str| {
        let file = figures.join(group).join(row).join("new").join("estimates.json");
        let estimates: serde_json::Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
        estimates.pointer("/median/point_estimate")?.as_f64()
    };
    let size = bindings.to_string();
    let mut row = |what: &str, measured: String, limit: &str, reached: Option<bool>| {
        let reached = reached.map_or("–", |reached| if reached { "yes" } else { "no" });
        table.row(&[&size, what, &measured, limit, reached]);
    };
    let index = format!("index-{bindings}");
    for name in ["who-can", "what-can"] {
        let of = median(&index, name).zip(median(&index, "compile")).map(|(index, compile)| index / compile);
        row(&format!("index of {name} ÷ compile"), ratio(of), "≤ 0.5", of.map(|of| of <= 0.5));
    }
    for name in ASKED {
        let took = median("ask", &format!("{name}/{bindings}"));
        row(name, time(took), "≤ 1 ms", took.map(|took| took <= 1e6));
    }
    let read = median("ask", &format!("who-can-in-all-namespaces-read/{bindings}"));
    row("who-can-in-all-namespaces, gone through", time(read), "–", None);
    let explain = median("ask", &format!("explain/{bindings}"));
    row("explain", time(explain), "–", None);
    let check = format!("check-{bindings}");
    let of = median(&check, "check").zip(median(&check, "load-and-compile")).map(|(one, other)| one / other);
    row("check ÷ (load + compile)", ratio(of), "≤ 1.5", of.map(|of| of <= 1.5));
    if let (Some(comparisons), Some(took)) = (comparisons, median("verify", &size)) {
        let millions = f64::from(u32::try_from(comparisons).unwrap_or(u32::MAX)) / took * 1e3;
        row("verify, comparisons", format!("{millions:.2} M/s"), "≥ 1 M/s", Some(millions >= 1.0));
    }
}

/// Questions whose answers have a limit.
const ASKED: [&str; 6] = [
    "who-can",
    "who-can-in-reading-order",
    "who-can-in-all-namespaces",
    "who-can-in-all-namespaces-longest",
    "what-can",
    "what-can-in-all-namespaces",
];

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
