#!/usr/bin/env bash
# Measures what a decision costs over its floors, and what questions about a policy cost.
#
#     benches/run.sh [--smoke] [NAME] [CRITERION ARGUMENT...]
#
# NAME is one of the benchmarks below; without one all are run, which takes about half an hour and 5 GB.
#
# ROLECALL_BENCH_BINDINGS  which sizes, as 100,10000 (default: each benchmark has its own, up to a million)
# ROLECALL_SHARED          where bench-data/gen_cluster.py is (default: ../shared beside the project)
#
# --smoke runs everything once at the smallest size and measures nothing: CI does, so that it never rots.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

benchmarks=(authorize distribution shapes threads ask live)

if [ "${1:-}" = --smoke ]; then
    shift
    export ROLECALL_BENCH_BINDINGS=${ROLECALL_BENCH_BINDINGS:-100}
    # Unoptimised: nothing is measured, and it is built in a fraction of the time.
    exec cargo test --locked --quiet "${benchmarks[@]/#/--bench=}" -- "$@"
fi
for name in "${benchmarks[@]}"; do
    if [ "${1:-}" = "$name" ]; then
        shift
        exec cargo bench --locked --bench "$name" -- "$@"
    fi
done
for name in "${benchmarks[@]}"; do
    cargo bench --locked --bench "$name" -- "$@"
done
