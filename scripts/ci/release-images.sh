#!/usr/bin/env bash
# Builds the images for both architectures from the executables of a release and pushes them: default, wasm-plugins,
# minimal, and slim. The only output is the digest of the default one. Usage: release-images.sh IMAGE VERSION FOLDER
set -euo pipefail
image=$1 version=$2 folder=$3
minor=${version%.*}
metadata=$(mktemp)

docker buildx create --use --name weft-release >&2
push() { # SUFFIX_OF_BINARY TARGET TAGS
  local suffix=$1 target=$2 tags=()
  for tag in "${@:3}"; do tags+=(--tag "$image:$tag"); done
  rm -rf docker-build
  mkdir docker-build
  for machine in x86_64 aarch64; do cp "$folder/weft-linux-$machine$suffix" "docker-build/weft-linux-$machine"; done
  docker buildx build --push --platform linux/amd64,linux/arm64 --sbom=true --provenance=mode=max \
    --metadata-file "$metadata" --target "$target" --build-arg BINARY=prebuilt --build-arg "VERSION=$version" \
    --build-arg "REVISION=${GITHUB_SHA:-}" \
    --build-arg "SOURCE=${GITHUB_SERVER_URL:-}/${GITHUB_REPOSITORY:-}" "${tags[@]}" . >&2
}

push -wasm-plugins default "$version-wasm-plugins" "$minor-wasm-plugins"
push -minimal default "$version-minimal" "$minor-minimal"
push "" slim "$version-slim" "$minor-slim"
push "" default "$version" "$minor" "${version%%.*}" latest
echo "digest=$(node --print 'JSON.parse(fs.readFileSync(process.argv[1], "utf8"))["containerimage.digest"]' "$metadata")"
docker buildx rm weft-release >&2
