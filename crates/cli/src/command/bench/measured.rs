//! Measuring: rounds of the floors and the engine one after the other, then decisions one by one.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use rolecall::{Engine, OwnedRequest, Request};
use rolecall_analysis::floor::{IdFloor, StringFloor};

/// What was measured; times are nanoseconds of one decision.
pub(super) struct Measured {
    pub(super) floor_ids: f64,
    pub(super) floor_strings: f64,
    pub(super) authorize: f64,
    /// The median of the rounds' ratios: what slows a round slows all of it.
    pub(super) over_strings: f64,
    pub(super) over_ids: f64,
    pub(super) allowed: usize,
    pub(super) warm: Latency,
    pub(super) cold: Latency,
}

/// How long single decisions take, the clock's own time taken off.
pub(super) struct Latency {
    pub(super) samples: usize,
    pub(super) p50: f64,
    pub(super) p99: f64,
    /// Unless there are fewer than a thousand samples.
    pub(super) p999: Option<f64>,
}

/// The fewest rounds that a median is made of.
const ROUNDS: usize = 5;

/// How much memory is walked over to drive everything else out of the caches, in steps of a cache line.
const EVICTED: usize = 48 << 20;
const LINE: usize = 64;

pub(super) fn measure(engine: &Engine, requests: &[OwnedRequest], time: Duration) -> Measured {
    let groups: Vec<Vec<&str>> =
        requests.iter().map(|request| request.groups.iter().map(String::as_str).collect()).collect();
    let requests: Vec<Request<'_>> = requests
        .iter()
        .zip(&groups)
        .map(|(request, groups)| Request {
            user: &request.user,
            groups: groups.into(),
            verb: &request.verb,
            target: request.target.as_target(),
        })
        .collect();
    let model = engine.policies().model();
    let ids = IdFloor::new(model, requests.len());
    let owned: Vec<OwnedRequest> = requests.iter().map(OwnedRequest::from).collect();
    let strings = StringFloor::new(&owned, ids.entries());
    drop(owned);

    // Short lists are gone through several times, so that the clock does not count.
    let passes = (20_000_usize).div_ceil(requests.len()).max(1);
    let per = |time: Duration| time.as_secs_f64() * 1e9 / float(passes * requests.len());
    let mut rounds: Vec<[f64; 3]> = Vec::new();
    let begin = Instant::now();
    // Three rows are measured in it.
    while rounds.len() <= ROUNDS || begin.elapsed() < 3 * time {
        rounds.push(
            [
                timed(passes, || (0..requests.len()).filter(|&index| ids.answer(black_box(index))).count()),
                timed(passes, || {
                    requests.iter().filter(|request| strings.answer(black_box(request))).count()
                }),
                timed(passes, || {
                    let allowed =
                        requests.iter().filter(|request| engine.authorize(black_box(request)).is_allow());
                    allowed.count()
                }),
            ]
            .map(per),
        );
    }
    // The first is to warm up.
    rounds.remove(0);
    let median = |of: &dyn Fn(&[f64; 3]) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        rank(&values, 0.5)
    };
    Measured {
        floor_ids: median(&|[ids, _, _]| *ids),
        floor_strings: median(&|[_, strings, _]| *strings),
        authorize: median(&|[_, _, authorize]| *authorize),
        over_strings: median(&|[_, strings, authorize]| authorize / strings),
        over_ids: median(&|[ids, _, authorize]| authorize / ids),
        allowed: requests.iter().filter(|request| engine.authorize(request).is_allow()).count(),
        warm: alone(engine, &requests, time, || ()),
        cold: alone(engine, &requests, 3 * time, evictor()),
    }
}

fn timed(passes: usize, mut pass: impl FnMut() -> usize) -> Duration {
    let begin = Instant::now();
    for _ in 0..passes {
        black_box(pass());
    }
    begin.elapsed()
}

/// Times decisions one by one, each after `before`, as many as there is time for.
fn alone(engine: &Engine, requests: &[Request<'_>], time: Duration, mut before: impl FnMut()) -> Latency {
    let clock = clock();
    let mut samples = Vec::new();
    let begin = Instant::now();
    // Not in their order, so that no decision follows its neighbour.
    let mut place = 0;
    while samples.is_empty() || begin.elapsed() < time && samples.len() < 1_000_000 {
        place = (place + 7919) % requests.len().max(1);
        let Some(request) = requests.get(place) else { break };
        before();
        let start = Instant::now();
        black_box(engine.authorize(black_box(request)).is_allow());
        let taken = start.elapsed().as_secs_f64() * 1e9;
        samples.push((taken - clock).max(0.0));
    }
    samples.sort_by(f64::total_cmp);
    Latency {
        samples: samples.len(),
        p50: rank(&samples, 0.5),
        p99: rank(&samples, 0.99),
        p999: (samples.len() >= 1000).then(|| rank(&samples, 0.999)),
    }
}

/// What asking the clock twice takes by itself.
fn clock() -> f64 {
    let mut times: Vec<_> = (0..1001)
        .map(|_| {
            let start = Instant::now();
            start.elapsed().as_secs_f64() * 1e9
        })
        .collect();
    times.sort_by(f64::total_cmp);
    rank(&times, 0.5)
}

/// Writes over more memory than the caches hold.
fn evictor() -> impl FnMut() {
    let mut memory = vec![0u8; EVICTED];
    move || {
        for line in memory.chunks_mut(LINE) {
            if let Some(byte) = line.first_mut() {
                *byte = byte.wrapping_add(1);
            }
        }
        black_box(&memory);
    }
}

/// The nearest rank of a share, of values in their order; 0 for none.
fn rank(values: &[f64], share: f64) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank of what fits in memory"
    )]
    let rank = (share * float(values.len())).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "figures for reading")]
fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let values: Vec<f64> = (1..=1000).map(f64::from).collect();
        let ranks = [rank(&values, 0.5), rank(&values, 0.99), rank(&values, 0.999), rank(&[7.0], 0.999)];
        assert_eq!(format!("{ranks:?}"), "[500.0, 990.0, 999.0, 7.0]");
        assert!(rank(&[], 0.5) < 1.0);
    }
}
