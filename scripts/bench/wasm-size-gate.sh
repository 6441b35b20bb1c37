#!/usr/bin/env bash
# wasm-size-gate.sh BIN RAW_KB GZ_KB: fails when one of our WASM modules (dist/plugins/*/plugin.wasm, built when they
# are not there) is larger than RAW_KB, or GZ_KB packed with gzip. BIN is the weft executable they are for; - for none.
set -euo pipefail

if [ $# -ne 3 ] || ! [[ $2 =~ ^[0-9]+$ && $3 =~ ^[0-9]+$ ]]; then
  echo "usage: wasm-size-gate.sh BIN RAW_KB GZ_KB   (BIN may be -)" >&2
  exit 2
fi
if [ "$1" != - ] && ! "$1" --version >&2; then
  echo "wasm-size-gate: $1 does not run: build it first, or give - for none" >&2
  exit 2
fi

cd "$(dirname "$0")/../.."
shopt -s nullglob
modules=(dist/plugins/*/plugin.wasm)
if [ ${#modules[@]} -eq 0 ]; then
  npm run -s build:plugins >&2
  modules=(dist/plugins/*/plugin.wasm)
fi
if [ ${#modules[@]} -eq 0 ]; then
  echo "wasm-size-gate: there is nothing to measure in dist/plugins" >&2
  exit 2
fi

failed=0
printf '%-40s %10s %10s\n' module raw gzip
for module in "${modules[@]}"; do
  raw=$(wc -c <"$module")
  packed=$(gzip -9 -c "$module" | wc -c)
  printf '%-40s %10d %10d\n' "$module" "$raw" "$packed"
  if [ "$raw" -gt $(($2 * 1024)) ]; then
    echo "wasm-size-gate: $module has $raw bytes, more than $(($2 * 1024)) ($2 KB)" >&2
    failed=1
  fi
  if [ "$packed" -gt $(($3 * 1024)) ]; then
    echo "wasm-size-gate: $module has $packed bytes packed, more than $(($3 * 1024)) ($3 KB)" >&2
    failed=1
  fi
done
exit $failed
