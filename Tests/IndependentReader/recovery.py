"""Walking a whole store, and the outcome (recovery.md).

Part of a reader written from the text of format-spec/ alone; see ashlar_reader.py.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import Any, Callable, Optional
from zlib import crc32

from basics import SEGMENT_HEADER, SUMMARY, TRAILER, Damage, NotAStore, StoreError, need, place_seed
from files import File
from footers import FOOTER_MAGIC, read_footer
from headers import ChainState, find_commit_headers, read_note
from ledger import Ledger
from walking import Segment, Sink, has_commits, highest_durable, open_segments, walk_segment


@dataclass
class Outcome:
    kind: str
    file: Optional[str] = None
    offset: Optional[int] = None
    bytes: Optional[int] = None
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        found = {"kind": self.kind, "file": self.file, "offset": self.offset, "bytes": self.bytes}
        return {key: value for key, value in found.items() if value is not None}


def corrupt(name: str, offset: int, reason: str) -> Outcome:
    return Outcome("corrupt", name, offset, None, reason)


class StoreReader:
    """One full check of a store directory; the sink gets each valid commit in order."""

    def __init__(self, directory: str, sink_factory: Optional[Callable[[Ledger], Sink]] = None,
                 rebuild_footers: bool = False):
        self.directory = directory
        self.sink_factory = sink_factory
        self.rebuild_footers = rebuild_footers
        self.segments: list[Segment] = []           # those that count: without an unfinished one
        self.unfinished: Optional[Segment] = None
        self.first_number = 1                       # of the first segment that was not pruned
        self.footers: dict[str, str] = {}           # label by file name, of the segments walked
        self.rebuilt: dict[str, bool] = {}          # whether a footer equals the one that the commits give
        self.sidecars: dict[str, bool] = {}         # the same of the sidecars
        self.note_problem: Optional[Outcome] = None
        self.proven = 0
        self.outcome = Outcome("clean")

    def run(self) -> None:
        files = self.segments = open_segments(self.directory)
        try:
            self._run()
        finally:
            for segment in files:
                segment.file.close()

    def _run(self) -> None:
        self.note = read_note(self.directory)
        self.store_id = self._find_store_id()
        self.first = next((s.header for s in self.segments if s.header), None)
        self.ledger = Ledger(self.store_id, bool(self.first and self.first.height_gaps))
        self.sink = self.sink_factory(self.ledger) if self.sink_factory else None
        self._check_note()
        self._set_unfinished_aside()
        outcome = self._set_pruned_aside() or self._walk_all()
        self.proven = self._gather_evidence()
        if self.unfinished and outcome.kind == "clean" and self.proven > self.ledger.state.sequence:
            outcome = corrupt(self.unfinished.name, 0,
                              f"[REC-14] proven up to {self.proven}, which the log before does not reach")
        self.outcome = self.note_problem or outcome

    # ---- what there is

    def _find_store_id(self) -> bytes:
        """From the first sound header; else from whatever agrees with a commit header in a file."""
        for segment in self.segments:
            if segment.header:
                return segment.header.store_id
        for segment in self.segments:
            candidates = [segment.file.read(24, 16)] + ([self.note.store_id] if self.note else [])
            for candidate in candidates:
                if len(candidate) == 16 and has_commits(segment, candidate):
                    return candidate
        if self.note:
            return self.note.store_id
        return self.segments[0].file.read(24, 16).ljust(16, b"\0")

    def _check_note(self) -> None:
        if self.note and self.note.store_id != self.store_id:
            self.note_problem = corrupt("durable", 8, "[NOTE-2] the note is of another store")
            self.note = None        # it proves nothing of this log
        elif self.note and self.note.sequence == 0 and self.note.chain_value != self.ledger.state.chain_value:
            self.note_problem = corrupt("durable", 40, "[NOTE-3] its chain value is not the origin")

    def _set_unfinished_aside(self) -> None:
        """[REC-14], as far as it can be told before the walk."""
        last = self.segments[-1]
        if last.header:
            return
        empty = last.file.size < SEGMENT_HEADER or last.file.end_of_content(0) == 0
        if len(self.segments) == 1:
            if empty and not (self.note and self.note.sequence):
                raise NotAStore(f"{self.directory}: the only segment is unfinished; "
                                "the store was never created [REC-14]")
        elif empty or not has_commits(last, self.store_id):
            self.unfinished = last
            self.segments = self.segments[:-1]

    def _set_pruned_aside(self) -> Optional[Outcome]:
        """[SEG-11] The last header tells where the log begins; segments before that are left out of account."""
        header = self.segments[-1].header
        pruned = header.pruned_sequence if header else 0
        if not pruned:
            return None
        for position in reversed(range(len(self.segments))):
            segment = self.segments[position]
            expected = self.segments[-1].number - (len(self.segments) - 1 - position)
            if segment.number != expected:
                return self._missing(expected)
            if not segment.header:
                return corrupt(segment.name, 0, segment.problem)
            if segment.header.opening.sequence == pruned:
                self.segments = self.segments[position:]
                self.first = segment.header
                self.first_number = segment.number
                self.ledger.begin_at(segment.header.opening)
                if self.note and self.note.sequence == pruned and \
                        self.note.chain_value != segment.header.opening.chain_value:
                    self.note_problem = corrupt("durable", 40, f"[NOTE-3] its chain value is not that of commit {pruned}")
                return None
            if segment.header.opening.sequence < pruned:
                return corrupt(segment.name, 72, "[SEG-11] pruned in the midst of a segment")
        return self._missing(self.segments[0].number - 1)

    # ---- the walk

    def _walk_all(self) -> Outcome:
        for position, segment in enumerate(self.segments):
            last = position == len(self.segments) - 1
            problem = self._problem_of(segment, position)
            if problem:
                return problem
            note_problem = walk_segment(segment, self.ledger, self.note, self.sink)
            if note_problem:
                self.note_problem = corrupt("durable", 40, note_problem)
            next_opening = None if last else self._opening_of(self.segments[position + 1], position + 1)
            label = self._judge_footer(segment, next_opening)
            segment.file.close()
            if segment.walk.contradiction:
                return corrupt(segment.name, segment.walk.end, segment.walk.reason)
            if last and not self.unfinished:
                return self._end_of_log(segment, label)
            if not self._is_whole(segment, label, next_opening):
                return corrupt(segment.name, segment.walk.end, f"[REC-13] [FTR-3] {segment.walk.reason}")
        if self.unfinished.number != len(self.segments) + self.first_number:
            return self._missing(len(self.segments) + self.first_number)
        return Outcome("clean", reason=f"{self.unfinished.name} is unfinished [REC-14]")

    @staticmethod
    def _missing(number: int) -> Outcome:
        return corrupt(f"{number:010d}-0000.segment", 0, "[SEG-1] [REC-13] a segment is missing")

    def _problem_of(self, segment: Segment, position: int) -> Optional[Outcome]:
        """What forbids to walk this segment. That it continues the one before has been checked with that."""
        if segment.number != position + self.first_number:
            return self._missing(position + self.first_number)
        if not segment.header:
            return corrupt(segment.name, 0, segment.problem)
        if not segment.header.same_store(self.first):
            return corrupt(segment.name, 0, "[SEG-6] a segment of another store")
        if position and segment.header.pruned_sequence < self.segments[position - 1].header.pruned_sequence:
            return corrupt(segment.name, 240, "[SEG-11] less was pruned than before")
        if position == 0 and segment.header.opening != self.ledger.state:
            return corrupt(segment.name, 0, "[SEG-7] the first opening is not the origin")
        return None

    def _opening_of(self, segment: Segment, position: int) -> Optional[ChainState]:
        """The opening of the next segment, if that segment may be believed."""
        header = segment.header
        follows = segment.number == position + self.first_number
        return header.opening if header and header.same_store(self.first) and follows else None

    def _is_whole(self, segment: Segment, label: str, next_opening: Optional[ChainState]) -> bool:
        """[FTR-3] Whether the walk of a sealed segment ended where its commits end."""
        if next_opening:
            return self.ledger.state == next_opening
        return label == "good" or self._has_footer_there(segment)

    @staticmethod
    def _has_footer_there(segment: Segment) -> bool:
        """Nothing says where a sealed segment should end but its footer, of which one end is enough."""
        file, end = segment.file, segment.walk.end
        with file:
            if file.read(end, 8) == FOOTER_MAGIC:
                return True
            trailer = file.read(file.size - TRAILER, TRAILER)
        left = file.size - end
        if left < SUMMARY + TRAILER:
            return False
        length, crc = struct.unpack_from("<II", trailer)
        return length == left and crc == crc32(trailer[:4], place_seed(segment.header.store_id, segment.number))

    def _end_of_log(self, segment: Segment, label: str) -> Outcome:
        """The table of recovery.md."""
        walk, proven = segment.walk, self._gather_evidence()
        with segment.file as file:
            if proven > self.ledger.state.sequence:
                return corrupt(segment.name, walk.end, f"proven up to {proven}; {walk.reason}")
            if label == "good":
                return Outcome("clean")
            used = file.end_of_content(walk.end) - walk.end
            if used == 0:
                return Outcome("clean")
            found = find_commit_headers(file, walk.end, place_seed(self.store_id, segment.number))
            sequences = sorted({header.sequence for header in found})
        return Outcome("tornTail", segment.name, walk.end, used, f"{walk.reason}; sequences recognised: {sequences}")

    def _gather_evidence(self) -> int:
        """[REC-8] Asked for only when no more segments will be walked."""
        last = self.segments[-1]
        proven = max(self.note.sequence if self.note else 0, highest_durable(last, self.store_id))
        if last.header and last.header.same_store(self.first):
            proven = max(proven, last.header.opening.sequence)
        return proven

    # ---- footers

    def _judge_footer(self, segment: Segment, next_opening: Optional[ChainState]) -> str:
        """[FTR-2] and the labels below [FTR-3]."""
        walk, file = segment.walk, segment.file
        try:
            footer = read_footer(file, self.store_id, segment.number)
            need(footer.start == walk.end, "[FTR-2] the footer does not begin where the commits end")
            need(footer.commit_count == len(walk.builder.offsets), "[FTR-2] commitCount is not that of the commits")
            need(footer.closing == self.ledger.state, "[FTR-2] closing is not that of the commits")
            need(next_opening in (None, footer.closing), "[FTR-2] the next opening is not closing")
            label = "good"
        except Damage as damage:
            label = "bad" if file.read(walk.end, len(FOOTER_MAGIC)) == FOOTER_MAGIC else "none"
            if label == "bad":
                walk.reason += f"; bad footer: {damage}"
        self.footers[segment.name] = label
        if self.rebuild_footers:
            self._compare_rebuilt(segment, label)
        return label

    def _compare_rebuilt(self, segment: Segment, label: str) -> None:
        """[FTR-1], of the footer and of the sidecar ([FTR-4])."""
        footer = segment.walk.builder.build(self.ledger, segment.walk.end)
        if label != "none":
            self.rebuilt[segment.name] = segment.file.read(segment.walk.end, len(footer) + 1) == footer
        name = segment.name.removesuffix(".segment") + ".index"
        try:
            with File(os.path.join(self.directory, name), name) as sidecar:
                self.sidecars[name] = sidecar.read(0, len(footer) + 1) == footer
        except (FileNotFoundError, StoreError):
            pass
