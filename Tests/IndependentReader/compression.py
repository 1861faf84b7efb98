"""Expanding compressed sections (commit.md, "Compression").

Part of a reader written from the text of format-spec/ alone; see ashlar_reader.py.
"""

from __future__ import annotations

from zlib import decompressobj, error as ZlibError

from basics import Damage, need


def lz4_block(src: bytes, size: int) -> bytes:
    """Expand one LZ4 block to exactly size bytes; never makes more than that."""
    out = bytearray()
    pos, end = 0, len(src)
    try:
        while True:
            token = src[pos]
            pos += 1
            literals = token >> 4
            if literals == 15:
                while (extra := src[pos]) == 255:
                    literals += 255
                    pos += 1
                literals += extra
                pos += 1
            if literals:
                need(literals <= end - pos and len(out) + literals <= size, "[COM-13] LZ4 literals overrun")
                out += src[pos:pos + literals]
                pos += literals
            if pos == end:
                break
            offset = src[pos] | src[pos + 1] << 8
            pos += 2
            match = token & 15
            if match == 15:
                while (extra := src[pos]) == 255:
                    match += 255
                    pos += 1
                match += extra
                pos += 1
            match += 4
            start = len(out) - offset
            need(offset and start >= 0, "[COM-13] LZ4 offset before the start")
            need(len(out) + match <= size, "[COM-13] LZ4 match overruns")
            if match <= offset:
                out += out[start:start + match]
            else:
                out += (out[start:] * (match // offset + 1))[:match]
    except IndexError:
        raise Damage("[COM-13] LZ4 block ends in the middle") from None
    need(len(out) == size, "[COM-13] LZ4 block expands to another length")
    return bytes(out)


def zlib_stream(src: bytes, size: int) -> bytes:
    """Expand one zlib stream to exactly size bytes; never makes more than one byte more."""
    machine = decompressobj()
    try:
        out = machine.decompress(src, size + 1)
    except ZlibError as problem:
        raise Damage(f"[COM-13] zlib: {problem}") from None
    need(len(out) == size and machine.eof and not machine.unused_data,
         "[COM-13] zlib stream does not expand to exactly the length")
    return out


def expand(stored: bytes, codec: int, size: int) -> bytes:
    if codec == 0:
        return stored
    return lz4_block(stored, size) if codec == 1 else zlib_stream(stored, size)
