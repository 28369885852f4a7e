#!/usr/bin/env bash
# Writes target/goldenpath.cdx.json: what the image is made of, as CycloneDX. The same commit gives
# the same file. Installs cargo-cyclonedx when it is missing (some minutes).
set -euo pipefail
cd "$(dirname "$0")/.."

command -v cargo-cyclonedx >/dev/null || cargo install --locked cargo-cyclonedx@0.5.9
mkdir -p target
# Parts that another workspace member alone needs are not in the image: each has a file of its own.
trap 'rm -f {.,cel,e2e}/*.cdx.json' EXIT
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) cargo cyclonedx --quiet --spec-version 1.5 --format json \
  --no-default-features --features cluster --target "$(rustc --print host-tuple)"
sed "s|file://$PWD|file:///src|g" goldenpath.cdx.json >target/goldenpath.cdx.json
echo "target/goldenpath.cdx.json: $(grep -c '"purl": "pkg:cargo' target/goldenpath.cdx.json) packages"
