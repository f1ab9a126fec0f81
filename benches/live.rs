//! What does a change of one binding cost, beside compiling the policy?
//!
//! Each row is the mean over many changes, those among them that compile layers or the whole policy anew; the longest
//! single one is printed. Every step ends with what a reader sees.

use std::time::{Duration, Instant};

use criterion::Criterion;
use rolecall::{
    Authorizer, Binding, Request, RoleRefKind, Subject,
    live::{BindingKey, LivePolicy},
};
use rolecall_benches::{is_measuring, sizes};
use rolecall_engine::Engine;
use rolecall_testkit::Cluster;

fn main() {
    let mut criterion = rolecall_benches::criterion();
    for bindings in sizes(&[10_000, 1_000_000]) {
        measure(&mut criterion, bindings);
    }
    criterion.final_summary();
}

fn measure(criterion: &mut Criterion, size: u32) {
    let policies = Cluster::new(size).policies().expect("there are few enough");
    let begin = Instant::now();
    let engine = Engine::compile(&policies).expect("the policy can be compiled");
    let compile = begin.elapsed();
    drop(engine);
    let mut live = LivePolicy::new(&policies).expect("the policy can be compiled");
    let present: Vec<Binding> = policies.bindings().to_vec();
    let role = present.iter().map(|binding| &binding.role).find(|role| role.kind == RoleRefKind::ClusterRole);
    let role = role.expect("most bindings are to ClusterRoles").clone();
    drop(policies);
    let mut reader = live.reader();
    let mut number = 0_usize;
    let mut longest = Duration::ZERO;
    // Coprime to the number of bindings, so that all of them come.
    let mut next = move || {
        number += 7_919;
        number
    };
    let mut group = criterion.benchmark_group(format!("live-{size}"));
    group.sample_size(10);
    if is_measuring() {
        group.measurement_time(Duration::from_secs(20));
    }
    let mut total = (Duration::ZERO, 0_u32);
    let mut change = |live: &mut LivePolicy, step: &mut dyn FnMut(&mut LivePolicy)| {
        let begin = Instant::now();
        step(live);
        let version = reader.current();
        let spent = begin.elapsed();
        assert_eq!(version.number(), live.current().number());
        longest = longest.max(spent);
        total = (total.0 + spent, total.1 + 1);
        spent
    };
    group.bench_function("add and remove", |bencher| {
        bencher.iter_custom(|count| {
            (0..count)
                .map(|_| {
                    let number = next();
                    let added = Binding::namespaced(
                        format!("live-{}", number % 100),
                        format!("live-{number}"),
                        role.clone(),
                        [Subject::user(format!("live-{number}"))],
                    );
                    let key = BindingKey::of(&added);
                    let mut added = Some(added);
                    change(&mut live, &mut |live| {
                        live.put_binding(added.take().expect("once")).expect("it can be added");
                    }) + change(&mut live, &mut |live| {
                        live.remove_binding(key.clone()).expect("it was there");
                    })
                })
                .sum()
        });
    });
    group.bench_function("replace", |bencher| {
        bencher.iter_custom(|count| {
            (0..count)
                .map(|_| {
                    let number = next();
                    let mut binding = present[number % present.len()].clone();
                    binding.subjects.push(Subject::user(format!("live-{}", number % 1_000)));
                    change(&mut live, &mut |live| {
                        live.put_binding(binding.clone()).expect("it can be replaced");
                    })
                })
                .sum()
        });
    });
    group.finish();
    let jane = Request::resource("get", "pods").user("nobody");
    assert!(!live.current().authorize(&jane).is_allow());
    let (spent, steps) = total;
    let mean = spent.as_secs_f64() / f64::from(steps.max(1));
    println!(
        "live-{size}: {steps} changes, mean {:.1} µs = compile / {:.0}; the longest {:.2} compiles; compile {:.1} ms",
        mean * 1e6,
        compile.as_secs_f64() / mean,
        longest.as_secs_f64() / compile.as_secs_f64(),
        compile.as_secs_f64() * 1e3
    );
}
