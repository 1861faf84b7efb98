"""The segment files of a store, and the walk over the commits of one of them.

Part of a reader written from the text of format-spec/ alone; see ashlar_reader.py.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import Callable, Optional

from basics import MAX_SEGMENT_NUMBER, SEGMENT_HEADER, Contradiction, Damage, NotAStore, place_seed
from commits import Commit, read_commit
from files import File
from footers import FooterBuilder
from headers import Note, SegmentHeader, find_commit_headers, parse_segment_header
from ledger import Ledger

SEGMENT_NAME = re.compile(r"([0-9]{10})-([0-9]{4})\.segment", re.ASCII)

Sink = Callable[[Commit], None]


@dataclass
class Walk:
    end: int                        # `e` of recovery.md
    durable: int                    # highest durableSequence of the valid commits
    builder: FooterBuilder
    reason: str = ""                # why the walk ended there
    contradiction: bool = False     # a valid commit stands there but for its rollback part


@dataclass
class Segment:
    number: int
    generation: int
    name: str
    file: File
    header: Optional[SegmentHeader] = None
    problem: str = ""               # why there is no header
    walk: Optional[Walk] = None


def open_segments(directory: str) -> list[Segment]:
    """[SEG-1], [SEG-3], [SEG-4]: the highest generation of each number; files with other names are ignored."""
    newest: dict[int, tuple[int, str]] = {}
    try:
        names = os.listdir(directory)
    except (FileNotFoundError, NotADirectoryError):
        raise NotAStore(f"{directory}: not a directory") from None
    for name in names:
        if match := SEGMENT_NAME.fullmatch(name):
            number, generation = int(match[1]), int(match[2])
            if 1 <= number <= MAX_SEGMENT_NUMBER and generation > newest.get(number, (-1, ""))[0]:
                newest[number] = generation, name
    if not newest:
        raise NotAStore(f"{directory}: no segment files, not a store")
    segments = []
    for number, (generation, name) in sorted(newest.items()):
        with File(os.path.join(directory, name), name) as file:
            segment = Segment(number, generation, name, file)
            try:
                segment.header = parse_segment_header(file.read(0, SEGMENT_HEADER), number, generation)
            except Damage as damage:
                segment.problem = str(damage)
        segments.append(segment)
    return segments


def has_commits(segment: Segment, store_id: bytes) -> bool:
    """[REC-14] Whether the file holds a commit header of this store."""
    seed = place_seed(store_id, segment.number)
    return next(find_commit_headers(segment.file, 0, seed), None) is not None


def highest_durable(segment: Segment, store_id: bytes) -> int:
    """[REC-8] The highest durableSequence in the file: of its valid commits, and behind where they end."""
    walk = segment.walk
    start = walk.end if walk else SEGMENT_HEADER if segment.header else 0
    found = find_commit_headers(segment.file, start, place_seed(store_id, segment.number))
    return max(walk.durable if walk else 0, max((header.durable_sequence for header in found), default=0))


def walk_segment(segment: Segment, ledger: Ledger, note: Optional[Note], sink: Optional[Sink]) -> Optional[str]:
    """All valid commits of a segment, in full (points 1 to 7 of recovery.md); fills segment.walk.

    Returns what is wrong with the note, if its commit is in the segment ([NOTE-3]).
    """
    store_id = segment.header.store_id
    seed = place_seed(store_id, segment.number)
    walk = segment.walk = Walk(SEGMENT_HEADER, 0, FooterBuilder(store_id, segment.number))
    ledger.open_segment()
    note_problem = None
    offset = SEGMENT_HEADER
    group: list[Commit] = []
    while True:
        commit = None
        try:
            commit = read_commit(segment.file, offset, segment.number, seed, ledger.state, sink is not None)
            ledger.apply(commit)
        except Contradiction as damage:
            walk.reason = f"at {offset}: {damage}"
            walk.contradiction = completes_group(segment, ledger, seed, commit)
            break
        except Damage as damage:
            walk.reason = f"at {offset}: {damage}"
            break
        group.append(commit)
        offset += commit.header.frame_length
        if commit.header.continues:
            continue
        for member in group:
            header = member.header
            walk.builder.add(member)
            walk.durable = max(walk.durable, header.durable_sequence)
            if note and note.sequence == header.sequence and note.chain_value != header.chain_value:
                note_problem = f"[NOTE-3] its chain value is not that of commit {note.sequence}"
            if sink:
                sink(member)
        group.clear()
        ledger.keep()
        walk.end = offset
    if group and not walk.contradiction:
        walk.reason = f"at {walk.end}: [REC-7] the group is not complete ({walk.reason})"
    ledger.take_back()
    return note_problem


def completes_group(segment: Segment, ledger: Ledger, seed: int, commit: Commit) -> bool:
    """[REC-7] Whether the group of a commit that contradicts the chain is complete: it is valid otherwise."""
    state = ledger.state
    while commit.header.continues:
        header = commit.header
        state = replace(state, sequence=header.sequence, chain_value=header.chain_value,
                        final_height=header.final_height)
        try:
            commit = read_commit(segment.file, commit.offset + header.frame_length, segment.number, seed, state, False)
        except Damage:
            return False
    return True
