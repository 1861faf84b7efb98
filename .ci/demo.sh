#!/usr/bin/env bash
# The demo: real blocks, real forks, and what a store makes of them. `make demo` builds the tool and runs this.
#   ASHLAR           the built tool
#   ASHLAR_BITCOIN   the built Bitcoin indexer
set -euo pipefail
exec </dev/null
cd "$(dirname "$0")/.."
: "${ASHLAR:?the path of the built tool; use make demo}"
: "${ASHLAR_BITCOIN:?the path of the built indexer; use make demo}"

fixtures=Tests/Fixtures
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fixtures=$OLDPWD/$fixtures

bold='' plain=''
[[ ! -t 1 ]] || { bold=$'\033[1m' plain=$'\033[0m'; }
step() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
run() { printf '  $ ashlar %s\n' "${*//"$fixtures/"/}"; "$ASHLAR" "$@"; }
bitcoin() { printf '  $ ashlar-bitcoin %s\n' "${*//"$fixtures/"/}"; "$ASHLAR_BITCOIN" "$@"; }

step "1. Ingest eight Bitcoin blocks with a fork: blocks 3 and 4 lose against 3A, 4A, 5A"
run ingest fork "$fixtures/reorg-btcd-8.events.jsonl" --fork-choice longest
step "2. The log keeps both branches, and says what undid what"
run log fork --table
step "3. The same heights now, and as they were believed before the reorg"
run blocks fork --heights 3..5 --table
run blocks fork --heights 3..5 --as-of 5 --table
step "4. Query events: one model at one height"
run events fork --model utxo --heights 3..3
step "5. Ingest 2,478 mainnet blocks of late 2023 with all the forks known among them"
run ingest mainnet "$fixtures/mainnet-forks-822528-824999.jsonl.gz"
step "6. What is in it"
run stats mainnet
step "7. Check every byte"
run verify mainnet
step "8. The state the events add up to: now, and 1,000 blocks earlier"
run state mainnet event-counts
run state mainnet event-counts --at 823999
step "9. Follow the fork step by step: what was applied, what was undone"
run tail fork --model headers | cut -c 1-150
step "10. Index the first 4,313 blocks from a node's block file, and ask for money at any height"
gunzip -c "$fixtures/mainnet-0-4312.blk.gz" >blk00000.dat
bitcoin index bitcoin blk00000.dat
bitcoin supply bitcoin --at 4312
bitcoin top bitcoin --limit 3 --at 200
bitcoin store snapshots list bitcoin --table
step "11. The same in SQL: each output and spend a row of its own, the state a table; the richest scripts"
cat >map.json <<'MAP'
{"tables": [
  {"name": "outputs", "model": "utxo", "type": "output.created", "columns": [
    {"name": "txid", "path": "$.txid", "type": "bytes"}, {"name": "vout", "path": "$.vout", "type": "bigint"},
    {"name": "value", "path": "$.value", "type": "bigint"}, {"name": "script", "path": "$.script", "type": "bytes"}]},
  {"name": "spends", "model": "utxo", "type": "output.spent", "columns": [
    {"name": "txid", "path": "$.prev_txid", "type": "bytes"}, {"name": "vout", "path": "$.prev_vout", "type": "bigint"}]}]}
MAP
bitcoin store export sqlite bitcoin bitcoin.db --map map.json --state-tables
bitcoin store export check bitcoin bitcoin.db --map map.json --state-tables
query="SELECT substr(hex(script), 1, 24) || '…' AS script, balance, outputs FROM state_utxo ORDER BY balance DESC LIMIT 3"
printf '  $ sqlite3 bitcoin.db "%s"\n' "$query"
sqlite3 -column -header bitcoin.db "$query"
run export sqlite fork fork.db
printf '  $ sqlite3 fork.db "SELECT height, old_sequence, new_sequence FROM reorgs"\n'
sqlite3 -column -header fork.db "SELECT height, old_sequence, new_sequence FROM reorgs"
step "12. Floating events, a request id followed through a reorg, a height without a block"
cat >sightings.jsonl <<'LINES'
{"height":1,"hash":"a1","parent":"a0","timestamp":1700000000,"events":[]}
{"floating":[{"model":"mempool","type":"tx.seen","requestId":"tx 1","payload":{"fee":7}}],"timestamp":1700000030}
{"height":2,"hash":"a2","parent":"a1","timestamp":1700000600,"events":[{"model":"transactions","type":"tx.executed","requestId":"tx 1","payload":{"ok":true}}]}
{"floating":[{"model":"mempool","type":"tx.seen","requestId":"tx 2","payload":{"fee":9}}],"timestamp":1700000700}
{"height":2,"hash":"b2","parent":"a1","timestamp":1700000720,"events":[]}
{"height":4,"hash":"b4","parent":"b2","timestamp":1700001800,"events":[{"model":"transactions","type":"tx.executed","requestId":"tx 1","payload":{"ok":true}},{"model":"transactions","type":"tx.executed","requestId":"tx 2","payload":{"ok":true}}]}
LINES
run ingest sightings sightings.jsonl --allow-height-gaps
run export sqlite sightings sightings.db
query="SELECT sequence, ordinal, height, undone_by FROM events WHERE request_id = CAST('tx 1' AS BLOB) ORDER BY sequence"
printf '  $ sqlite3 sightings.db "%s"\n' "$query"
sqlite3 -column -header sightings.db "$query"
