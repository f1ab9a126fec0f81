//! What does a decision cost in the shapes that hurt people elsewhere?

use std::hint::black_box;

use rolecall::Authorizer;
use rolecall_benches::{
    criterion, is_measuring,
    paired::{Figures, Floors},
    report::{Table, ratio, time},
    workload::{Asked, Workload},
};
use rolecall_engine::Engine;
use rolecall_testkit::{Shape, Traffic};

fn main() {
    let mut criterion = criterion();
    let mut table = Table::new(&[
        "shape",
        "bindings",
        "floor (strings)",
        "authorize",
        "× strings",
        "× the engine at 100 bindings",
        "linear scan ÷ authorize",
    ]);
    // What only runs once runs small.
    let divisor = if is_measuring() { 1 } else { 100 };
    let mut plain = None;
    let workloads = std::iter::once_with(|| Workload::made_up(100, Traffic::default()))
        .chain(Shape::ALL.into_iter().map(|shape| Workload::shape(shape, divisor)));
    for workload in workloads {
        let engine = Engine::compile(&workload.policies).expect("the policy can be compiled");
        workload.check(&engine);
        let asked = Asked::new(&workload.requests);
        let requests = asked.borrowed();
        let floors = Floors::new(&workload.policies, &workload.requests);
        let figures = floors.measure(&mut criterion, ("shapes", &workload.name), &requests, |range| {
            requests[range].iter().filter(|request| engine.authorize(black_box(request)).is_allow()).count()
        });
        let linear = workload.linear();
        let of = |figure: fn(&Figures) -> f64| figures.as_ref().map(figure);
        let row = of(|figures| figures.row);
        plain = plain.or(row);
        table.row(&[
            workload.name.clone(),
            workload.policies.bindings().len().to_string(),
            time(of(|figures| figures.strings)),
            time(row),
            ratio(of(|figures| figures.over_strings)),
            ratio(row.zip(plain).map(|(row, plain)| row / plain)),
            ratio(row.map(|row| linear / row)),
        ]);
    }
    criterion.final_summary();
    table.print("What does a decision cost in the shapes that hurt people elsewhere?");
    if is_measuring() {
        for shape in Shape::ALL {
            println!("{}: {}", shape.name(), shape.source());
        }
    }
}
