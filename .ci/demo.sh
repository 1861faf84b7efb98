#!/usr/bin/env bash
# The demo: real blocks, a real fork, and what a store makes of them. `make demo` builds the tool and runs this.
#   ASHLAR   the built tool
set -euo pipefail
exec </dev/null
cd "$(dirname "$0")/.."
: "${ASHLAR:?the path of the built tool; use make demo}"

fixtures=Tests/Fixtures
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
store=$work/bitcoin

bold='' plain=''
[[ ! -t 1 ]] || { bold=$'\033[1m' plain=$'\033[0m'; }
step() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }

# To be completed as the commands arrive: `show` becomes `run`.
show() { printf '  $ ashlar %s\n' "$*"; }

"$ASHLAR" >/dev/null
step "1. Ingest Bitcoin blocks with a fork that undoes two of them"
show ingest "$store" "$fixtures/reorg-btcd-8.events.jsonl"
step "2. The log keeps both branches, and says what undid what"
show log "$store"
step "3. Query events: by block, by range, by model, as of an earlier sequence"
show events "$store" --model utxo --heights 3...5
step "4. Ingest 2,478 mainnet blocks with all the known forks among them"
show ingest "$work/mainnet" "$fixtures/mainnet-forks-822528-824999.jsonl.gz"
step "5. What is in it"
show stats "$work/mainnet"
step "6. Check every byte"
show verify "$work/mainnet"
printf '\nThese commands are not written yet; this is the plan.\n'
