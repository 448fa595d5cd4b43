#!/bin/sh
# Runs every fuzz target for FUZZTIME each (default 20s). What fails is kept in testdata/fuzz and becomes a test.
set -eu
cd "$(dirname "$0")/.."

for package in $(go list ./...); do
    for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
        echo "== $package $target"
        go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-20s}" "$package"
    done
done
