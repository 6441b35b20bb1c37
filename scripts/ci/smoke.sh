#!/usr/bin/env bash
# Starts the gateway of an image. Fails unless it is alive and ready after five seconds, answers, and leaves with 0 when it
# is stopped. Usage: smoke.sh IMAGE [options of docker run ...]
set -euo pipefail
image=$1
shift
name=weft-smoke-$$-$RANDOM

end() {
  docker rm --force --volumes "$name" >/dev/null 2>&1
}
fail() {
  echo "smoke: $1; its log:" >&2
  docker logs "$name" >&2
  exit 1
}
of() {
  docker inspect --format "$1" "$name"
}

docker run --rm "$image" --version
trap end EXIT
docker run --detach --name "$name" --publish 127.0.0.1::18790 "$@" "$image" >/dev/null
sleep 5
[ "$(of '{{.State.Running}} {{.RestartCount}}')" = "true 0" ] ||
  fail "the gateway ended by itself within 5 s, with exit code $(of '{{.State.ExitCode}}')"
address=$(docker port "$name" 18790/tcp | head -n 1)
curl --silent --show-error --fail --max-time 5 "http://$address/readyz" >/dev/null ||
  fail "the gateway is alive but not ready after 5 s"
docker exec "$name" /usr/local/bin/weft status || fail "weft status says it is not healthy"
docker exec "$name" /usr/local/bin/weft agent -m ping || fail "the agent does not answer"
docker stop "$name" >/dev/null
code=$(of '{{.State.ExitCode}}')
[ "$code" = 0 ] || fail "it was stopped and left with exit code $code"
echo "smoke: $image is fine"
