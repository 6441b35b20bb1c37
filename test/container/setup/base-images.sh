#!/usr/bin/env bash
# Makes root file systems of the images that the Dockerfile begins with, out of Debian packages: so its builds can be
# tested where no image registry can be reached. Usage: base-images.sh FOLDER; writes what `docker load` reads, as
# base:debian and base:rust, and keeps what is there already.
set -euo pipefail
folder=$1
mkdir -p "$folder"
native=$(dpkg --print-architecture)
other=arm64
[ "$native" = amd64 ] || other=amd64
case $other in arm64) cross=aarch64-linux-gnu ;; *) cross=x86-64-linux-gnu ;; esac

# The machine's own sources of Debian itself, whatever they are called and wherever they come from.
sources() {
  # shellcheck disable=SC2016 # apt fills these in
  apt-get indextargets --format '$(CREATED_BY) $(REPO_URI) $(RELEASE) $(COMPONENT)' |
    awk '$1 == "Packages" && $3 ~ /^bookworm(-security|-updates)?$/ && $4 == "main" { print "deb", $2, $3, $4 }' | sort -u
}

make() { # NAME ARCHITECTURES PACKAGES
  [ -s "$folder/$1.image" ] && return
  echo "base image $1 ..." >&2
  rm -rf "${folder:?}/$1"
  mkdir "$folder/$1"
  eatmydata mmdebstrap --quiet --variant=minbase --architectures="$2" --include="$3" \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    bookworm "$folder/$1/layer.tar" < <(sources)
  local digest
  digest=$(sha256sum "$folder/$1/layer.tar" | cut -d ' ' -f 1)
  printf '{"architecture":"%s","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$native" "$digest" >"$folder/$1/config.json"
  printf '[{"Config":"config.json","RepoTags":["base:%s"],"Layers":["layer.tar"]}]' "$1" >"$folder/$1/manifest.json"
  tar -C "$folder/$1" -cf "$folder/$1.partial" manifest.json config.json layer.tar
  rm -r "${folder:?}/$1"
  mv "$folder/$1.partial" "$folder/$1.image"
}

make debian "$native" apt
make rust "$native,$other" \
  "ca-certificates,gcc,libc6-dev,rustc-web,cargo-web,libstd-rust-web-dev:$other,gcc-$cross,libc6-dev-$other-cross"
