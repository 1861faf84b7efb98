"""The JSON object of vectors/README.md.

Part of a reader written from the text of format-spec/ alone; see ashlar_reader.py.
"""

from __future__ import annotations

from typing import Any

from basics import KIND_NAMES
from commits import Commit, Event
from ledger import Ledger
from parts import Rollback
from recovery import StoreReader


def store_json(reader: StoreReader) -> dict[str, Any]:
    """All but the commits."""
    state = reader.ledger.state
    result: dict[str, Any] = {
        "storeId": reader.store_id.hex(),
        "outcome": reader.outcome.as_json(),
        "footers": reader.footers,
        "provenSequence": reader.proven,
        "sequence": state.sequence,
        "chainValue": f"{state.chain_value:016x}",
        "tip": None if state.tip_height < 0 else {
            "height": state.tip_height, "hash": state.tip_hash.hex(), "timestamp": state.tip_timestamp},
        "finalHeight": state.final_height,
        "canonicalBlocks": state.canonical_blocks,
        "canonicalEvents": state.canonical_events,
        "events": state.events,
        "floatingEvents": state.floating_events,
        "rollbacks": state.rollbacks,
        "undoneBlocks": state.undone_blocks,
        "lastMarkSequence": state.last_mark_sequence,
        "canonical": [[known.height, known.sequence] for known in reader.ledger.canonical],
    }
    if reader.ledger.base:
        result["pruned"] = {"sequence": reader.ledger.base.sequence, "height": reader.ledger.base.tip_height}
    if reader.rebuild_footers:
        result["footersRebuilt"] = all(reader.rebuilt.values())
        result["sidecarsRebuilt"] = all(reader.sidecars.values())
    return result


def commit_json(commit: Commit, ledger: Ledger) -> dict[str, Any]:
    header, parts = commit.header, commit.parts
    result: dict[str, Any] = {
        "sequence": header.sequence, "segment": commit.segment, "offset": commit.offset,
        "frameLength": header.frame_length, "kind": KIND_NAMES[header.kind], "continues": header.continues,
        "epoch": f"{header.epoch:016x}", "chainValue": f"{header.chain_value:016x}",
        "appendTime": header.append_time, "durableSequence": header.durable_sequence,
        "finalHeight": header.final_height, "stub": header.stub,
    }
    if parts.block:
        result["block"] = {"height": parts.block.height, "hash": parts.block.hash.hex(),
                           "parent": parts.block.parent.hex(), "timestamp": parts.block.timestamp}
    if parts.rollback:
        result["rollback"] = rollback_json(parts.rollback, ledger)
    if parts.floating:
        result["floating"] = {"timestamp": parts.floating.timestamp, "key": parts.floating.key.hex() or None}
    if parts.control is not None:
        result["control"] = {"type": parts.control.type}
        if parts.control.pruned:
            result["control"] |= dict(zip(("belowHeight", "firstSequence"), parts.control.pruned))
    if parts.request_id is not None:
        result["requestId"] = parts.request_id.hex()
    if parts.mark is not None:
        result["mark"] = parts.mark.hex()
    if not header.stub:
        result["events"] = [event_json(event, commit, ledger.names) for event in commit.events]
    return result


def rollback_json(part: Rollback, ledger: Ledger) -> dict[str, Any]:
    return {"toHeight": part.to_height, "undoneBlocks": part.undone_blocks, "undoneEvents": part.undone_events,
            "readopted": [list(entry) for entry in part.readopted], "readoptedEvents": part.readopted_events,
            "models": [[ledger.names[True, model], version] for model, version in part.models]}


def event_json(event: Event, commit: Commit, names: dict[tuple[bool, int], str]) -> dict[str, Any]:
    """[COM-11] decides time and request id."""
    request_id = event.request_id if event.request_id is not None else commit.parts.request_id
    return {
        "ordinal": event.ordinal, "model": names[True, event.model], "type": names[False, event.type],
        "version": event.version,
        "timestamp": commit.base_time if event.timestamp is None else event.timestamp,
        "requestId": None if request_id is None else request_id.hex(),
        "crc": f"{event.crc:08x}", "payload": event.payload.hex(),
    }
