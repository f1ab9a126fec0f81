#!/usr/bin/env bash
# Measures what a decision costs over its floors, and what questions about a policy cost.
#
#     benches/run.sh [--smoke] [CRITERION ARGUMENT...]
#
# ROLECALL_BENCH_BINDINGS  which sizes (default: 100,10000,1000000, the last takes some minutes;
#                          for questions 100,10000,100000)
# ROLECALL_SHARED          where bench-data/gen_cluster.py is (default: ../shared beside the project)
#
# --smoke runs everything once at the smallest size and measures nothing: CI does, so that it never rots.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if [ "${1:-}" = --smoke ]; then
    shift
    export ROLECALL_BENCH_BINDINGS=${ROLECALL_BENCH_BINDINGS:-100}
    # Unoptimised: nothing is measured, and it is built in a fraction of the time.
    exec cargo test --locked --bench authorize -- "$@"
fi
cargo bench --locked --bench authorize -- "$@"
exec cargo bench --locked --bench ask -- "$@"
