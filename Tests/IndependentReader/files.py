"""Files read by position.

Part of a reader written from the text of format-spec/ alone; see ashlar_reader.py.
"""

from __future__ import annotations

import os
import stat
from typing import Any, Iterator, Optional

from basics import CHUNK, StoreError, is_zero


class File:
    """A file read by position, opened when needed. Errors of the medium leave as OSError ([REC-12])."""

    def __init__(self, path: str, name: str):
        self.path, self.name = path, name
        self._fd: Optional[int] = None
        with self:
            info = os.fstat(self._open())
            if not stat.S_ISREG(info.st_mode):
                raise StoreError(f"{name}: not a regular file")
            self.size = info.st_size

    def _open(self) -> int:
        if self._fd is None:
            self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        return self._fd

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> "File":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def read(self, offset: int, length: int) -> bytes:
        """The bytes that are there: fewer at the end of the file."""
        length = min(length, self.size - offset)
        if length <= 0:
            return b""
        fd = self._open()
        data = os.pread(fd, length, offset)
        while len(data) < length:
            more = os.pread(fd, length - len(data), offset + len(data))
            if not more:
                break
            data += more
        return data

    def chunks(self, start: int, overlap: int = 0) -> Iterator[tuple[int, bytes]]:
        """The file from start on in pieces, each repeating the last `overlap` bytes of the one before."""
        while start < self.size:
            data = self.read(start, CHUNK + overlap)
            if not data:
                return
            yield start, data
            start += CHUNK

    def end_of_content(self, start: int) -> int:
        """The offset behind the last byte from start on that is not zero; start if all are zero."""
        last = start
        for offset, data in self.chunks(start):
            if not is_zero(data):
                last = offset + len(data.rstrip(b"\0"))
        return last
