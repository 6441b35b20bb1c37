#!/usr/bin/env bash
# The outputs `version` and `image` of a release. Fails when the tag is not the version of package.json.
# Usage: release-version.sh TAG REGISTRY REPOSITORY
set -euo pipefail
tag=$1 registry=$2 repository=$3
version=$(node --print 'JSON.parse(fs.readFileSync("package.json", "utf8")).version')
if [ "$tag" != "v$version" ]; then
  echo "the tag is $tag, but package.json says $version: tag v$version, or change package.json first" >&2
  exit 1
fi
if [ -z "$registry" ]; then
  echo "set the repository's variable IMAGE_REGISTRY to the host of the registry for images" >&2
  exit 1
fi
echo "version=$version"
echo "image=$registry/${repository,,}"
