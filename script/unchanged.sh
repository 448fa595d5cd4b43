#!/bin/sh
# Runs a command that makes files which are kept in the repository, and fails where they were not up to date:
#   script/unchanged.sh "make generate" FOLDER -- COMMAND…
# The files stay as the command left them: the next run passes, and the difference can be committed.
set -eu
cd "$(dirname "$0")/.."

hint=$1 folder=$2
shift 3
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
cp -a "$folder" "$before/kept"
"$@"
if ! diff -rq "$before/kept" "$folder" --exclude=node_modules; then
    echo "$folder was not up to date: commit what \"$hint\" makes" >&2
    exit 1
fi
