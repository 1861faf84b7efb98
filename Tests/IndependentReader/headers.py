"""Structures of fixed size: chain state, segment header, durability note, commit header.

Part of a reader written from the text of format-spec/ alone; see ashlar_reader.py.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import Iterator, Optional
from zlib import crc32

from basics import (
    CHUNK, COMMIT_HEADER, KIND_NAMES, MAJOR, MAX_FRAME, MAX_HASH, MAX_META, SEGMENT_HEADER, Damage, StoreError,
    Unsupported, is_zero, need, padded)
from files import File


CHAIN_STATE = struct.Struct("<QQqqqQQQQQQQB7s64s")


@dataclass(frozen=True)
class ChainState:
    sequence: int
    chain_value: int
    tip_height: int = -1
    tip_timestamp: int = 0
    final_height: int = -1
    canonical_blocks: int = 0
    canonical_events: int = 0
    events: int = 0
    floating_events: int = 0
    rollbacks: int = 0
    undone_blocks: int = 0
    last_mark_sequence: int = 0
    tip_hash: bytes = b""

    def encode(self) -> bytes:
        return CHAIN_STATE.pack(
            self.sequence, self.chain_value, self.tip_height, self.tip_timestamp, self.final_height,
            self.canonical_blocks, self.canonical_events, self.events, self.floating_events, self.rollbacks,
            self.undone_blocks, self.last_mark_sequence, len(self.tip_hash), bytes(7), self.tip_hash)


def decode_state(data: bytes) -> ChainState:
    """A well-formed chain state (segment.md, "Chain state"), or Damage."""
    *numbers, hash_length, reserved, hash_bytes = CHAIN_STATE.unpack(data)
    need(is_zero(reserved), "[FMT-1] reserved bytes in the chain state")
    need(hash_length <= MAX_HASH and is_zero(hash_bytes[hash_length:]), "chain state: bad tip hash")
    state = ChainState(*numbers, tip_hash=hash_bytes[:hash_length])
    need(state.tip_height >= -1 and state.final_height >= -1, "chain state: a height is below -1")
    need((hash_length == 0) == (state.tip_height == -1), "chain state: a tip without a hash, or a hash without a tip")
    return state


SEGMENT = struct.Struct("<8sHHIII16sQqQBB6s168sQ260sI")


@dataclass(frozen=True)
class SegmentHeader:
    store_id: bytes
    segment: int
    generation: int
    height_gaps: int
    hash_notation: int
    opening: ChainState
    pruned_sequence: int = 0

    def same_store(self, other: "SegmentHeader") -> bool:
        """[SEG-6]"""
        return (self.store_id, self.height_gaps, self.hash_notation) == \
               (other.store_id, other.height_gaps, other.hash_notation)


def parse_segment_header(data: bytes, number: int, generation: int) -> SegmentHeader:
    """[SEG-5]; raises Damage, or Unsupported for a sound header of a newer version."""
    need(len(data) == SEGMENT_HEADER, "[SEG-5] shorter than a segment header")
    (magic, major, minor, required, _optional, in_generation, store_id, segment, _created, _epoch,
     gaps, notation, reserved, opening, pruned, reserved2, crc) = SEGMENT.unpack(data)
    need(magic == b"ASHLARSG", "[SEG-5] wrong magic")
    need(crc32(data[:508]) == crc, "[SEG-5] wrong header CRC")
    if major > MAJOR:
        raise Unsupported(f"segment {number} needs a reader of format version {major}.{minor} [FMT-3]")
    if required:
        raise Unsupported(f"segment {number} needs features 0x{required:08x}, unknown to version 1.0 [FMT-4]")
    need(major == MAJOR, "[SEG-5] no such version")
    need(is_zero(reserved) and is_zero(reserved2), "[FMT-1] reserved bytes in the segment header")
    need(segment == number and in_generation == generation, "[SEG-5] number or generation is not the file name's")
    need(gaps <= 1 and notation <= 3, "[SEG-5] no such heightGaps or hashNotation")
    state = decode_state(opening)
    need(pruned <= state.sequence, "[SEG-5] more was pruned than there was")
    return SegmentHeader(store_id, segment, generation, gaps, notation, state, pruned)


NOTE = struct.Struct("<8s16sQQQQII")


@dataclass(frozen=True)
class Note:
    """[NOTE-1] A valid note."""
    store_id: bytes
    sequence: int
    chain_value: int


def read_note(directory: str) -> Optional[Note]:
    """[NOTE-1] A note that is missing or wrong is no evidence and no error."""
    try:
        with File(os.path.join(directory, "durable"), "durable") as file:
            data = file.read(0, NOTE.size)
    except (FileNotFoundError, StoreError):
        return None
    if len(data) < NOTE.size:
        return None
    magic, store_id, _epoch, sequence, chain, reserved, reserved2, crc = NOTE.unpack(data)
    if magic != b"ASHLARDN" or reserved or reserved2 or crc32(data[:60]) != crc:
        return None
    return Note(store_id, sequence, chain)


COMMIT = struct.Struct("<4sBBHQQqqqIIIIQQQIB7sI")
COMMIT_MAGIC = b"ACMT"


@dataclass(frozen=True, slots=True)
class CommitHeader:
    kind: int
    continues: bool
    sequence: int
    epoch: int
    append_time: int
    height: int
    final_height: int
    event_count: int
    section_count: int
    meta_length: int
    chain_value: int
    durable_sequence: int
    frame_length: int
    meta_crc: int
    stub: bool
    table_length: int       # storage table with its padding, 0 if there is none
    identity: bytes         # bytes 0-63


def parse_commit_header(data: bytes, seed: int, left: int) -> CommitHeader:
    """Points 1 to 3 of recovery.md; `left` is the room from here to the end of the file.

    Damage if one of them fails; Unsupported if the kind is unknown, which goes before all that a kind may
    give another meaning ([FMT-5], [REC-2]).
    """
    need(len(data) == COMMIT_HEADER, "[REC-1] less than a commit header is left")
    (magic, kind, flags, reserved, sequence, epoch, append_time, height, final_height, events, sections,
     meta_length, reserved2, chain, durable, frame_length, meta_crc, storage, reserved3, crc) = COMMIT.unpack(data)
    need(magic == COMMIT_MAGIC, "[REC-1] no commit magic")
    need(crc32(data[:100], seed) == crc, "[REC-1] wrong headerCRC")
    if kind not in KIND_NAMES:
        raise Unsupported(f"a commit of kind {kind}, unknown to version 1.0 [FMT-5]")
    need(flags <= 1 and storage <= 2, "[REC-2] unknown flags, or a stub that is compressed")
    need(not reserved and not reserved2 and is_zero(reserved3), "[REC-2] reserved bytes are not zero")
    need(meta_length <= MAX_META and meta_length % 8 == 0, "[REC-3] bad metaLength")
    need(frame_length <= min(MAX_FRAME, left) and frame_length % 8 == 0, "[REC-3] bad frameLength")
    need(COMMIT_HEADER + meta_length <= frame_length, "[COM-2] meta does not fit the frame")
    return CommitHeader(kind, bool(flags & 1), sequence, epoch, append_time, height, final_height, events, sections,
                        meta_length, chain, durable, frame_length, meta_crc, storage == 2,
                        padded(12 * sections) if storage == 1 else 0, data[:64])


def find_commit_headers(file: File, start: int, seed: int) -> Iterator[CommitHeader]:
    """[REC-8] Every header from start on, at multiples of 8, that passes points 1 to 3."""
    for base, data in file.chunks(start, COMMIT_HEADER):
        at = data.find(COMMIT_MAGIC)
        while 0 <= at < CHUNK:
            if (base + at) % 8 == 0:
                try:
                    yield parse_commit_header(data[at:at + COMMIT_HEADER], seed, file.size - base - at)
                except (Damage, Unsupported):
                    pass
            at = data.find(COMMIT_MAGIC, at + 1)
