"""The meta parts of a commit (parts.md).

Part of a reader written from the text of format-spec/ alone; see ashlar_reader.py.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Optional

from basics import (
    BLOCK, CONTROL, FLOATING, KIND_NAMES, MAX_EVENTS, MAX_HASH, MAX_HEIGHT, MAX_MARK, MAX_TYPE, ROLLBACK, Damage,
    Unsupported, is_zero, need, padded)
from headers import CommitHeader

P_BLOCK, P_ROLLBACK, P_NAMES, P_FLOATING, P_CONTROL, P_REQUEST, P_MARK, P_TIMES, P_DIRECTORY = range(1, 10)
MUST_HAVE = {BLOCK: {P_BLOCK}, ROLLBACK: {P_ROLLBACK}, FLOATING: {P_FLOATING}, CONTROL: {P_CONTROL}}
MAY_HAVE = {
    BLOCK: {P_BLOCK, P_ROLLBACK, P_NAMES, P_REQUEST, P_MARK, P_TIMES, P_DIRECTORY},
    ROLLBACK: {P_ROLLBACK, P_NAMES, P_REQUEST, P_MARK},
    FLOATING: {P_FLOATING, P_NAMES, P_REQUEST, P_MARK, P_TIMES, P_DIRECTORY},
    CONTROL: {P_CONTROL, P_NAMES, P_MARK},
}


@dataclass(frozen=True, slots=True)
class Block:
    height: int
    timestamp: int
    hash: bytes
    parent: bytes


@dataclass(frozen=True, slots=True)
class Rollback:
    to_height: int
    undone_blocks: int
    undone_events: int
    readopted_events: int
    tip_height: int
    tip_timestamp: int
    tip_hash: bytes
    readopted: list[tuple[int, int]]        # sequence, height
    models: list[tuple[int, int]]           # model id, version


@dataclass(frozen=True, slots=True)
class Name:
    id: int
    is_model: bool
    name: str
    version: int


@dataclass(frozen=True, slots=True)
class Floating:
    timestamp: int
    key: bytes


@dataclass(frozen=True, slots=True)
class Section:
    model: int
    count: int
    first_version: int
    contents_length: int
    heads_crc: int


@dataclass(frozen=True, slots=True)
class Control:
    type: int
    pruned: Optional[tuple[int, int]] = None        # belowHeight, firstSequence


@dataclass(slots=True)
class Parts:
    block: Optional[Block] = None
    rollback: Optional[Rollback] = None
    names: list[Name] = field(default_factory=list)
    floating: Optional[Floating] = None
    control: Optional[Control] = None
    request_id: Optional[bytes] = None
    mark: Optional[bytes] = None
    times: Optional[tuple[int, int]] = None
    directory: list[Section] = field(default_factory=list)


def split_meta(meta: bytes, kind: int) -> dict[int, bytes]:
    """[PRT-1] to [PRT-3]: the bodies of the parts by type."""
    found: dict[int, bytes] = {}
    pos, last = 0, -1
    while pos < len(meta):
        need(len(meta) - pos >= 8, "[PRT-1] a part head is cut off")
        part, reserved, length = struct.unpack_from("<HHI", meta, pos)
        need(reserved == 0, "[FMT-1] reserved bytes in a part head")
        need(part > last, "[PRT-1] parts do not ascend")
        pos += 8
        need(padded(length) <= len(meta) - pos, "[PRT-1] a part overruns the meta")
        body = meta[pos:pos + length]
        need(is_zero(meta[pos + length:pos + padded(length)]), "[FMT-1] padding of a part is not zero")
        pos += padded(length)
        last = part
        if 1 <= part <= 9:
            need(part in MAY_HAVE[kind], f"[PRT-3] a {KIND_NAMES[kind]} commit may not have part {part}")
            found[part] = body
        elif part & 0x8000:
            raise Unsupported(f"a commit has a part of type 0x{part:04x}, unknown to version 1.0 [PRT-2]")
    need(MUST_HAVE[kind] <= found.keys(), f"[REC-5] a {KIND_NAMES[kind]} commit lacks its part")
    return found


def parse_block(body: bytes) -> Block:
    need(len(body) >= 24, "[PRT-3] block part too short")
    height, timestamp, hash_length, parent_length, reserved = struct.unpack_from("<qqBB6s", body)
    need(is_zero(reserved), "[FMT-1] reserved bytes in a block part")
    need(0 <= height <= MAX_HEIGHT, "block height out of range")
    need(1 <= hash_length <= MAX_HASH and 1 <= parent_length <= MAX_HASH, "hash length out of range")
    need(len(body) == 24 + hash_length + parent_length, "[PRT-3] block part has another length")
    return Block(height, timestamp, body[24:24 + hash_length], body[24 + hash_length:])


def parse_rollback(body: bytes) -> Rollback:
    need(len(body) >= 56, "[PRT-3] rollback part too short")
    (to_height, undone, readopted_count, undone_events, readopted_events, tip_height, tip_timestamp,
     model_count, hash_length, reserved) = struct.unpack_from("<qIIQQqqIB3s", body)
    need(is_zero(reserved), "[FMT-1] reserved bytes in a rollback part")
    need(-1 <= to_height <= MAX_HEIGHT and -1 <= tip_height <= MAX_HEIGHT, "rollback height out of range")
    need(hash_length <= MAX_HASH and (hash_length == 0) == (tip_height == -1), "rollback tip contradicts itself")
    need(hash_length or tip_timestamp == 0, "rollback without a tip has a tip time")
    blocks_at = 56 + padded(hash_length)
    models_at = blocks_at + 16 * readopted_count
    need(len(body) == models_at + 16 * model_count, "[PRT-3] rollback part has another length")
    need(is_zero(body[56 + hash_length:blocks_at]), "[FMT-1] padding of the tip hash is not zero")
    readopted = list(struct.iter_unpack("<Qq", body[blocks_at:models_at]))
    heights = [height for _, height in readopted]
    need(all(low < high for low, high in zip([-1] + heights, heights)), "blocks taken up do not ascend")
    models = []
    last = 0
    for model, reserved4, version in struct.iter_unpack("<IIQ", body[models_at:]):
        need(reserved4 == 0, "[FMT-1] reserved bytes in a rollback's model")
        need(model > last, "models of a rollback do not ascend")
        last = model
        models.append((model, version))
    return Rollback(to_height, undone, undone_events, readopted_events, tip_height, tip_timestamp,
                    body[56:56 + hash_length], readopted, models)


def parse_names(body: bytes) -> list[Name]:
    need(len(body) >= 8, "[PRT-3] names part too short")
    count, reserved = struct.unpack_from("<II", body)
    need(reserved == 0, "[FMT-1] reserved bytes in a names part")
    need(count * 24 <= len(body) - 8, "[PRT-3] names part too short for its count")
    names = []
    pos = 8
    for _ in range(count):
        need(len(body) - pos >= 16, "[PRT-3] a name is cut off")
        ident, what, length, reserved2, version = struct.unpack_from("<IBBHQ", body, pos)
        need(reserved2 == 0, "[FMT-1] reserved bytes in a name")
        need(what in (1, 2), "a name is neither of a model nor of a type")
        need(ident >= 1 and (what == 1 or ident <= MAX_TYPE), "id out of range")
        need(what == 1 or version == 0, "a type has a version")
        raw = body[pos + 16:pos + 16 + length]
        need(1 <= length == len(raw) and 0 not in raw, "a name is empty, cut off or has a byte 0")
        end = pos + 16 + padded(length)
        need(end <= len(body) and is_zero(body[pos + 16 + length:end]), "[FMT-1] padding of a name")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise Damage("a name is not UTF-8") from None
        names.append(Name(ident, what == 1, text, version))
        pos = end
    need(pos == len(body), "[PRT-3] names part has another length")
    return names


def parse_floating(body: bytes) -> Floating:
    need(len(body) >= 16, "[PRT-3] floating part too short")
    timestamp, key_length, reserved = struct.unpack_from("<qB7s", body)
    need(is_zero(reserved), "[FMT-1] reserved bytes in a floating part")
    need(len(body) == 16 + key_length, "[PRT-3] floating part has another length")
    return Floating(timestamp, body[16:])


def parse_control(body: bytes) -> Control:
    need(len(body) >= 8, "[PRT-3] control part too short")
    control, reserved = struct.unpack_from("<II", body)
    need(reserved == 0, "[FMT-1] reserved bytes in a control part")
    if control & 0x80000000:
        raise Unsupported(f"a control commit of type 0x{control:08x} is unknown to version 1.0 [PRT-10]")
    expected = {1: 8, 2: 24}.get(control)
    need(expected is None or len(body) == expected, "[PRT-3] control part has another length")
    if control != 2:
        return Control(control)
    below, first = struct.unpack_from("<qQ", body, 8)
    need(below >= 0 and first > 1, "[PRT-12] a prune that removes nothing")
    return Control(control, (below, first))


def parse_directory(body: bytes, header: CommitHeader) -> list[Section]:
    need(len(body) == 24 * header.section_count, "[PRT-3] directory has another length")
    sections = [Section(*entry) for entry in struct.iter_unpack("<IIQII", body)]
    need(all(s.model and s.count for s in sections), "directory entry without model or records")
    need(len({s.model for s in sections}) == len(sections), "a model stands twice in the directory")
    need(sum(s.count for s in sections) == header.event_count, "[PRT-11] counts do not add up to eventCount")
    return sections


def parse_parts(meta: bytes, header: CommitHeader) -> Parts:
    """[REC-5] The parts are well-formed and fit the kind and the header."""
    bodies = split_meta(meta, header.kind)
    parts = Parts()
    if (body := bodies.get(P_BLOCK)) is not None:
        parts.block = parse_block(body)
    if (body := bodies.get(P_ROLLBACK)) is not None:
        parts.rollback = parse_rollback(body)
    if (body := bodies.get(P_NAMES)) is not None:
        parts.names = parse_names(body)
    if (body := bodies.get(P_FLOATING)) is not None:
        parts.floating = parse_floating(body)
    if (body := bodies.get(P_CONTROL)) is not None:
        parts.control = parse_control(body)
    if (body := bodies.get(P_REQUEST)) is not None:
        need(1 <= len(body) <= 255, "[PRT-3] request id length")
        parts.request_id = body
    if (body := bodies.get(P_MARK)) is not None:
        need(1 <= len(body) <= MAX_MARK, "[PRT-3] mark length")
        parts.mark = body
    if (body := bodies.get(P_TIMES)) is not None:
        need(len(body) == 16, "[PRT-3] event times length")
        earliest, latest = struct.unpack("<qq", body)
        need(earliest <= latest, "event times run backwards")
        parts.times = earliest, latest
    need((P_DIRECTORY in bodies) == (header.event_count > 0), "[COM-5] directory part without events, or none with")
    need(header.event_count <= MAX_EVENTS, "[FMT-2] too many events")
    need((header.section_count > 0) == (header.event_count > 0), "[COM-5] sections without events, or none with")
    need(parts.times is None or header.event_count, "event times without events")
    if (body := bodies.get(P_DIRECTORY)) is not None:
        parts.directory = parse_directory(body, header)
        need(parts.block or all(s.first_version == 0 for s in parts.directory), "a floating batch has versions")
    check_height(header, parts)
    return parts


def check_height(header: CommitHeader, parts: Parts) -> None:
    expected = -1
    if parts.block:
        expected = parts.block.height
    elif parts.rollback:
        expected = parts.rollback.tip_height
    need(header.height == expected, "height in the commit header is not that of its part")
    need(-1 <= header.final_height <= MAX_HEIGHT, "finalHeight out of range")
