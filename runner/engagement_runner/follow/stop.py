"""SIGTERM and SIGINT as a wish to end, which is granted between two batches."""

from __future__ import annotations

import select
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self


class Stop:
    """Notes SIGTERM and SIGINT instead of being ended by them. A context manager.

    Attributes:
        number: the first signal that came, or None.
        count: how many came.
        asked_at: ``time.monotonic()`` of the first.
    """

    def __init__(self) -> None:
        self.number: signal.Signals | None = None
        self.count = 0
        self.asked_at = 0.0
        self._raises = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        # A signal writes into the socket, so one that comes just before a pause ends it too.
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._previous_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._previous_fd)
        self._reader.close()
        self._writer.close()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.number is None:
            self.number, self.asked_at = signal.Signals(number), time.monotonic()
        if self._raises:
            raise KeyboardInterrupt

    def sleep(self, seconds: float) -> None:
        """Pause; a signal ends the pause."""
        if self.number is None:
            select.select([self._reader], [], [], max(seconds, 0))

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Raise KeyboardInterrupt inside when a signal comes, for nothing has to be finished."""
        self._raises = True
        try:
            if self.number is not None:
                raise KeyboardInterrupt
            yield
        finally:
            self._raises = False
