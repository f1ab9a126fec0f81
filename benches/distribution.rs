//! What does a decision cost depending on who asks how often, how many groups they have, and what the answer is?

use std::hint::black_box;

use criterion::Criterion;
use rolecall::Authorizer;
use rolecall_benches::{
    criterion,
    paired::{Figures, Floors},
    report::{Table, ratio, time},
    sizes,
    workload::{Asked, Workload},
};
use rolecall_engine::Engine;
use rolecall_testkit::{RequestKind, Spread, Traffic};

const SIZES: [u32; 2] = [10_000, 1_000_000];

fn main() {
    let mut criterion = criterion();
    let columns = ["bindings", "requests", "floor (strings)", "authorize", "× strings"];
    let mut table = Table::new(&columns);
    for bindings in sizes(&SIZES) {
        measure(&mut criterion, bindings, &mut table);
    }
    criterion.final_summary();
    table.print("What does a decision cost, by kind of request? Testkit's cluster; four groups unless said.");
}

fn measure(criterion: &mut Criterion, bindings: u32, table: &mut Table) {
    let mut workload = Workload::made_up(bindings, Traffic::default());
    let engine = Engine::compile(&workload.policies).expect("the policy can be compiled");
    let cluster = rolecall_testkit::Cluster::new(bindings);
    for (name, traffic) in traffics() {
        workload.requests = rolecall_benches::workload::made_up_requests(&cluster, traffic);
        workload.check(&engine);
        let asked = Asked::new(&workload.requests);
        let requests = asked.borrowed();
        let floors = Floors::new(&workload.policies, &workload.requests);
        let group = format!("requests-{bindings}");
        let figures = floors.measure(criterion, (&group, &name), &requests, |range| {
            requests[range].iter().filter(|request| engine.authorize(black_box(request)).is_allow()).count()
        });
        let of = |figure: fn(&Figures) -> f64| figures.as_ref().map(figure);
        table.row(&[
            bindings.to_string(),
            name,
            time(of(|figures| figures.strings)),
            time(of(|figures| figures.row)),
            ratio(of(|figures| figures.over_strings)),
        ]);
    }
}

/// Uniform and Zipf, with few and many groups; then each kind of answer alone.
fn traffics() -> Vec<(String, Traffic)> {
    let mut traffics = Vec::new();
    for (spread, word) in [(Spread::Uniform, "uniform"), (Spread::Zipf, "Zipf")] {
        for groups in [1, 5, 70] {
            let name = format!("{word}, groups: {groups}");
            traffics.push((name, Traffic { spread, groups, only: None }));
        }
    }
    for kind in RequestKind::ALL {
        let answer = if kind.is_allowed() { "allowed" } else { "not allowed" };
        let name = format!("{answer}: {}", words(kind));
        traffics.push((name, Traffic { only: Some(kind), ..Traffic::default() }));
    }
    traffics
}

fn words(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Granted => "what a rule covers",
        RequestKind::GrantedPath => "a path for everybody",
        RequestKind::AnotherName => "another name",
        RequestKind::AnotherNamespace => "another namespace",
        RequestKind::AnotherPath => "another path",
        RequestKind::AnotherSubresource => "another subresource",
        RequestKind::AnotherVerb => "another verb",
        RequestKind::UnknownResource => "a resource nobody names",
        RequestKind::UnknownUser => "a user nobody names",
    }
}
