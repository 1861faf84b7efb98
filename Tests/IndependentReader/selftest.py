"""Known values and golden vectors.

Part of a reader written from the text of format-spec/ alone; see ashlar_reader.py.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import tarfile
import tempfile
from typing import Any, Callable, Iterator
from zlib import compress, crc32

from basics import Damage, StoreError, chain_origin, fold
from compression import lz4_block, zlib_stream
from files import File
from snapshots import file_name, parse_header, read_snapshots

CRC_VALUES = [      # checksums.md
    ("(empty)", b"", 0x00000000),
    ("123456789", b"123456789", 0xCBF43926),
    ("32 bytes of zero", bytes(32), 0x190A55AD),
    ("32 bytes of 0xff", b"\xff" * 32, 0xFF6CAB0B),
    ("record content {}", b"\x02\0\0\0{}", 0x1E75AD14),
    ("record content empty", bytes(4), 0x2144DF1C),
]


def known_values() -> Iterator[tuple[str, Any, Any]]:
    """What is checked, what is found, what is expected."""
    for name, data, expected in CRC_VALUES:
        yield f"CRC-32 of {name}", f"{crc32(data):08x}", f"{expected:08x}"
    yield "CRC-32 continued", crc32(b"6789", crc32(b"12345")), 0xCBF43926
    origin = chain_origin(bytes(range(16)))
    yield "chain value: origin", f"{origin:016x}", "c215bbf80159a69c"
    yield "chain value: one more word", f"{fold(origin, struct.pack('<Q', 1)):016x}", "dc7506064905b0e7"
    yield "LZ4 literals", lz4_block(b"\x50hello", 5), b"hello"
    yield "LZ4 overlapping match", lz4_block(b"\x1fa\x01\0\x00\x10b", 21), b"a" * 20 + b"b"
    yield "zlib stream", zlib_stream(compress(b"hello" * 9), 45), b"hello" * 9


def differences(found: Any, expected: Any, path: str = "") -> Iterator[str]:
    """Where two JSON values differ."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in sorted(found.keys() | expected.keys()):
            here = f"{path}.{key}" if path else key
            if key not in found:
                yield f"{here} is not found"
            elif key not in expected:
                yield f"{here} is not expected"
            else:
                yield from differences(found[key], expected[key], here)
    elif isinstance(found, list) and isinstance(expected, list):
        if len(found) != len(expected):
            yield f"{path} has {len(found)} entries, {len(expected)} are expected"
        for index, pair in enumerate(zip(found, expected)):
            yield from differences(*pair, f"{path}[{index}]")
    elif type(found) is not type(expected) or found != expected:
        yield f"{path} is {json.dumps(found)}, {json.dumps(expected)} is expected"


def check_vector(directory: str, read_store: Callable[..., dict[str, Any]]) -> list[str]:
    """What is wrong with what the reader finds in a vector."""
    try:
        with open(os.path.join(directory, "expected.json"), encoding="utf-8") as file:
            expected = json.load(file)
        found = read_store(os.path.join(directory, "store"))
        problems = list(differences(found, expected))
        # [FTR-1] What is no damage is also byte for byte what the commits give.
        rebuilt = read_store(os.path.join(directory, "store"), footers=True, summary=True)
        if "bad" not in found["footers"].values() and not rebuilt["footersRebuilt"]:
            problems.append("a good footer is not the one that the commits give [FTR-1]")
        if found["outcome"]["kind"] == "clean" and not rebuilt["sidecarsRebuilt"]:
            problems.append("a sidecar is not the one that the commits give [FTR-1]")
        return problems
    except (StoreError, Damage, OSError, ValueError, KeyError) as problem:
        return [f"{type(problem).__name__}: {problem}"]


def check_snapshots(directory: str) -> list[str]:
    """What is wrong with what the reader finds in the golden snapshot files, and with their names."""
    try:
        with open(os.path.join(directory, "expected.json"), encoding="utf-8") as file:
            expected = json.load(file)
        store = os.path.join(directory, "store")
        problems = list(differences(read_snapshots(store, with_raw=True), expected))
        for entry in os.listdir(store):
            with File(os.path.join(store, entry), entry) as snapshot:
                data = snapshot.read(0, 512)
            # The versions of the header do not change what the name is made of.
            if len(data) == 512 and file_name(parse_header(as_version_1(data))) != entry:
                problems.append(f"{entry} is not the name of [SNP-1]")
        return problems
    except (StoreError, Damage, OSError, ValueError, KeyError) as problem:
        return [f"{type(problem).__name__}: {problem}"]


def check_backup(directory: str, read_store: Callable[..., dict[str, Any]]) -> list[str]:
    """What is wrong with the golden archive: digests, manifest, and what its files are as a store (backup.md)."""
    try:
        with tarfile.open(os.path.join(directory, "archive.tar"), "r:") as archive:
            members = {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}
        manifest = members.pop("0000000001.manifest")
        lines = manifest.decode("ascii").split("\n")
        problems = []
        body = manifest[: manifest.rindex(b"sha256 ")]
        if lines[-2] != "sha256 " + hashlib.sha256(body).hexdigest() or lines[-1] != "":
            problems.append("the manifest's digest is not that of its text")
        fields = dict(line.split(" ", 1) for line in lines[1:8])
        with tempfile.TemporaryDirectory() as store:
            for line in lines[lines.index(f"files {len(members)}") + 1 : -2]:
                digest, size, _, name = line.split(" ")
                data = members.pop(digest + ".part")
                if hashlib.sha256(data).hexdigest() != digest or len(data) != int(size):
                    problems.append(f"{name} is not what the manifest says")
                with open(os.path.join(store, name), "wb") as file:
                    file.write(data)
            problems += [f"{name} is in no manifest" for name in members]
            found = read_store(store)
        with open(os.path.join(directory, "..", "pruned", "expected.json"), encoding="utf-8") as file:
            expected = json.load(file)
        for key in ("storeId", "sequence", "chainValue", "tip", "pruned", "canonical", "commits"):
            problems += differences(found[key], expected[key])
        if fields["store"] != found["storeId"] or int(fields["sequence"]) != found["commits"][-1]["sequence"]:
            problems.append("the manifest is of another store, or of another end")
        return problems
    except (StoreError, Damage, OSError, ValueError, KeyError, tarfile.TarError) as problem:
        return [f"{type(problem).__name__}: {problem}"]


def as_version_1(header: bytes) -> bytes:
    data = header[:8] + b"\1\0" + header[10:508]
    return data + struct.pack("<I", crc32(data))


def self_test(vectors: str, read_store: Callable[..., dict[str, Any]]) -> int:
    """Print what fails, and the counts; the number of failures."""
    passed = failed = 0

    def report(name: str, problems: list[str]) -> None:
        nonlocal passed, failed
        if problems:
            failed += 1
            print(f"FAILED {name}: {'; '.join(problems[:5])}{' ...' if len(problems) > 5 else ''}")
        else:
            passed += 1
            print(f"passed {name}")

    for name, found, expected in known_values():
        report(name, [] if found == expected else [f"{found!r}, {expected!r} is expected"])
    try:
        names = sorted(entry.name for entry in os.scandir(vectors) if entry.is_dir())
    except OSError as problem:
        names = []
        report("vectors", [str(problem)])
    else:
        if not names:
            report("vectors", [f"none in {vectors}"])
    for name in names:
        path = os.path.join(vectors, name)
        if name == "snapshots":
            problems = check_snapshots(path)
        elif name == "backup":
            problems = check_backup(path, read_store)
        else:
            problems = check_vector(path, read_store)
        report(f"vector {name}", problems)
    print(f"{passed} passed, {failed} failed")
    return failed
