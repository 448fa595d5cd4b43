#!/bin/sh
# Runs a command against a server of its own that holds the demo town, and stops the server afterwards:
#   script/with-town.sh sh -c 'curl "$WANGGE_URL/livez"'
# The server listens on a free port of this machine; its data lies in a folder that is removed in the end.
# KEPT=DIR has it log everything, into DIR/server.log, and keep what it needs for a while in DIR; what went wrong is shown where COMMAND fails.
set -eu
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || { echo "usage: $0 COMMAND…" >&2; exit 2; }
[ -x ./wangge ] || { echo "$0: build it first: make build" >&2; exit 2; }

data=$(mktemp -d "${TMPDIR:-/tmp}/wangge-town-XXXXXX")
server=
KEPT=${KEPT:-}
clean() {
    status=$?
    trap - EXIT INT TERM
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    if [ "$status" -ne 0 ] && [ -n "$KEPT" ] && [ -f "$KEPT/server.log" ]; then
        grep -E 'level=(WARN|ERROR)' "$KEPT/server.log" | tail -n 40 >&2 || true
    fi
    # Under root the database lies elsewhere; this file says where.
    if [ -f "$data/postgresql.path" ]; then
        base=$(cat "$data/postgresql.path")
        case $base in /var/lib/wangge/?*) rm -rf "$base" ;; esac
    fi
    rm -rf "$data"
    exit "$status"
}
trap clean EXIT
trap 'exit 130' INT TERM HUP PIPE

unset DATABASE_URL PUBLIC_URL WINDOW CORS_ORIGINS BASEMAP_URL BASEMAP_STYLE BASEMAP_ATTRIBUTION TIANDITU_KEY
./wangge demo --data "$data"
WANGGE_LOGINS=$(./wangge user demo --data "$data")
: >"$data/out" # is read below, maybe before the server that writes it has begun
if [ -n "$KEPT" ]; then
    mkdir -p "$KEPT/tmp"
    TMPDIR=$KEPT/tmp LOG_LEVEL=debug RATE_LIMIT=0 ./wangge serve --data "$data" --addr 127.0.0.1:0 >"$data/out" 2>"$KEPT/server.log" &
else
    LOG_LEVEL=${LOG_LEVEL:-warn} RATE_LIMIT=0 ./wangge serve --data "$data" --addr 127.0.0.1:0 >"$data/out" &
fi
server=$!
for _ in $(seq 300); do
    WANGGE_URL=$(sed -n 's/^listening on //p' "$data/out")
    [ -z "$WANGGE_URL" ] || break
    kill -0 "$server" 2>/dev/null || { echo "$0: the server ended before it was ready" >&2; exit 1; }
    sleep 0.1
done
[ -n "$WANGGE_URL" ] || { echo "$0: the server was not ready after 30 s" >&2; exit 1; }
WANGGE_TOKEN=$(cat "$data/operator.token")
WANGGE_DATA=$data # for a second server beside
export WANGGE_URL WANGGE_TOKEN WANGGE_DATA WANGGE_LOGINS
"$@"
