"""Processes: the command in one of its own, and what ``/proc`` says of memory and CPU time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from bench.ground import HERE
from engagement_runner.embedded import EmbeddedServer

_PATIENCE = 60


def start_command(dsn: str, *arguments: str) -> subprocess.Popen[str]:
    """Start the command; see :mod:`bench.peak` for the last line of its error output."""
    return subprocess.Popen(
        [sys.executable, "-m", "bench.peak", *arguments],
        cwd=HERE.parent,
        env={**os.environ, "ENGAGEMENT_DSN": dsn},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def status_kb(process: str, name: str) -> int:
    """Return a line of ``/proc/PROCESS/status`` in kB; 0 where the system or the process is not."""
    try:
        text = Path("/proc", process, "status").read_text()
    except OSError:
        return 0
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) if found else 0


def cpu_seconds(process: int) -> float:
    """Return the CPU time of a process that has one thread, as a server process has."""
    try:
        nanoseconds = int(Path("/proc", str(process), "schedstat").read_text().split()[0])
    except OSError:
        nanoseconds = 0
    return nanoseconds / 1e9 or _seconds(_stat(process)[11:13])  # schedstat is finer, if it is kept


class ServerTimes:
    """CPU time that a server spends from now on.

    Client backends that begin and end meanwhile are exact: the postmaster counts the time of its
    children when they have ended.
    """

    def __init__(self, server: EmbeddedServer) -> None:
        self._postmaster = int((server.data_dir / "postmaster.pid").read_text().split()[0])
        self._living = {pid: cpu_seconds(pid) for pid in self._children()}
        self._ended = self._of_ended()

    def spent(self) -> tuple[float, float]:
        """Wait for the end of what began meanwhile. Return its seconds, and the whole server's.

        Raises:
            TimeoutError: something that began meanwhile does not end.
        """
        deadline = time.monotonic() + _PATIENCE
        while not self._children() <= self._living.keys():
            if time.monotonic() > deadline:
                raise TimeoutError("a server process that should end goes on")
            time.sleep(0.01)
        ended = self._of_ended() - self._ended
        living = sum(cpu_seconds(pid) - begun for pid, begun in self._living.items())
        return ended, ended + living

    def _of_ended(self) -> float:
        return _seconds(_stat(self._postmaster)[13:15])

    def _children(self) -> set[int]:
        found = set()
        for path in Path("/proc").glob("[0-9]*"):
            if int(_stat(path.name)[1]) == self._postmaster:
                found.add(int(path.name))
        return found


def _stat(process: int | str) -> list[str]:
    """Return the fields of ``/proc/PROCESS/stat`` from the third one on, the state.

    They are 0 where the system or the process is not.
    """
    try:
        return Path("/proc", str(process), "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["0"] * 15


def _seconds(ticks: list[str]) -> float:
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
