//! Measuring a row beside the floors: each of criterion's samples times the floors too, one after the other.
//!
//! A machine that others use is now fast and now slow. What is timed within the same tenth of a second is
//! slow together, so that the median of the samples' ratios holds where a ratio of two medians does not.

use std::{
    cell::RefCell,
    hint::black_box,
    ops::Range,
    time::{Duration, Instant},
};

use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput, measurement::WallTime};
use rolecall::{
    OwnedRequest, Request,
    analysis::floor::{IdFloor, StringFloor},
    model::PolicySet,
};

/// How many decisions one measured iteration makes; the next iteration goes on where it ended.
pub const PASS: usize = 2_000;

const SAMPLES: usize = 20;

/// What was measured of a row, for one decision.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// The floor over numbers, in nanoseconds.
    pub ids: f64,
    /// The floor over strings, in nanoseconds.
    pub strings: f64,
    /// The row itself, in nanoseconds.
    pub row: f64,
    /// The row over the floor over numbers.
    pub over_ids: f64,
    /// The row over the floor over strings.
    pub over_strings: f64,
}

/// The floors of a policy.
#[derive(Debug)]
pub struct Floors {
    ids: IdFloor,
    strings: StringFloor,
}

impl Floors {
    /// Makes both floors, over as many entries as the policy has triples.
    pub fn new(policies: &PolicySet, requests: &[(OwnedRequest, bool)]) -> Self {
        let ids = IdFloor::new(policies, requests.len());
        let strings = StringFloor::new(requests.iter().map(|(request, _)| request), ids.entries());
        Self { ids, strings }
    }

    /// How many triples there are.
    pub fn entries(&self) -> usize {
        self.ids.entries()
    }

    /// Measures a row, unless criterion is told not to. `row` makes the decisions of a range of the requests and
    /// says how many are allowed.
    pub fn measure(
        &self,
        criterion: &mut Criterion,
        (group, name): (&str, &str),
        requests: &[Request<'_>],
        mut row: impl FnMut(Range<usize>) -> usize,
    ) -> Option<Figures> {
        let samples = RefCell::new(Vec::new());
        let pass = PASS.min(requests.len());
        let mut cursors = [0; 3];
        let mut group = start(criterion, group, pass);
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|passes| {
                let [ids, strings, own] = &mut cursors;
                let ids = timed(passes, ids, (pass, requests.len()), |range| {
                    range.filter(|&index| self.ids.answer(black_box(index))).count()
                });
                let strings = timed(passes, strings, (pass, requests.len()), |range| {
                    requests[range].iter().filter(|request| self.strings.answer(black_box(request))).count()
                });
                let own = timed(passes, own, (pass, requests.len()), &mut row);
                samples.borrow_mut().push((passes, [ids, strings, own]));
                own
            });
        });
        group.finish();
        figures(&samples.into_inner(), pass)
    }
}

fn start<'a>(criterion: &'a mut Criterion, name: &str, pass: usize) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group
        .sample_size(SAMPLES)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500))
        .throughput(Throughput::Elements(pass as u64));
    group
}

/// Times some passes, which go round the requests.
fn timed(
    passes: u64,
    cursor: &mut usize,
    (pass, requests): (usize, usize),
    mut row: impl FnMut(Range<usize>) -> usize,
) -> Duration {
    let begin = Instant::now();
    for _ in 0..passes {
        if *cursor + pass > requests {
            *cursor = 0;
        }
        black_box(row(*cursor..*cursor + pass));
        *cursor += pass;
    }
    begin.elapsed()
}

/// The medians of the samples that counted: the last ones, those before were to warm up.
fn figures(samples: &[(u64, [Duration; 3])], pass: usize) -> Option<Figures> {
    let last = samples.len().saturating_sub(SAMPLES);
    let samples: Vec<[f64; 3]> = samples[last..]
        .iter()
        .map(|(passes, times)| {
            times.map(|time| time.as_secs_f64() * 1e9 / count(*passes) / count(pass as u64))
        })
        .collect();
    let median = |of: &dyn Fn(&[f64; 3]) -> f64| {
        let mut values: Vec<f64> = samples.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    Some(Figures {
        ids: median(&|[ids, _, _]| *ids)?,
        strings: median(&|[_, strings, _]| *strings)?,
        row: median(&|[_, _, row]| *row)?,
        over_ids: median(&|[ids, _, row]| row / ids)?,
        over_strings: median(&|[_, strings, row]| row / strings)?,
    })
}

#[expect(clippy::cast_precision_loss, reason = "figures for reading")]
fn count(number: u64) -> f64 {
    number as f64
}
