#!/bin/sh
# Applies each patch of this directory, a small fault of the engine, to a copy of the workspace, and checks
# that the test which its header names fails there. One line a mutant; exit status 1 if one survives.
#
#   tests/mutants/run.sh [NAME…]      all mutants, or those of these names
#
# The copy's builds are kept in $ROLECALL_MUTANTS_TARGET (target/mutants by default) for the next run.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
CARGO_TARGET_DIR=${ROLECALL_MUTANTS_TARGET:-$root/target/mutants}
export CARGO_TARGET_DIR
# The copy has to stand at the same place each time: cargo takes another path for another package.
copy=$CARGO_TARGET_DIR/workspace
log=$CARGO_TARGET_DIR/log
mkdir -p "$copy"
find "$copy" -mindepth 1 -delete
(cd "$root" && git ls-files -z --cached --others --exclude-standard | tar --null --files-from=- --create) |
    tar --extract --touch --directory="$copy"
cd "$copy"
# The copy is no part of the repository around it, where git would look for what it patches.
GIT_CEILING_DIRECTORIES=$CARGO_TARGET_DIR
export GIT_CEILING_DIRECTORIES

# header FIELD PATCH: what stands behind `# FIELD: ` in a patch.
header() {
    sed -n "s/^# $1: //p" "$2"
}

# passes ARGUMENTS…: whether `cargo test` passes with them; what it prints goes to the log.
passes() {
    cargo test --quiet --locked "$@" >"$log" 2>&1 </dev/null
}

patches=$here/*.patch
[ $# -eq 0 ] || patches=$(printf "$here/%s.patch\n" "$@")

# Without a mutant every named test passes, or its failing would say nothing.
for patch in $patches; do header test "$patch"; done | sort -u >"$CARGO_TARGET_DIR/tests"
while read -r arguments; do
    if ! passes $arguments; then
        cat "$log"
        echo "the unchanged workspace fails: cargo test $arguments"
        exit 2
    fi
done <"$CARGO_TARGET_DIR/tests"

survivors=0
for patch in $patches; do
    name=$(basename "$patch" .patch)
    arguments=$(header test "$patch")
    if [ -z "$arguments" ] || ! git apply "$patch" >"$log" 2>&1; then
        cat "$log"
        echo "$name: STALE: does not apply, or names no test"
        survivors=$((survivors + 1))
        continue
    fi
    if ! passes $arguments --no-run; then
        tail -n 20 "$log"
        echo "$name: BROKEN: does not compile"
        survivors=$((survivors + 1))
    elif passes $arguments; then
        echo "$name: SURVIVED: $(header fault "$patch")"
        survivors=$((survivors + 1))
    else
        echo "$name: killed by $arguments"
    fi
    git apply --reverse "$patch"
done
[ "$survivors" -eq 0 ]
