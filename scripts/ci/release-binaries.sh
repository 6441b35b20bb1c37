#!/usr/bin/env bash
# Builds the three variants for this machine, each under 10 MB, and says what is in them.
# Usage: release-binaries.sh NAME FOLDER; NAME as linux-x86_64
set -euo pipefail
name=$1 folder=$2
mkdir -p "$folder"

build() { # SUFFIX WORDS
  local out=$folder/weft-$name$1
  shift
  npm run -s build:native -- "--out=$out" "$@"
  scripts/ci/size-gate.sh binary "$out" 10
  "$out" --version
}

build ""
build -wasm-plugins --features wasm-plugins
build -minimal --no-default-features
node scripts/ci/sbom.mjs --features wasm-plugins >"$folder/weft-$name.cdx.json"
