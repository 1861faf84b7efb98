"""Limits, errors, and the checksums of checksums.md.

Part of a reader written from the text of format-spec/ alone; see ashlar_reader.py.
"""

from __future__ import annotations

import struct
from typing import Any
from zlib import crc32


MAJOR = 1
SEGMENT_HEADER = 512
COMMIT_HEADER = 104
SUMMARY = 512
TRAILER = 16
COLUMNS = 7

MAX_EVENTS = 1 << 24
MAX_CONTENT = (1 << 30) - 1
MAX_FRAME = (1 << 31) - 8
MAX_META = 1 << 28
MAX_TYPE = (1 << 28) - 1
MAX_SEGMENT_NUMBER = (1 << 24) - 1
MAX_SEGMENT_FILE = 1 << 43
MAX_HEIGHT = (1 << 63) - 2
MAX_HASH = 64
MAX_MARK = 65_535
MAX_EXPANSION = 255
MAX_CODEC = 2
I64_MAX = (1 << 63) - 1
I64_MIN = -(1 << 63)

BLOCK, ROLLBACK, FLOATING, CONTROL = 1, 2, 3, 4
KIND_NAMES = {BLOCK: "block", ROLLBACK: "rollback", FLOATING: "floating", CONTROL: "control"}

CHUNK = 4 << 20


class StoreError(Exception):
    """The store cannot be read at all; the message says why."""


class NotAStore(StoreError):
    """There is no store here."""


class Unsupported(StoreError):
    """The store needs a newer reader ([FMT-3], [FMT-4], [FMT-5])."""


class Damage(Exception):
    """The structure that was looked at is not valid; the message says why."""


class Contradiction(Damage):
    """A rollback part contradicts the chain: corruption wherever it stands (recovery.md, below [REC-7])."""


def need(condition: Any, why: str) -> None:
    if not condition:
        raise Damage(why)


def agree(condition: Any, why: str) -> None:
    if not condition:
        raise Contradiction(why)


MASK64 = (1 << 64) - 1
CHAIN_K = 0x9E3779B97F4A7C15


def padded(length: int) -> int:
    return (length + 7) & ~7


def is_zero(data: bytes) -> bool:
    return data.count(0) == len(data)


def fold(h: int, data: bytes) -> int:
    """Fold the little-endian u64 words of data into a chain value."""
    for (word,) in struct.iter_unpack("<Q", data):
        h = ((h ^ word) * CHAIN_K) & MASK64
        h ^= h >> 32
    return h


def chain_origin(store_id: bytes) -> int:
    return fold(0, store_id)


def place_seed(store_id: bytes, segment: int) -> int:
    """[CRC-2] The CRC of commit headers and trailers starts with store and segment."""
    return crc32(store_id + struct.pack("<Q", segment))
