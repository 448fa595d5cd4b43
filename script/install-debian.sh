#!/bin/sh
# Installs what wangge needs on Debian or Ubuntu, where it is missing: PostgreSQL 15 or later with PostGIS, GDAL's
# ogr2ogr and Chinese fonts: for the screen, for print, and for rare letters in print; with --browser also Chromium, Node.js and what
# reads codes off printed boards, for the browser tests; with --bench also wrk and pgbench, for measuring.
# It makes no database, starts no service and leaves existing ones alone. Run it as often as you like.
set -eu

browser= bench=
for arg; do
    case $arg in
    --browser) browser=yes ;;
    --bench) bench=yes ;;
    *)
        echo "usage: $0 [--browser] [--bench]" >&2
        exit 2
        ;;
    esac
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "This is not Debian or Ubuntu: install PostgreSQL 15 or later, PostGIS 3.3 or later and GDAL by hand." >&2
    exit 1
fi

installed() { [ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" = "install ok installed" ]; }

missing=
need() {
    for package; do
        installed "$package" || missing="$missing $package"
    done
}

# The newest PostgreSQL server here, which the program will choose as well; empty where there is none.
server=
for postgres in /usr/lib/postgresql/*/bin/postgres; do
    [ -x "$postgres" ] || continue
    version=${postgres#/usr/lib/postgresql/}
    version=${version%%/*}
    case $version in *[!0-9]*) continue ;; esac # 9.6
    if [ "$version" -ge 15 ] && [ "$version" -gt "${server:-0}" ]; then server=$version; fi
done
# One that has PostGIS is enough, also where a newer one has not.
postgis=
for control in /usr/share/postgresql/*/extension/postgis.control; do
    [ -e "$control" ] || continue
    version=${control#/usr/share/postgresql/}
    version=${version%%/*}
    case $version in *[!0-9]*) continue ;; esac
    if [ "$version" -ge 15 ] && [ -x "/usr/lib/postgresql/$version/bin/postgres" ]; then postgis=$version; fi
done

if [ -z "$postgis" ] && [ -n "$server" ]; then
    need "postgresql-$server-postgis-3" "postgresql-$server-postgis-3-scripts"
fi
command -v ogr2ogr >/dev/null || need gdal-bin
need fonts-noto-cjk fonts-wqy-microhei fonts-hanazono
if [ -n "$browser" ]; then
    command -v chromium >/dev/null || need chromium
    command -v node >/dev/null || need nodejs
    command -v npm >/dev/null || need npm
    command -v pdftoppm >/dev/null || need poppler-utils
    command -v zbarimg >/dev/null || need zbar-tools
fi
if [ -n "$bench" ]; then
    command -v wrk >/dev/null || need wrk
    # On Debian it comes with the server; elsewhere it may be a package of its own.
    ls /usr/lib/postgresql/*/bin/pgbench >/dev/null 2>&1 || [ -z "$postgis$server" ] || need postgresql-contrib
fi

if [ -n "$missing" ] || [ -z "$postgis$server" ]; then
    root=
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "Installing needs root, and there is no sudo: run $0 as root." >&2
            exit 1
        fi
        root=sudo
        # A password is asked for only where somebody can type it.
        [ -t 0 ] || root="sudo -n"
    fi
    apt() { $root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@"; }

    apt update >/dev/null

    if [ -z "$postgis$server" ]; then
        # The newest that this release offers.
        version=$(apt-cache pkgnames postgresql- | sed -n 's/^postgresql-\([0-9]*\)-postgis-3$/\1/p' | sort -n | tail -n 1)
        if [ "${version:-0}" -lt 15 ]; then
            echo "This release offers no PostGIS for PostgreSQL 15 or later: see https://wiki.postgresql.org/wiki/Apt." >&2
            exit 1
        fi
        need "postgresql-$version-postgis-3" "postgresql-$version-postgis-3-scripts"

        # Without this, Debian would make a database cluster and start it on port 5432. It is for this installation
        # only: what the machine's owner installs later behaves as usual.
        no_cluster=/etc/postgresql-common/createcluster.d/wangge.conf
        trap '$root rm -f $no_cluster' EXIT
        trap 'exit 1' INT TERM
        $root mkdir -p "${no_cluster%/*}"
        echo "create_main_cluster = false" | $root tee "$no_cluster" >/dev/null
    fi

    echo "Installing$missing"
    # shellcheck disable=SC2086 # a list of words
    apt install -y --no-install-recommends $missing >/dev/null
fi
