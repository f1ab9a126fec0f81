#!/usr/bin/env bash
# Prints the krew manifest of a release: its version and the checksums of its archives filled in.
#
#     bash packaging/krew/render.sh VERSION ARCHIVES > rolecall.yaml
#
# VERSION is that of the release, without a v (1.2.3); ARCHIVES is the folder with all archives that the
# template names. One that is missing is an error: a manifest without a checksum is worse than none.
set -euo pipefail

if [ $# -ne 2 ]; then
    echo "usage: render.sh VERSION ARCHIVES" >&2
    exit 2
fi
version=$1
archives=$2
template=$(dirname "${BASH_SOURCE[0]}")/rolecall.yaml

if ! [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]]; then
    echo "not a version: '$version' (expected one like 1.2.3)" >&2
    exit 2
fi

checksum() {
    if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}

manifest=$(<"$template")
manifest=${manifest//@VERSION@/$version}
while [[ $manifest =~ @SHA256:([A-Za-z0-9._-]+)@ ]]; do
    archive=$archives/${BASH_REMATCH[1]}
    if ! [ -f "$archive" ]; then
        echo "there is no archive '$archive'" >&2
        exit 1
    fi
    sum=$(checksum "$archive")
    manifest=${manifest//"${BASH_REMATCH[0]}"/$sum}
done
# What explains the template stays with it.
printf '%s\n' "$manifest" | sed '/^#/d'
