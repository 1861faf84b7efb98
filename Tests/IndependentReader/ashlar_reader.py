#!/usr/bin/env python3
"""A reader and full checker for Ashlar stores, format version 1.0.

It was written from the text of format-spec/ alone, without sight of any other
implementation: it is a proof that the specification suffices.  Comments and
messages such as [COM-3] cite the numbered requirements of that text.  It needs
Python 3.10 and nothing else.

    python3 ashlar_reader.py [--footers] [--summary] STORE_DIR
    python3 ashlar_reader.py --snapshots STORE_DIR
    python3 ashlar_reader.py --self-test [VECTORS_DIR]

The first prints one JSON object as format-spec/vectors/README.md describes;
--summary leaves out "commits"; --footers adds "footersRebuilt" and
"sidecarsRebuilt": whether every footer and sidecar of the segments walked has
exactly the bytes that their commits give ([FTR-1]).  Exit code 0: clean or torn
tail; 1: corrupt; 2: usage, no store, unsupported version, or an I/O error (the
message is on standard error).  Why a walk ended where it did is told on
standard error too.

The second lists and checks the snapshot files of a store as vectors/README.md
describes, with the SHA-256 of the raw bytes in place of these.  Exit code 1 if one
is damaged.

The third checks the values of checksums.md and every vector in VECTORS_DIR
(by default the format-spec/vectors of this repository).  Exit code 1 if one fails.

As a library:  read_store(path) -> dict,  raising StoreError.

    basics.py       limits, errors, checksums         ledger.py     what the log adds up to
    compression.py  LZ4 and zlib                      footers.py    checking and rebuilding footers
    files.py        files read by position            walking.py    the commits of one segment
    headers.py      structures of fixed size          recovery.py   a whole store, and the outcome
    parts.py        meta parts                        printing.py   JSON
    commits.py      frames, sections, records         snapshots.py  snapshot files
                                                      selftest.py   known values and vectors
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from typing import Any, Callable, Optional

from basics import StoreError
from commits import Commit
from ledger import Ledger
from printing import commit_json, store_json
from recovery import StoreReader
from selftest import self_test
from snapshots import read_snapshots

DEFAULT_VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "format-spec", "vectors")


def read_store(path: str, footers: bool = False, summary: bool = False) -> dict[str, Any]:
    """The JSON object of vectors/README.md as a dict; raises StoreError (or OSError of the medium)."""
    commits: list[dict[str, Any]] = []

    def collector(ledger: Ledger) -> Callable[[Commit], None]:
        return lambda commit: commits.append(commit_json(commit, ledger))

    reader = StoreReader(os.fspath(path), None if summary else collector, footers)
    reader.run()
    result = store_json(reader)
    if not summary:
        result["commits"] = commits
    return result


class Spool:
    """Keeps the commits as JSON text in a temporary file, so that memory stays small."""

    def __init__(self, file: Any):
        self.file = file
        self.separator = "\n"

    def sink(self, ledger: Ledger) -> Callable[[Commit], None]:
        def write(commit: Commit) -> None:
            self.file.write(self.separator)
            self.file.write(json.dumps(commit_json(commit, ledger)))
            self.separator = ",\n"
        return write

    def copy_to(self, target: Any) -> None:
        self.file.seek(0)
        while piece := self.file.read(1 << 20):
            target.write(piece)


def print_store(path: str, footers: bool, summary: bool) -> int:
    """Print what read_store returns, and the reason of the outcome on standard error; the exit code."""
    with tempfile.TemporaryFile("w+", encoding="ascii") as file:
        spool = Spool(file)
        reader = StoreReader(path, None if summary else spool.sink, footers)
        reader.run()
        text = json.dumps(store_json(reader))
        if reader.outcome.reason:
            print(f"{reader.outcome.kind}: {reader.outcome.reason}", file=sys.stderr)
        if summary:
            print(text)
        else:
            sys.stdout.write(text[:-1] + ', "commits": [')
            spool.copy_to(sys.stdout)
            print("]}")
    sys.stdout.flush()
    return 1 if reader.outcome.kind == "corrupt" else 0


def print_snapshots(path: str) -> int:
    """Print what read_snapshots returns; the exit code."""
    found = read_snapshots(path)
    print(json.dumps(found))
    return 1 if any(entry["outcome"]["kind"] == "damaged" for entry in found["snapshots"]) else 0


def main(arguments: Optional[list[str]] = None) -> int:
    parser = argparse.ArgumentParser(description="Check an Ashlar store in full and print what is in it as JSON.")
    parser.add_argument("--footers", action="store_true",
                        help="compare every footer and sidecar with what the commits give")
    parser.add_argument("--summary", action="store_true", help='leave out the list "commits"')
    parser.add_argument("--snapshots", action="store_true", help="list and check the snapshot files instead of the log")
    parser.add_argument("--self-test", nargs="?", const=os.path.normpath(DEFAULT_VECTORS), metavar="VECTORS_DIR",
                        help="check the values of checksums.md and all vectors")
    parser.add_argument("store", metavar="STORE_DIR", nargs="?")
    options = parser.parse_args(arguments)      # exits with 2 on bad usage
    if (options.store is None) == (options.self_test is None):
        parser.error("either STORE_DIR or --self-test is needed")
    try:
        if options.self_test is not None:
            return 1 if self_test(options.self_test, read_store) else 0
        if options.snapshots:
            return print_snapshots(options.store)
        return print_store(options.store, options.footers, options.summary)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except StoreError as problem:
        message = str(problem)
    except (OSError, MemoryError, ValueError, RecursionError) as problem:
        message = f"{options.store or options.self_test}: {type(problem).__name__}: {problem}"
    except KeyboardInterrupt:
        message = "interrupted"
    print(f"ashlar_reader: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
