#!/usr/bin/env bash
# Proves that whoever embeds the core with `traits: []` gets the core and nothing else: builds Tests/EmbedderPackage
# from nothing and looks at what was fetched, what was resolved, and what the program links.
# Arguments are passed on to `swift build`.
set -euo pipefail
exec </dev/null
cd "$(dirname "$0")/.."

package=Tests/EmbedderPackage
scratch=$PWD/.build/embedder

fail() {
    echo "embedder: $*" >&2
    exit 1
}

# What an earlier run fetched or resolved must not speak for this one.
rm -rf "$scratch/checkouts" "$scratch/repositories" "$scratch/workspace-state.json" "$package/Package.resolved"

in_package=(--package-path "$package" --scratch-path "$scratch")
# Without --disable-build-manifest-caching SwiftPM would not notice a change in the root's manifest.
swift build "${in_package[@]}" --disable-build-manifest-caching -c release "$@"

fetched=$(find "$scratch/checkouts" "$scratch/repositories" -mindepth 1 -maxdepth 1 2>/dev/null || true)
[[ -z $fetched ]] || fail "fetched what the core does not need: $fetched"
[[ ! -e $package/Package.resolved ]] || fail "pinned what the core does not need: $(<"$package/Package.resolved")"

swift package "${in_package[@]}" show-dependencies --format json | python3 -c '
import json, sys
root = json.load(sys.stdin)
names = [package["name"] for package in root["dependencies"]]
below = [package["name"] for each in root["dependencies"] for package in each["dependencies"]]
if names != ["ashlar"] or below:
    sys.exit(f"embedder: depends on {names}, and these on {below}; expected ashlar alone")
'

binaries=$(swift build "${in_package[@]}" -c release --show-bin-path "$@")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Each Swift program in the README is one of the package's, as it stands, and prints what the README says behind it.
check_example() { # NAME NUMBER: the program, and which of the README's programs it is
    local name=$1 source=$package/Sources/$1/main.swift number=$2 example printed promised
    example=$(awk -v wanted="$number" '/^```swift$/ { inside = 1; text = ""; next }
        /^```$/ { if (inside && text ~ /^import Ashlar/ && ++count == wanted) printf "%s", text; inside = 0 }
        inside { text = text $0 "\n" }' README.md)
    [[ $example == "$(<"$source")" ]] || fail "the README's example $number is not $source"
    printed=$("$binaries/$name" "$folder/$name.ashlar") || fail "$name exits with $?"
    promised=$(awk -v wanted="$number" '/^It prints$/ { count++; inside = count == wanted; next }
        inside && /^[^ ]/ { exit } inside && NF { sub(/^    /, ""); print }' README.md)
    [[ $printed == "$promised" ]] || fail "the README's example $number prints: $printed"
}
check_example embedder 1
check_example states 2
program=$binaries/embedder

# The closure of everything the loader would load. Foundation is no part of the Swift runtime meant here.
allowed='^(libz|liblz4|libc|libm|libdl|librt|libpthread|libutil|libgcc_s|libstdc\+\+|libdispatch|libBlocksRuntime'
allowed+='|libswift[A-Za-z_]*|ld-linux[-a-z0-9_]*|linux-vdso)\.so(\.[0-9.]+)?$'
libraries=$(ldd "$program" | awk '{ n = split($1, path, "/"); print path[n] }' | sort -u)
for library in libz.so.1 liblz4.so.1 libswiftCore.so; do
    grep -qxF "$library" <<<"$libraries" || echo "embedder: note: $library is not linked"
done
foreign=$(grep -vE "$allowed" <<<"$libraries" || true)
[[ -z $foreign ]] || fail "links more than zlib, LZ4 and the Swift runtime: ${foreign//$'\n'/ }"

# The ways to break the engine on purpose, which the simulation is tested with, are in debug builds alone.
objects=$(find "$binaries" -path '*/Ashlar*.build/*.o')
grep -q LogState <<<"$(nm $objects)" || fail "found no object code of the core to look through"
# The name of a source file, for debuggers, is not in what runs.
traces=$({ nm $objects "$program"; strings -a $objects "$program"; } 2>/dev/null |
    grep -e SeededBug -e isSeeded -e seededBug -e acknowledgeBeforeSync | grep -v 'SeededBug\.swift' | sort -u || true)
[[ -z $traces ]] || fail "a release build has traces of the seeded bugs: $traces"

echo "embedder: nothing fetched; links $(tr '\n' ' ' <<<"$libraries")"
