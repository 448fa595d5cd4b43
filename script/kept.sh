#!/bin/sh
# Runs a command with KEPT naming a folder for what is looked through in the end, and keeps there what the command prints:
#   script/kept.sh script/with-town.sh sh -c 'go run ./internal/leaks "$KEPT"'
# The folder is removed afterwards.
set -eu
[ $# -gt 0 ] || { echo "usage: $0 COMMAND…" >&2; exit 2; }
KEPT=$(mktemp -d "${TMPDIR:-/tmp}/wangge-kept-XXXXXX")
export KEPT
trap 'rm -rf "$KEPT"' EXIT
trap 'exit 130' INT TERM HUP PIPE
# What a pipe's first command came to is lost otherwise.
{ { "$@" 2>&1; echo $? >"$KEPT/status"; } | tee "$KEPT/printed"; } || true
exit "$(cat "$KEPT/status")"
