#!/usr/bin/env bash
# What the container tests need on a Debian machine, from Debian's packages. Usage: tools.sh FOLDER
# FOLDER/docker gets an engine with BuildKit, image indexes and Compose: unpacked, not installed, so that this also works
# beside an older one. Takes half a minute the first time and nothing afterwards.
set -euo pipefail
folder=$1

missing=()
need() { # PROGRAM PACKAGE
  command -v "$1" >/dev/null || missing+=("$2")
}
need runc runc
need iptables iptables
need ip iproute2
need mmdebstrap mmdebstrap
need eatmydata eatmydata
need tinyproxy tinyproxy-bin
need qemu-aarch64-static qemu-user-static
need update-binfmts binfmt-support
need arch-test arch-test
need curl curl
need openssl openssl
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing ${missing[*]} ..." >&2
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if [ ! -e "$folder/docker/complete" ]; then
  echo "unpacking Docker ..." >&2
  apt=$folder/apt
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$folder/docker"
  # The machine's own mirror of Debian, at the release after bookworm.
  # shellcheck disable=SC2016 # apt fills these in
  mirror=$(apt-get indextargets --format '$(CREATED_BY) $(REPO_URI) $(RELEASE) $(COMPONENT)' |
    awk '$1 == "Packages" && $3 == "bookworm" && $4 == "main" { print $2; exit }')
  if [ -z "$mirror" ]; then
    echo "the container tests need Debian 12 (bookworm): its packages are what they build on" >&2
    exit 1
  fi
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$apt/sources.list"
  cat >"$apt/apt.conf" <<END
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt/cache";
APT::Sandbox::User "root";
END
  export APT_CONFIG=$apt/apt.conf
  apt-get update -qq
  (cd "$apt" && apt-get download -qq docker.io docker-cli containerd docker-buildx docker-compose)
  unset APT_CONFIG
  for package in "$apt"/*.deb; do dpkg-deb -x "$package" "$folder/docker"; done
  rm -rf "$apt"
  touch "$folder/docker/complete"
fi

# Programs of the other architecture run, in containers too.
case $(dpkg --print-architecture) in amd64) other=aarch64 ;; *) other=x86_64 ;; esac
[ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
[ -e "/proc/sys/fs/binfmt_misc/qemu-$other" ] || update-binfmts --enable "qemu-$other"
