#!/usr/bin/env bash
# Fails when something is larger than it may be, and adds a row to the summary of the workflow's run.
# Usage: size-gate.sh binary FILE MEGABYTES | size-gate.sh image IMAGE MEGABYTES (its files, unpacked)
set -euo pipefail
kind=$1 what=$2 limit=$(($3 * 1024 * 1024))

case $kind in
binary) bytes=$(stat --format %s "$what") ;;
image)
  container=$(docker create "$what" nothing)
  bytes=$(docker export "$container" | wc --bytes)
  docker rm --volumes "$container" >/dev/null
  ;;
*)
  echo "size-gate: no kind \"$kind\"" >&2
  exit 2
  ;;
esac

verdict=passed
[ "$bytes" -le "$limit" ] || verdict=FAILED
echo "size gate: $kind $what has $bytes bytes, at most $limit: $verdict"
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  [ -s "$GITHUB_STEP_SUMMARY" ] || printf '| What | Bytes | At most | |\n| --- | ---: | ---: | --- |\n' >>"$GITHUB_STEP_SUMMARY"
  # shellcheck disable=SC2016 # Markdown's backquotes
  printf '| %s `%s` | %s | %s | %s |\n' "$kind" "$what" "$bytes" "$limit" "$verdict" >>"$GITHUB_STEP_SUMMARY"
fi
[ "$verdict" = passed ]
