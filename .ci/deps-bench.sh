#!/usr/bin/env bash
# Installs the peers that `make bench` measures, and a C compiler, as far as the machine lacks them.
set -euo pipefail
exec </dev/null

missing=()
for package in liblmdb-dev librocksdb-dev libleveldb-dev libsqlite3-dev libpq-dev zlib1g-dev; do
    dpkg -s "$package" 2>/dev/null | grep -q '^Status: install ok installed' || missing+=("$package")
done
compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || missing+=(postgresql)
command -v cc >/dev/null || missing+=(gcc libc6-dev)
((${#missing[@]})) || exit 0

echo "Missing: ${missing[*]}"
if ! command -v apt-get >/dev/null; then
    echo "error: there is no apt-get here; install these (named as in Debian) another way: ${missing[*]}" >&2
    exit 1
fi
as_root=()
if ((EUID != 0)); then
    command -v sudo >/dev/null || { echo "error: as root: apt-get install ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
fi
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"
