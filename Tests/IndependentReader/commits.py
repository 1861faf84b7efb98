"""Whole commits: frame, sections and records (commit.md).

Part of a reader written from the text of format-spec/ alone; see ashlar_reader.py.
"""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass
from typing import Optional
from zlib import crc32

from basics import (
    BLOCK, COMMIT_HEADER, MAX_CODEC, MAX_CONTENT, MAX_EXPANSION, MAX_SEGMENT_FILE, Unsupported, fold,
    is_zero, need)
from compression import expand
from files import File
from headers import ChainState, CommitHeader, parse_commit_header
from parts import Parts, Section, parse_parts

TYPE_MASK = 0x0FFFFFFF
HAS_TIME = 1 << 28
HAS_REQUEST = 1 << 29
HEAD_RESERVED = 3 << 30


@dataclass(slots=True)
class Event:
    ordinal: int
    model: int
    type: int
    version: Optional[int]
    timestamp: Optional[int]        # its own
    request_id: Optional[bytes]     # its own
    crc: int
    payload: bytes


@dataclass(slots=True)
class Commit:
    segment: int
    offset: int
    header: CommitHeader
    parts: Parts
    type_counts: Counter            # empty for a stub
    events: list[Optional[Event]]   # only if they are wanted

    @property
    def base_time(self) -> int:
        return self.parts.block.timestamp if self.parts.block else self.parts.floating.timestamp


@dataclass(frozen=True, slots=True)
class Stored:
    """Where the contents of a section lie in the frame, and how they are stored."""
    heads_at: int
    contents_at: int
    length: int
    crc: Optional[int]
    codec: int


def lay_out(frame: bytes, header: CommitHeader, directory: list[Section]) -> list[Stored]:
    """[COM-4], [COM-13], [COM-14]: where each section is; checked before anything is expanded."""
    pos = COMMIT_HEADER + header.meta_length
    if header.stub:     # [COM-15] the bodies were removed: no damage
        need(pos == header.frame_length, "[COM-4] a stub does not end with its meta")
        return []
    if header.table_length:
        table = list(struct.iter_unpack("<III", frame[pos:pos + 12 * len(directory)]))
        need(is_zero(frame[pos + 12 * len(directory):pos + header.table_length]),
             "[FMT-1] padding of the storage table is not zero")
        pos += header.table_length
        for _, _, codec in table:
            if codec > MAX_CODEC:
                raise Unsupported(f"codec {codec} of commit {header.sequence} is unknown to version 1.0 [FMT-5]")
    else:
        table = [(section.contents_length, None, 0) for section in directory]
    places = []
    for section, (length, crc, codec) in zip(directory, table):
        need(codec or length == section.contents_length, "[COM-13] storedLength without compression")
        need(section.contents_length <= MAX_EXPANSION * length, "[COM-14] expands too much")
        contents_at = pos + 16 * section.count
        places.append(Stored(pos, contents_at, length, crc, codec))
        pos = contents_at + length
        need(pos <= header.frame_length, "[COM-4] sections overrun the frame")
    need(header.frame_length - pos < 8, "[COM-4] sections end before the frame does")
    need(is_zero(frame[pos:]), "[REC-6] padding of the frame is not zero")
    return places


def read_sections(frame: bytes, commit: Commit, want_events: bool) -> None:
    """[REC-6] Check every head and record; collect the events if they are wanted."""
    header, parts = commit.header, commit.parts
    places = lay_out(frame, header, parts.directory)
    if header.stub:
        return
    seen = bytearray(header.event_count)    # lay_out has found 16 bytes for each of them
    if want_events:
        commit.events = [None] * header.event_count
    own_times: list[int] = []
    first_ordinal = -1
    for section, place in zip(parts.directory, places):
        heads = frame[place.heads_at:place.contents_at]
        need(crc32(heads) == section.heads_crc, "[COM-8] wrong headsCRC")
        records = list(struct.iter_unpack("<IIII", heads))
        need(sum(record[0] for record in records) == section.contents_length, "[COM-9] lengths do not add up")
        need(records[0][2] > first_ordinal, "sections are not in the order of their first events")
        first_ordinal = records[0][2]
        stored = frame[place.contents_at:place.contents_at + place.length]
        need(place.crc is None or crc32(stored) == place.crc, "[REC-6] wrong storedCRC")
        contents = expand(stored, place.codec, section.contents_length)
        read_records(commit, section, heads, records, contents, seen, own_times, want_events)
    found = (min(own_times), max(own_times)) if own_times else None
    need(parts.times == found, "event times are not those of the records")


def read_records(commit: Commit, section: Section, heads: bytes, records: list[tuple[int, int, int, int]],
                 contents: bytes, seen: bytearray, own_times: list[int], want_events: bool) -> None:
    versioned = commit.header.kind == BLOCK
    last = -1
    pos = 0
    for index, (length, crc, ordinal, kind) in enumerate(records):
        need(length <= MAX_CONTENT, "record too long")
        need(last < ordinal < len(seen) and not seen[ordinal], "[COM-7] bad ordinal")
        last = ordinal
        seen[ordinal] = 1
        type_id = kind & TYPE_MASK
        need(type_id and not kind & HEAD_RESERVED, "[FMT-1] bad type field of a record")
        content = contents[pos:pos + length]
        pos += length
        need(crc32(content, crc32(heads[16 * index:16 * index + 4])) == crc, "[COM-10] wrong record CRC")
        timestamp = request_id = None
        at = 0
        if kind & HAS_TIME:
            need(length >= 8, "content too short for its time")
            timestamp = int.from_bytes(content[:8], "little", signed=True)
            own_times.append(timestamp)
            at = 8
        if kind & HAS_REQUEST:
            size = content[at] if at < length else 0
            need(size and at + 1 + size <= length, "content too short for its request id")
            request_id = content[at + 1:at + 1 + size]
            at += 1 + size
        if want_events:
            version = section.first_version + index if versioned else None      # [COM-12]
            commit.events[ordinal] = Event(ordinal, section.model, type_id, version, timestamp, request_id, crc,
                                           content[at:] if at else content)
    commit.type_counts.update(record[3] & TYPE_MASK for record in records)


def read_commit(file: File, offset: int, segment: int, seed: int, state: ChainState, want_events: bool) -> Commit:
    """Points 1 to 6 of recovery.md for the bytes at offset, apart from what the log before says of the contents."""
    limit = min(file.size, MAX_SEGMENT_FILE)
    header = parse_commit_header(file.read(offset, COMMIT_HEADER), seed, limit - offset)
    need(COMMIT_HEADER + header.meta_length + header.table_length <= header.frame_length,
         "[COM-2] the storage table does not fit the frame")
    need(header.sequence == state.sequence + 1, "[REC-4] the sequence does not continue")
    frame = file.read(offset, header.frame_length)
    need(len(frame) == header.frame_length, "[REC-3] the frame is cut off")
    meta_end = COMMIT_HEADER + header.meta_length
    meta = frame[COMMIT_HEADER:meta_end]
    need(crc32(frame[COMMIT_HEADER:meta_end + header.table_length]) == header.meta_crc, "[REC-5] wrong metaCRC")
    need(fold(fold(state.chain_value, header.identity), meta) == header.chain_value,
         "[REC-4] the chain value does not continue")
    need(header.final_height >= state.final_height, "[REC-4] finalHeight decreases")
    commit = Commit(segment, offset, header, parse_parts(meta, header), Counter(), [])
    read_sections(frame, commit, want_events)
    return commit
