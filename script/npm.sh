#!/bin/sh
# Installs the npm packages that a folder's lock file names, where they are not there yet: script/npm.sh web
set -eu
cd "$(dirname "$0")/../$1"
if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --no-audit --no-fund
    cp package-lock.json node_modules/.installed
fi
