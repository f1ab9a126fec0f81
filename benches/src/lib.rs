//! What the benchmarks are made of: policies with requests, measuring beside the floors, and tables.

pub mod cluster;
pub mod paired;
pub mod report;
pub mod workload;

use std::{env, path::PathBuf};

use criterion::Criterion;

/// Criterion, with its figures below this package's target folder.
pub fn criterion() -> Criterion {
    Criterion::default().output_directory(&target_directory().join("criterion")).configure_from_args()
}

/// This package's target folder.
pub fn target_directory() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target")), PathBuf::from)
}

/// Whether cargo says that this is to measure; otherwise everything only runs once.
pub fn is_measuring() -> bool {
    env::args().any(|argument| argument == "--bench")
}

/// The numbers of bindings to measure: `ROLECALL_BENCH_BINDINGS`, else these.
///
/// # Panics
///
/// When the variable holds something else than numbers.
pub fn sizes(default: &[u32]) -> Vec<u32> {
    let Ok(sizes) = env::var("ROLECALL_BENCH_BINDINGS") else { return default.to_owned() };
    sizes
        .split(',')
        .map(|size| size.parse().unwrap_or_else(|_| panic!("ROLECALL_BENCH_BINDINGS: `{size}` is no number")))
        .collect()
}
