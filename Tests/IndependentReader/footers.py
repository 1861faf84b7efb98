"""Footers: checking one, and rebuilding one from the commits (footer.md).

Part of a reader written from the text of format-spec/ alone; see ashlar_reader.py.
"""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass
from zlib import crc32

from basics import (
    COLUMNS, COMMIT_HEADER, I64_MAX, I64_MIN, SEGMENT_HEADER, SUMMARY, TRAILER, is_zero, need, padded, place_seed)
from commits import Commit
from files import File
from headers import ChainState, decode_state
from ledger import Ledger
from parts import Parts, Rollback


FOOTER_MAGIC = b"ASHLARFT"
SUMMARY_HEAD = struct.Struct("<8s16sQQQQQqqqqqq168s")       # bytes 0-279
COLUMN = struct.Struct("<QQII")
MODEL_ENTRY = struct.Struct("<IIQQQqq")
TYPE_ENTRY = struct.Struct("<IIQ")


@dataclass(frozen=True)
class Footer:
    """A footer that checks out by itself."""
    start: int
    commit_count: int
    closing: ChainState


@dataclass
class ModelTally:
    in_blocks: int = 0
    floating: int = 0
    lowest: int = -1
    highest: int = -1


class FooterBuilder:
    """[FTR-1] Rebuilds a footer from the commits of a segment."""

    def __init__(self, store_id: bytes, segment: int):
        self.store_id, self.segment = store_id, segment
        self.offsets: list[int] = []
        self.runs: list[list[int]] = []         # first height, index, count
        self.rollbacks = bytearray()
        self.hashes: list[tuple[int, int]] = []
        self.models: dict[int, ModelTally] = {}
        self.types: Counter = Counter()
        self.events = 0
        self.heights = (-1, -1)
        self.times = (I64_MAX, I64_MIN)
        self.append_times = (I64_MAX, I64_MIN)
        self.keyed: list[int] = []

    def add(self, commit: Commit) -> None:
        index = len(self.offsets)
        header, parts = commit.header, commit.parts
        self.offsets.append(commit.offset // 8)
        self.events += header.event_count
        self.append_times = widen(self.append_times, header.append_time)
        if parts.block:
            self._add_block(index, parts)
        if parts.floating:
            self.times = widen(self.times, parts.floating.timestamp)
            if parts.floating.key:
                self.keyed.append(index)
        if parts.times:
            self.times = widen(widen(self.times, parts.times[0]), parts.times[1])
        if parts.rollback:
            self._add_rollback(index, parts.rollback)
        for section in parts.directory:
            tally = self.models.setdefault(section.model, ModelTally())
            if parts.block:
                height = parts.block.height
                tally.lowest = height if tally.lowest < 0 else min(tally.lowest, height)
                tally.highest = max(tally.highest, height)
                tally.in_blocks += section.count
            else:
                tally.floating += section.count
        self.types.update(commit.type_counts)      # of a stub there are none

    def _add_block(self, index: int, parts: Parts) -> None:
        block = parts.block
        low, high = self.heights
        self.heights = (block.height if low < 0 else min(low, block.height), max(high, block.height))
        self.times = widen(self.times, block.timestamp)
        self.hashes.append((crc32(block.hash), index))
        run = self.runs[-1] if self.runs else None
        if run and not parts.rollback and run[1] + run[2] == index and run[0] + run[2] == block.height:
            run[2] += 1
        else:
            self.runs.append([block.height, index, 1])

    def _add_rollback(self, index: int, part: Rollback) -> None:
        self.rollbacks += struct.pack("<IIqII", index, len(part.readopted), part.to_height, part.undone_blocks, 0)
        for sequence, height in part.readopted:
            self.rollbacks += struct.pack("<Qq", sequence, height)

    def build(self, ledger: Ledger, end: int) -> bytes:
        columns = [
            array_u32(self.offsets),
            b"".join(struct.pack("<qII", *run) for run in self.runs),
            bytes(self.rollbacks),
            b"".join(struct.pack("<II", *entry) for entry in sorted(self.hashes)),
            self._models(ledger),
            self._types(ledger),
            array_u32(self.keyed),
        ]
        table, body = bytearray(), bytearray()
        for column in columns:
            table += COLUMN.pack(SUMMARY + len(body), len(column), crc32(column), 0)
            body += column + bytes(padded(len(column)) - len(column))
        head = SUMMARY_HEAD.pack(
            FOOTER_MAGIC, self.store_id, self.segment, end, len(self.offsets), len(self.hashes), self.events,
            *self.heights, *self.times, *self.append_times, ledger.state.encode())
        summary = head + bytes(table) + bytes(60)
        summary += struct.pack("<I", crc32(summary))
        length = struct.pack("<I", len(summary) + len(body) + TRAILER)
        crc = crc32(length, place_seed(self.store_id, self.segment))
        return summary + bytes(body) + length + struct.pack("<I", crc) + b"ASHLAREN"

    def _models(self, ledger: Ledger) -> bytes:
        column = bytearray()
        for ident, raw in defined(ledger, True):
            tally = self.models.get(ident, ModelTally())
            entry = MODEL_ENTRY.pack(ident, len(raw), tally.in_blocks, tally.floating,
                                     ledger.versions.get(ident, 0), tally.lowest, tally.highest) + raw
            column += entry + bytes(padded(len(entry)) - len(entry))
        return bytes(column)

    def _types(self, ledger: Ledger) -> bytes:
        column = bytearray()
        for ident, raw in defined(ledger, False):
            entry = TYPE_ENTRY.pack(ident, len(raw), self.types[ident]) + raw
            column += entry + bytes(padded(len(entry)) - len(entry))
        return bytes(column)


def widen(bounds: tuple[int, int], value: int) -> tuple[int, int]:
    return min(bounds[0], value), max(bounds[1], value)


def array_u32(numbers: list[int]) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)


def defined(ledger: Ledger, models: bool) -> list[tuple[int, bytes]]:
    """Ids and names that the segment defines, ascending by id."""
    return sorted((ident, name.encode()) for (is_model, ident), name in ledger.segment_names.items()
                  if is_model == models)


def read_footer(file: File, store_id: bytes, segment: int) -> Footer:
    """[FTR-2], apart from what the commits and the next segment's `opening` say; raises Damage."""
    trailer = file.read(file.size - TRAILER, TRAILER) if file.size >= SEGMENT_HEADER + TRAILER else b""
    need(trailer[8:] == b"ASHLAREN", "[FTR-2] no trailer")
    length, crc = struct.unpack_from("<II", trailer)
    need(crc32(trailer[:4], place_seed(store_id, segment)) == crc, "[FTR-2] wrong trailer CRC")
    start = file.size - length
    need(length >= SUMMARY + TRAILER and start >= SEGMENT_HEADER, "[FTR-2] wrong footerLength")
    data = file.read(start, length)
    need(len(data) == length, "[FTR-2] footer cut off")
    return parse_footer(data, start, store_id, segment)


def parse_footer(data: bytes, start: int, store_id: bytes, segment: int) -> Footer:
    need(crc32(data[:508]) == int.from_bytes(data[508:512], "little"), "[FTR-2] wrong summary CRC")
    (magic, in_store, in_segment, end_offset, commits, blocks, _events, _low, _high, _early, _late, _first, _last,
     closing) = SUMMARY_HEAD.unpack_from(data)
    need(magic == FOOTER_MAGIC, "[FTR-2] no footer magic")
    need(in_store == store_id and in_segment == segment, "[FTR-2] a footer of another segment")
    need(end_offset == start and start % 8 == 0, "[FTR-2] endOffset is not where the footer begins")
    need(is_zero(data[448:508]), "[FMT-1] reserved bytes in a footer")
    columns = []
    pos = SUMMARY
    for number in range(COLUMNS):
        offset, length, crc, reserved = COLUMN.unpack_from(data, 280 + 24 * number)
        need(reserved == 0, "[FMT-1] reserved bytes in a column table")
        need(offset == pos and padded(length) <= len(data) - TRAILER - pos, "[FTR-2] a column is out of place")
        column = data[pos:pos + length]
        need(crc32(column) == crc, "[FTR-2] wrong column CRC")
        need(is_zero(data[pos + length:pos + padded(length)]), "[FMT-1] padding of a column is not zero")
        columns.append(column)
        pos += padded(length)
    need(pos == len(data) - TRAILER, "[FTR-2] columns do not fill the footer")
    check_offsets(columns[0], commits, start)
    check_runs(columns[1], commits)
    check_rollbacks(columns[2], commits)
    check_hashes(columns[3], commits, blocks)
    check_entries(columns[4], MODEL_ENTRY)
    check_entries(columns[5], TYPE_ENTRY)
    check_keyed(columns[6], commits)
    return Footer(start, commits, decode_state(closing))


def check_offsets(column: bytes, commits: int, end: int) -> None:
    need(len(column) == 4 * commits, "[FTR-2] offsets column has another length")
    if not commits:
        return
    offsets = struct.unpack(f"<{commits}I", column)
    need(offsets[0] == SEGMENT_HEADER // 8, "[FTR-2] offsets do not start at 512")
    least = COMMIT_HEADER // 8
    need(all(b - a >= least for a, b in zip(offsets, offsets[1:])), "[FTR-2] offsets do not ascend")
    need(offsets[-1] + least <= end // 8, "[FTR-2] an offset is out of range")


def check_runs(column: bytes, commits: int) -> None:
    need(len(column) % 16 == 0, "[FTR-2] runs column has a bad length")
    for height, index, count in struct.iter_unpack("<qII", column):
        need(height >= 0 and count and index + count <= commits, "[FTR-2] a run is out of range")


def check_rollbacks(column: bytes, commits: int) -> None:
    pos = 0
    while pos < len(column):
        need(len(column) - pos >= 24, "[FTR-2] a rollback entry is cut off")
        index, readopted, _to, _undone, reserved = struct.unpack_from("<IIqII", column, pos)
        need(index < commits and reserved == 0, "[FTR-2] a rollback entry is out of range")
        pos += 24 + 16 * readopted
    need(pos == len(column), "[FTR-2] a rollback entry is cut off")


def check_hashes(column: bytes, commits: int, blocks: int) -> None:
    need(len(column) == 8 * blocks, "[FTR-2] hashes column has another length")
    last = (-1, -1)
    for entry in struct.iter_unpack("<II", column):
        need(entry > last and entry[1] < commits, "[FTR-2] hashes column is not sorted, or out of range")
        last = entry


def check_keyed(column: bytes, commits: int) -> None:
    need(len(column) % 4 == 0, "[FTR-2] keyed column has a bad length")
    last = -1
    for (index,) in struct.iter_unpack("<I", column):
        need(last < index < commits, "[FTR-2] keyed column does not ascend, or is out of range")
        last = index


def check_entries(column: bytes, head: struct.Struct) -> None:
    pos, last = 0, 0
    while pos < len(column):
        need(len(column) - pos >= head.size, "[FTR-2] an entry is cut off")
        ident, length = struct.unpack_from("<II", column, pos)
        end = pos + head.size + padded(length)
        need(ident > last and 1 <= length <= 255 and end <= len(column), "[FTR-2] an entry is out of range")
        need(is_zero(column[pos + head.size + length:end]), "[FMT-1] padding of an entry is not zero")
        pos, last = end, ident
