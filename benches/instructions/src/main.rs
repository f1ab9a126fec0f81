//! One workload at a time, of which callgrind counts what happens inside of [`measured`] and nothing else.
//!
//! Without an argument it lists the workloads; with the name of one it does it and prints how many decisions (or
//! bindings) that were, by which `run.sh` divides.

use std::{env, hint::black_box, process::ExitCode};

use rolecall_engine::{CompileOptions, Engine};
use rolecall_model::{Authorizer, PolicySet, Request};
use rolecall_testkit::{Cluster, ClusterRequest, Traffic};

const DECISIONS: usize = 2_000;

/// What is done.
enum Work<'a> {
    Authorize(&'a Engine, &'a [Request<'a>]),
    Compile(&'a PolicySet),
}

/// Whether a request belongs to a workload.
type Wanted = fn(&ClusterRequest) -> bool;

/// The workloads: how many bindings, how many groups, and which requests.
const AUTHORIZE: [(&str, u32, usize, Wanted); 5] = [
    ("authorize-hit-100", 100, 4, |asked| asked.kind.is_allowed()),
    ("authorize-miss-100", 100, 4, |asked| !asked.kind.is_allowed()),
    ("authorize-hit-10000", 10_000, 4, |asked| asked.kind.is_allowed()),
    ("authorize-miss-10000", 10_000, 4, |asked| !asked.kind.is_allowed()),
    ("authorize-70-groups-10000", 10_000, 70, |_| true),
];

const COMPILE: &str = "compile-10000";

fn main() -> ExitCode {
    let Some(name) = env::args().nth(1) else {
        for (name, ..) in AUTHORIZE {
            println!("{name}");
        }
        println!("{COMPILE}");
        return ExitCode::SUCCESS;
    };
    if name == COMPILE {
        let policies = policies(&Cluster::new(10_000));
        println!("{}", measured(black_box(&Work::Compile(&policies))));
        return ExitCode::SUCCESS;
    }
    let Some((_, bindings, groups, kind)) = AUTHORIZE.into_iter().find(|(known, ..)| *known == name) else {
        eprintln!("no such workload: {name}");
        return ExitCode::FAILURE;
    };
    let cluster = Cluster::new(bindings);
    let engine = compile(&policies(&cluster));
    let traffic = Traffic { groups, ..Traffic::default() };
    let asked: Vec<_> = cluster.requests(traffic).filter(kind).take(DECISIONS).collect();
    let requests: Vec<_> = asked.iter().map(|asked| asked.request.as_request()).collect();
    println!("{}", measured(black_box(&Work::Authorize(&engine, &requests))));
    ExitCode::SUCCESS
}

fn policies(cluster: &Cluster) -> PolicySet {
    cluster.policies().expect("fewer than 2³² objects")
}

/// Compiles with a fixed seed of the hashes, so that the same work takes the same instructions.
fn compile(policies: &PolicySet) -> Engine {
    let options = CompileOptions::default().seeded(1);
    Engine::compile_with(policies, &options).expect("the policy can be compiled")
}

/// Does the work. Callgrind is told this function's name.
#[inline(never)]
fn measured(work: &Work<'_>) -> usize {
    match work {
        Work::Authorize(engine, requests) => {
            let allowed = requests.iter().filter(|request| engine.authorize(request).is_allow()).count();
            black_box(allowed);
            requests.len()
        }
        Work::Compile(policies) => {
            drop(black_box(compile(policies)));
            policies.bindings().len()
        }
    }
}
