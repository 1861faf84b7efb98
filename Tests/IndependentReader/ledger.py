"""What the log adds up to; each commit is checked against the log before it.

Part of a reader written from the text of format-spec/ alone; see ashlar_reader.py.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import Any, Callable, Optional

from basics import Contradiction, agree, chain_origin, need
from commits import Commit
from headers import ChainState
from parts import Block, Name, Parts, Rollback, Section


_ABSENT = object()


@dataclass(frozen=True, slots=True)
class KnownBlock:
    """What is kept of a block commit for later rollbacks."""
    sequence: int
    block: Block
    events: int
    sections: tuple[Section, ...]

    @property
    def height(self) -> int:
        return self.block.height


class Ledger:
    """Canonical blocks, versions and names; checks each commit against the log before it.

    Every change is journalled, so that an incomplete group can be taken back ([COM-6]).
    """

    def __init__(self, store_id: bytes, height_gaps: bool):
        self.state = ChainState(0, chain_origin(store_id))
        self.base: Optional[ChainState] = None                  # what was pruned added up to this [SEG-11]
        self.height_gaps = height_gaps
        self.canonical: list[KnownBlock] = []
        self.blocks: dict[int, KnownBlock] = {}
        self.versions: dict[int, int] = {}
        self.names: dict[tuple[bool, int], str] = {}            # (is model, id), whole store
        self.ids: dict[tuple[bool, str], int] = {}              # the reverse
        self.segment_names: dict[tuple[bool, int], str] = {}    # those this segment has defined
        self._journal: list[Callable[[], Any]] = []
        self._kept = self.state

    def begin_at(self, base: ChainState) -> None:
        """[SEG-11] The log before this point was pruned: versions are known by the first definition of each model."""
        self.base = self.state = self._kept = base

    def open_segment(self) -> None:
        self.segment_names = {}
        self.keep()

    def keep(self) -> None:
        """All that was applied so far stays."""
        self._journal.clear()
        self._kept = self.state

    def take_back(self) -> None:
        """Undo what was applied since the last keep."""
        while self._journal:
            self._journal.pop()()
        self.state = self._kept

    def apply(self, commit: Commit) -> None:
        """[REC-6] and [SEG-8]; Damage if the commit does not fit, Contradiction if only its rollback part does not."""
        header, parts = commit.header, commit.parts
        self._define(parts.names)
        self._check_names(commit)
        state = replace(
            self.state, sequence=header.sequence, chain_value=header.chain_value,
            events=self.state.events + header.event_count,
            floating_events=self.state.floating_events + (header.event_count if parts.floating else 0))
        if parts.rollback:
            state = self._roll_back(parts, state)
        if parts.block:
            state = self._add_block(commit, state)
        mark = header.sequence if parts.mark is not None else state.last_mark_sequence
        self.state = replace(state, final_height=header.final_height, last_mark_sequence=mark)     # [SEG-8]

    def _put(self, table: dict, key: Any, value: Any) -> None:
        old = table.get(key, _ABSENT)

        def restore() -> None:
            if old is _ABSENT:
                del table[key]
            else:
                table[key] = old
        self._journal.append(restore)
        table[key] = value

    def _define(self, names: list[Name]) -> None:
        for name in names:
            key = name.is_model, name.id
            need(key not in self.segment_names, "[PRT-8] an id is defined twice in the segment")
            need(self.names.get(key, name.name) == name.name, "[PRT-7] an id has two names")
            need(self.ids.get((name.is_model, name.name), name.id) == name.id, "[PRT-7] a name has two ids")
            if name.is_model and self.base and name.id not in self.versions:
                self._put(self.versions, name.id, name.version)
            if name.is_model:
                need(name.version == self.versions.get(name.id, 0), "[PRT-8] wrong version of a model in a names part")
            self._put(self.segment_names, key, name.name)
            self._put(self.names, key, name.name)
            self._put(self.ids, (name.is_model, name.name), name.id)

    def _check_names(self, commit: Commit) -> None:
        known = self.segment_names
        need(all((True, s.model) in known for s in commit.parts.directory), "[PRT-8] model without a name")
        need(all((False, type_id) in known for type_id in commit.type_counts), "[PRT-8] type without a name")
        if commit.parts.rollback:
            need(all((True, model) in known for model, _ in commit.parts.rollback.models),
                 "[PRT-8] model of a rollback without a name")

    def _follows(self, block: Block, tip_height: int, tip_hash: bytes) -> bool:
        """[PRT-4] Whether a new block may stand on this tip (-1: none)."""
        if tip_height < 0:
            return True
        step = block.height - tip_height
        return block.parent == tip_hash and (step == 1 or self.height_gaps and step > 1)

    def _tip(self) -> Optional[Block]:
        return self.canonical[-1].block if self.canonical else None

    def _base_tip(self) -> tuple[int, int, bytes]:
        """The tip below the lowest block of the log: none, or the last one that was pruned."""
        return (self.base.tip_height, self.base.tip_timestamp, self.base.tip_hash) if self.base else (-1, 0, b"")

    def _push(self, known: KnownBlock) -> None:
        self.canonical.append(known)
        self._journal.append(self.canonical.pop)
        for section in known.sections:
            version = self.versions.get(section.model, 0)
            need(section.first_version == version + 1, "[PRT-6] [PRT-11] a version does not continue")
            self._put(self.versions, section.model, version + section.count)

    def _roll_back(self, parts: Parts, state: ChainState) -> ChainState:
        """A block may be undone even if it is final: a user can force that (parts.md, below [PRT-6])."""
        part = parts.rollback
        need(part.undone_blocks <= state.canonical_blocks, "[REC-6] a rollback undoes more blocks than there are")
        need(part.undone_events <= state.canonical_events, "[REC-6] a rollback undoes more events than there are")
        try:
            self._undo_and_readopt(part)
        except Contradiction:
            # It is corruption only if the commit is valid otherwise.
            need(parts.block is None or self._follows(parts.block, part.tip_height, part.tip_hash),
                 "[PRT-4] a block does not continue the tip of its own rollback part")
            raise
        return replace(
            state,
            canonical_blocks=state.canonical_blocks - part.undone_blocks + len(part.readopted),
            canonical_events=state.canonical_events - part.undone_events + part.readopted_events,
            undone_blocks=state.undone_blocks + part.undone_blocks,
            rollbacks=state.rollbacks + (part.undone_blocks > 0),
            tip_height=part.tip_height, tip_timestamp=part.tip_timestamp, tip_hash=part.tip_hash)

    def _undo_and_readopt(self, part: Rollback) -> None:
        agree(not self.base or part.to_height >= self.base.tip_height, "[SEG-12] a rollback undoes what was pruned")
        at = bisect_right(self.canonical, part.to_height, key=lambda known: known.height)
        undone = self.canonical[at:]
        agree(len(undone) == part.undone_blocks, "undoneBlocks of a rollback is wrong")
        agree(sum(known.events for known in undone) == part.undone_events, "undoneEvents of a rollback is wrong")
        touched: set[int] = set()
        del self.canonical[at:]
        self._journal.append(lambda: self.canonical.extend(undone))
        for known in undone:
            for section in known.sections:
                touched.add(section.model)
                self._put(self.versions, section.model, self.versions[section.model] - section.count)
        readopted_events = self._readopt(part, touched)
        agree(readopted_events == part.readopted_events, "readoptedEvents of a rollback is wrong")
        tip = self._tip()
        expected = (tip.height, tip.timestamp, tip.hash) if tip else self._base_tip()
        agree((part.tip_height, part.tip_timestamp, part.tip_hash) == expected, "the tip of a rollback is wrong")
        agree(part.models == [(model, self.versions[model]) for model in sorted(touched)],
              "the models of a rollback are wrong")

    def _readopt(self, part: Rollback, touched: set[int]) -> int:
        """[PRT-5], [PRT-6]"""
        events = 0
        for sequence, height in part.readopted:
            known = self.blocks.get(sequence)
            tip = self._tip()
            tip_height, _, tip_hash = (tip.height, 0, tip.hash) if tip else self._base_tip()
            agree(known is not None and known.height == height, "[PRT-5] no such block to take up")
            agree(height > tip_height, "[PRT-5] a block taken up is not above the one it stands on")
            agree(tip_height < 0 or known.block.parent == tip_hash, "[PRT-5] a block taken up does not continue")
            self._push(known)
            touched.update(section.model for section in known.sections)
            events += known.events
        return events

    def _add_block(self, commit: Commit, state: ChainState) -> ChainState:
        block, header = commit.parts.block, commit.header
        need(self._follows(block, state.tip_height, state.tip_hash),
             "[PRT-4] a block does not continue the canonical tip")
        known = KnownBlock(header.sequence, block, header.event_count, tuple(commit.parts.directory))
        self._push(known)
        self._put(self.blocks, header.sequence, known)
        return replace(state, canonical_blocks=state.canonical_blocks + 1,
                       canonical_events=state.canonical_events + header.event_count,
                       tip_height=block.height, tip_timestamp=block.timestamp, tip_hash=block.hash)
