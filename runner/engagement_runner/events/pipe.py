"""What the system says of stdout: whether anybody reads it, and what has been read or kept."""

from __future__ import annotations

import errno
import os
import select
import signal
import stat
import sys
import time

from engagement_runner.errors import EngagementError

READ_SECONDS = 0.02
"""Pause between two looks at whether the reader of a pipe has read everything, in seconds."""

STALL_SECONDS = 600.0
"""How long the reader of a pipe may read nothing of what waits for it, in seconds.

A program that waits for the end of this one before it reads would otherwise wait for ever.
"""

INTERRUPTS = {signal.SIGINT, signal.SIGTERM}
"""Signals that end a command."""


def is_pipe() -> bool:
    """Tell whether stdout is a pipe of which the system says what its reader has read."""
    try:
        return hasattr(select, "poll") and stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def has_no_reader() -> bool:
    """Tell whether whoever read the pipe of stdout is gone."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return any(flags & select.POLLERR for _, flags in poll.poll(0))


def no_reader() -> BrokenPipeError:
    """Return the error of writing to a pipe that nobody reads."""
    return BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def wait_until_read() -> None:
    """Return when the reader of the pipe has read all that was written; at once without a pipe.

    A pipe has room for more than a batch, so a batch that is written need not be read. Raises
    BrokenPipeError if the reader ends first, EngagementError if it reads nothing for
    STALL_SECONDS, KeyboardInterrupt if a signal asks this command to end.
    """
    if not is_pipe():
        return
    import fcntl
    import termios

    buffer = bytearray(4)
    last_unread, read_at = 0, time.monotonic()
    while True:
        is_alone = has_no_reader()
        fcntl.ioctl(sys.stdout.fileno(), termios.FIONREAD, buffer)
        unread = int.from_bytes(buffer, sys.byteorder)
        if not unread:
            return
        if unread != last_unread:
            last_unread, read_at = unread, time.monotonic()
        elif time.monotonic() - read_at > STALL_SECONDS:
            raise EngagementError(
                f"nobody has read the events for {STALL_SECONDS:g} seconds",
                hint="They stay on the outbox. Read while the command runs, or use --no-ack.",
            )
        if is_alone:
            raise no_reader()
        if INTERRUPTS & signal.sigpending():
            raise KeyboardInterrupt
        select.select([], [], [], READ_SECONDS)


def keep_on_disk() -> None:
    """Have what was written to a file on disk before it leaves the outbox."""
    try:
        if stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode):
            os.fsync(sys.stdout.fileno())
    except ValueError:
        return  # no file of the system's
