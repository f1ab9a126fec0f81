#!/usr/bin/env bash
# Counts the instructions of a decision, and fails where there are 5 % more than in baseline.txt.
#
#     benches/instructions/run.sh
#
# ROLECALL_UPDATE_INSTRUCTIONS=1  takes over what is counted now as the baseline
#
# Instructions do not depend on what else the machine does, so that a few percent can be seen; what they take
# does. The baseline belongs to one compiler and one kind of processor: with others, more is a warning.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly baseline=baseline.txt allowed_percent=5

if ! command -v valgrind >/dev/null; then
    cat >&2 <<'NOTICE'
!! instructions were NOT counted: there is no valgrind here (apt-get install valgrind)
!! nothing holds the hot path to benches/instructions/baseline.txt in this run
NOTICE
    exit 0
fi

target=${CARGO_TARGET_DIR:-$PWD/../target}
cargo build --quiet --locked --release --package rolecall-instructions
program=$target/release/rolecall-instructions
machine="$(rustc --version), $(uname -m)"

# count WORKLOAD: instructions for each decision (for a compilation: each binding).
count() {
    local log collected times
    log=$(mktemp)
    times=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no \
        '--toggle-collect=rolecall_instructions::measured*' "$program" "$1" 2>"$log") || {
        cat "$log" >&2
        return 1
    }
    collected=$(sed -n 's/^==[0-9]*== Collected : *\([0-9]*\).*/\1/p' "$log")
    rm -f "$log"
    if [ -z "$collected" ] || [ "$collected" -eq 0 ]; then
        echo "callgrind counted nothing inside of \`measured\`" >&2
        return 1
    fi
    echo $((collected / times))
}

counted=""
for workload in $("$program"); do
    instructions=$(count "$workload")
    counted+="$workload $instructions"$'\n'
done

if [ -n "${ROLECALL_UPDATE_INSTRUCTIONS:-}" ]; then
    printf '# instructions a decision (compile: a binding); %s\n%s' "$machine" "$counted" >"$baseline"
    cat "$baseline"
    exit 0
fi

[ -e "$baseline" ] || : >"$baseline"
same_machine=false
grep -qxF "# instructions a decision (compile: a binding); $machine" "$baseline" && same_machine=true
more=false
printf '%-28s %10s %10s\n' 'instructions' 'baseline' 'now'
while read -r workload now; do
    before=$(sed -n "s/^$workload //p" "$baseline")
    if [ -z "$before" ]; then
        printf '%-28s %10s %10d  new: take it over\n' "$workload" – "$now"
        more=true
        continue
    fi
    percent=$(awk -v now="$now" -v before="$before" 'BEGIN { printf "%+.1f", 100 * (now / before - 1) }')
    verdict=""
    if [ $((now * 100)) -gt $((before * (100 + allowed_percent))) ]; then
        verdict="  MORE THAN ALLOWED"
        more=true
    elif [ $((now * 100)) -lt $((before * (100 - allowed_percent))) ]; then
        verdict="  fewer: take it over"
    fi
    printf '%-28s %10d %10d  %s %%%s\n' "$workload" "$before" "$now" "$percent" "$verdict"
done <<<"${counted%$'\n'}"

if $more; then
    echo "to take over what is counted now: ROLECALL_UPDATE_INSTRUCTIONS=1 benches/instructions/run.sh" >&2
    if $same_machine; then
        exit 1
    fi
    echo "!! the baseline is of another compiler or processor ($(head -n 1 "$baseline")), so this is only a warning" >&2
fi
