#!/usr/bin/env bash
# Builds all fuzz targets and runs each for some seconds, on the stable toolchain.
#
#     fuzz/run.sh SECONDS_PER_TARGET [TARGET...]
#
# Ends with an error at the first crash, whose input is then in fuzz/crashes/TARGET/: `cargo test` replays
# what is there, so commit it with the fix. Inputs that reach new code are kept in fuzz/corpus/TARGET/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

seconds=${1:?usage: fuzz/run.sh SECONDS_PER_TARGET [TARGET...]}
shift
shared=${ROLECALL_SHARED:-$PWD/../../shared}
host=$(rustc -vV | sed -n 's/^host: //p')
target_dir=${CARGO_TARGET_DIR:-$PWD/target}

if [ $# -gt 0 ]; then
    targets=("$@")
else
    targets=()
    for file in targets/*.rs; do
        file=${file##*/}
        targets+=("${file%.rs}")
    done
fi

# libFuzzer's instrumentation without a nightly compiler. `--target` keeps the flags off build scripts.
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
coverage+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
coverage+=" -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1"
RUSTFLAGS="$coverage" CARGO_TARGET_DIR="$target_dir" cargo build --locked --release --target "$host" --bins

# A short run must not spend itself on reading seeds.
if [ "$seconds" -lt 60 ]; then size=2k; else size=16k; fi

# seeds TARGET: small files of the corpus, for the target that reads such files. Nothing of it is kept in
# the repository.
seeds() {
    local folder=$shared/corpus
    case $1 in
        manifests_yaml) find "$folder" -type f \( -name '*.yaml' -o -name '*.yml' \) -size "-$size" ;;
        manifests_json) find "$folder" -type f -name '*.json' -size "-$size" ;;
        abac_lines) find "$folder" "$shared/conformance/abac" -type f -name '*.jsonl' -path '*abac*' \
            ! -name 'requests*' ! -name 'expected*' ! -name 'rules*' ! -name 'validation*' -size "-$size" ;;
        reviews) find "$shared/conformance" -type f -name 'requests*.jsonl' ;;
    esac
}

for target in "${targets[@]}"; do
    found=corpus/$target
    given=$target_dir/fuzz-seeds/$target
    rm -rf -- "$given"
    mkdir -p "$found" "crashes/$target" "$given"
    folders=("$found" "seeds/$target" "crashes/$target")
    if [ -d "$shared/corpus" ]; then
        number=0
        while IFS= read -r file; do
            number=$((number + 1))
            # Requests come by the hundred: a few say as much, and faster.
            if [ "$target" = reviews ]; then head -n 8 -- "$file"; else cat -- "$file"; fi >"$given/$number"
        done < <(seeds "$target")
        folders+=("$given")
    elif [ -n "${CI:-}" ]; then
        echo "there is no corpus in $shared" >&2
        exit 1
    else
        echo "note: no corpus in $shared, so the seeds are few" >&2
    fi
    dictionary=()
    if [ -f "dictionaries/$target.dict" ]; then
        dictionary=("-dict=dictionaries/$target.dict")
    fi
    printf '\n-- %s, %s s --\n' "$target" "$seconds"
    log=$target_dir/fuzz-$target.log
    status=0
    "$target_dir/$host/release/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 \
        -print_final_stats=1 -artifact_prefix="crashes/$target/" "${dictionary[@]}" "${folders[@]}" \
        >"$log" 2>&1 || status=$?
    if [ "$status" -ne 0 ]; then
        tail -n 60 "$log"
        echo "$target failed: see fuzz/crashes/$target" >&2
        exit 1
    fi
    grep -E 'INITED|number_of_executed_units|peak_rss_mb|Done' "$log" || true
done
