#!/usr/bin/env bash
# Installs what the build, the tests and the demo need and the machine lacks. Touches nothing, and needs no
# network, when all of it is there.
set -euo pipefail
exec </dev/null

swift_minimum=6.2 # the core stands on Span, which the standard library has since 6.2

have_library() { # Debian package, pkg-config name
    dpkg -s "$1" 2>/dev/null | grep -q '^Status: install ok installed' || pkg-config --exists "$2" 2>/dev/null
}

missing=()
for tool in openssl pkg-config python3 zstd sqlite3; do # each is also the name of its package
    command -v "$tool" >/dev/null || missing+=("$tool")
done
have_library zlib1g-dev zlib || missing+=(zlib1g-dev)
have_library liblz4-dev liblz4 || missing+=(liblz4-dev)
have_library libsqlite3-dev sqlite3 || missing+=(libsqlite3-dev)
have_library libpq-dev libpq || missing+=(libpq-dev)
# The tests start a PostgreSQL server of their own.
compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || command -v postgres >/dev/null || missing+=(postgresql)
# And a pooler in front of it, which stands where not every user's path goes.
PATH="$PATH:/usr/sbin" command -v pgbouncer >/dev/null || missing+=(pgbouncer)

if ((${#missing[@]})); then
    echo "Missing: ${missing[*]}"
    as_root=()
    if ! command -v apt-get >/dev/null; then
        echo "error: there is no apt-get here; install these (named as in Debian) another way: ${missing[*]}" >&2
        exit 1
    elif ((EUID != 0)); then
        if ! command -v sudo >/dev/null; then
            echo "error: not root, and there is no sudo; as root: apt-get install ${missing[*]}" >&2
            exit 1
        fi
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"
fi

if ! command -v swift >/dev/null; then
    echo "error: Swift $swift_minimum or newer is needed, and there is no 'swift' on the PATH: https://www.swift.org/install" >&2
    exit 1
fi
swift_version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)
if [[ "$(printf '%s\n' "$swift_minimum" "$swift_version" | sort -V | head -n 1)" != "$swift_minimum" ]]; then
    echo "error: Swift $swift_minimum or newer is needed, this is ${swift_version:-of an unknown version}: https://www.swift.org/install" >&2
    exit 1
fi
