"""Snapshot files (snapshot.md): listing and checking them.

Part of a reader written from the text of format-spec/ alone; see ashlar_reader.py.
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass
from typing import Any, Callable, Iterator
from zlib import crc32

from basics import MAJOR, MAX_CODEC, MAX_EXPANSION, MAX_HASH, MAX_HEIGHT, Damage, Unsupported, fold, is_zero, need, padded
from compression import expand
from files import File

HEADER = struct.Struct("<8sHHIII16sqQQqQIIBB6s64s255s93sI")
HEAD = struct.Struct("<IIII")
TRAILER = struct.Struct("<8sQQQQI16sI")
MAX_CHUNK = 1 << 22


class DamageAt(Exception):
    """Damage, and where in the file."""

    def __init__(self, offset: int, why: str):
        super().__init__(why)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Header:
    store_id: bytes
    model: str
    schema_version: int
    height: int
    block_hash: bytes
    sequence: int
    chain_value: int
    created_time: int
    attempt: int
    codec: int
    chunk_bytes: int

    def seed(self, index: int) -> int:
        """[SNP-5] What the CRC of a chunk starts with."""
        return crc32(self.store_id + struct.pack("<QQ", self.attempt, index))


@dataclass(frozen=True, slots=True)
class Trailer:
    chunks: int
    raw_bytes: int
    end: int
    digest: int
    raw_crc: int


def parse_header(data: bytes) -> Header:
    """[SNP-2], [SNP-3]"""
    need(len(data) == HEADER.size, "[SNP-2] shorter than a snapshot header")
    (magic, major, minor, required, _optional, schema, store_id, height, sequence, chain, created, attempt, codec,
     chunk_bytes, hash_length, name_length, zero, block_hash, name, zero2, crc) = HEADER.unpack(data)
    need(magic == b"ASHLARSN", "[SNP-2] wrong magic")
    need(crc32(data[:508]) == crc, "[SNP-3] wrong header CRC")
    if major > MAJOR:
        raise Unsupported(f"needs a reader of format version {major}.{minor} [FMT-3]")
    need(major == MAJOR, "[SNP-2] no such version")
    if required:
        raise Unsupported(f"needs features 0x{required:08x} [FMT-4]")
    if codec > MAX_CODEC:
        raise Unsupported(f"codec {codec} is unknown to version 1.0")
    need(1 <= chunk_bytes <= MAX_CHUNK, "[SNP-2] chunkBytes is out of range")
    need(1 <= hash_length <= MAX_HASH and name_length, "[SNP-2] a length is out of range")
    need(is_zero(zero + block_hash[hash_length:] + name[name_length:] + zero2), "[FMT-1] reserved bytes")
    need(0 <= height <= MAX_HEIGHT and sequence, "[SNP-2] height or sequence is out of range")
    try:
        model = name[:name_length].decode()
    except UnicodeDecodeError:
        raise Damage("[SNP-2] the model's name is not UTF-8") from None
    need("\0" not in model, "[SNP-2] the model's name contains a byte 0")
    return Header(store_id, model, schema, height, block_hash[:hash_length], sequence, chain, created, attempt, codec,
                  chunk_bytes)


def parse_trailer(data: bytes, header: Header, offset: int) -> Trailer:
    """[SNP-8]"""
    need(len(data) == TRAILER.size, "[SNP-8] no trailer")
    magic, chunks, raw_bytes, end, digest, raw_crc, zero, crc = TRAILER.unpack(data)
    need(magic == b"ASHLARSE", "[SNP-8] no trailer")
    need(crc32(data[:60], header.seed((1 << 64) - 1)) == crc, "[SNP-8] wrong trailer CRC")
    need(is_zero(zero), "[FMT-1] reserved bytes in the trailer")
    need(end == offset >= HEADER.size, "[SNP-8] the trailer is not at endOffset")
    stored = end - HEADER.size
    need(raw_bytes // MAX_EXPANSION <= stored and HEAD.size * chunks <= stored, "[SNP-8] too many bytes or chunks")
    need(chunks == -(-raw_bytes // header.chunk_bytes), "[SNP-8] wrong number of chunks")
    return Trailer(chunks, raw_bytes, end, digest, raw_crc)


def chunks(file: File, header: Header, trailer: Trailer) -> Iterator[bytes]:
    """The raw bytes, chunk after chunk, each checked; at the end all of them together ([SNP-9])."""
    offset, left, digest, raw_crc = HEADER.size, trailer.raw_bytes, header.attempt, 0
    for index in range(trailer.chunks):
        try:
            head = file.read(offset, HEAD.size)
            need(offset + HEAD.size < trailer.end, "[SNP-6] no room for a chunk")
            raw_length, stored_length, codec, crc = HEAD.unpack(head)
            need(raw_length == min(header.chunk_bytes, left), "[SNP-6] wrong rawLength")
            need(1 <= stored_length <= raw_length <= MAX_EXPANSION * stored_length, "[SNP-6] wrong storedLength")
            need(codec <= MAX_CODEC and (codec or stored_length == raw_length), "[SNP-6] wrong codec")
            need(stored_length <= trailer.end - offset - HEAD.size, "[SNP-6] a chunk overruns the trailer")
            stored = file.read(offset + HEAD.size, stored_length)
            need(crc32(stored, crc32(head[:12], header.seed(index))) == crc, "[SNP-7] wrong CRC of a chunk")
            raw = expand(stored, codec, raw_length)
        except Damage as problem:
            raise DamageAt(offset, str(problem)) from None
        digest = fold(digest, head)
        raw_crc = crc32(raw, raw_crc)
        offset += HEAD.size + stored_length
        left -= raw_length
        yield raw
    if (offset, digest, raw_crc) != (trailer.end, trailer.digest, trailer.raw_crc):
        raise DamageAt(trailer.end, "[SNP-9] digest, rawCRC or endOffset are not those of the chunks")


def file_name(header: Header) -> str:
    """[SNP-1] The name that a writer gives."""
    name = header.model.encode()
    readable = "".join(chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else "_" for byte in name[:40])
    hashed = fold(fold(0, struct.pack("<Q", len(name))), name.ljust(padded(len(name)), b"\0"))
    return f"{readable}-{hashed:016x}-{header.height:019}-{header.sequence:020}-{header.schema_version}.snapshot"


def read_snapshot(file: File, take: Callable[[bytes], Any]) -> dict[str, Any]:
    """What is in one file; its raw bytes go to `take`."""
    result: dict[str, Any] = {"file": file.name, "bytes": file.size}
    offset = 0
    try:
        header = parse_header(file.read(0, HEADER.size))
        offset = max(file.size - TRAILER.size, 0)
        trailer = parse_trailer(file.read(offset, TRAILER.size), header, offset)
        result |= {
            "storeId": header.store_id.hex(), "model": header.model, "schemaVersion": header.schema_version,
            "height": header.height, "blockHash": header.block_hash.hex(), "sequence": header.sequence,
            "chainValue": f"{header.chain_value:016x}", "createdTime": header.created_time,
            "attempt": f"{header.attempt:016x}", "codec": header.codec, "chunkBytes": header.chunk_bytes,
            "chunkCount": trailer.chunks, "rawBytes": trailer.raw_bytes, "digest": f"{trailer.digest:016x}",
            "rawCRC": f"{trailer.raw_crc:08x}"}
        for raw in chunks(file, header, trailer):
            take(raw)
        result["outcome"] = {"kind": "good"}
    except Unsupported:
        result["outcome"] = {"kind": "unsupported"}
    except Damage:
        result["outcome"] = {"kind": "damaged", "offset": offset}
    except DamageAt as problem:
        result["outcome"] = {"kind": "damaged", "offset": problem.offset}
    return result


def read_snapshots(path: str, with_raw: bool = False) -> dict[str, Any]:
    """All snapshot files of a directory: with the raw bytes in hex, or with their SHA-256."""
    found = []
    for name in sorted((name for name in os.listdir(path) if name.endswith(".snapshot")), key=os.fsencode):
        raw, digest = bytearray(), hashlib.sha256()
        with File(os.path.join(path, name), name) as file:
            entry = read_snapshot(file, raw.extend if with_raw else digest.update)
        if entry["outcome"]["kind"] == "good":
            if with_raw:
                entry["raw"] = raw.hex()
            else:
                entry["rawSHA256"] = digest.hexdigest()
        found.append(entry)
    return {"snapshots": found}
