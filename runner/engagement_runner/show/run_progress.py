"""The progress of a long run, on stderr."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from engagement_runner import log
from engagement_runner.show.output import console, print_above, say
from engagement_runner.show.values import literal

LOG_INTERVAL = 10.0
"""Seconds between two progress lines of one phase in a log."""

PHASES = {
    "PREPARE": "preparing",
    "DEQUEUE": "taking in the queue",
    "SOURCES": "comparing sources",
    "ACTIVITIES": "awarding",
    "CUSTOMERS": "finding customers",
    "TOTALS": "summing up",
    "RANK": "ranking",
    "BANDS": "writing ranks",
    "DONE": "done",
}
"""What people read for the phases of a run, engagement.recalculation_run.phase."""


class _Rate(ProgressColumn):
    """Steps per second, as Rich measures them over the last seconds."""

    def render(self, task: Task) -> Text:
        """Return the rate, or nothing while it is unknown."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", style="dim", justify="right")


class _Left(TimeRemainingColumn):
    """The time left; where nobody knows how much there is to do, the time it has taken."""

    def render(self, task: Task) -> Text:
        """Return one of the two; the bar itself draws it anew several times a second."""
        if task.total is not None:
            return super().render(task)
        seconds = int(task.elapsed or 0)
        return Text(f"{seconds // 60:02}:{seconds % 60:02} so far", style="progress.elapsed")


class RunProgress:
    """Progress of a long run on stderr: a bar on a terminal, plain lines in a log.

    Use it as a context manager and give :meth:`update` the records of the query
    ``run_progress``, or None while there is none.
    """

    def __init__(self, logs_at_once: bool = True) -> None:
        """Begin; a log gets no line before LOG_INTERVAL unless *logs_at_once*."""
        self._console = console(stderr=True)
        self._logs_at_once = logs_at_once
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[counts]}", markup=False),
            _Rate(),
            _Left(compact=True),
            console=self._console,
            transient=True,
            expand=True,
        )
        # Neither a log of JSON lines nor a quiet terminal has a bar.
        self._live = self._console.is_terminal and not (
            log.settings.is_quiet or log.settings.is_json
        )
        self._task = self._bar.add_task("waiting", total=None, counts="")
        self._phase = ""
        self._phase_began = self._said = time.monotonic()

    def __enter__(self) -> Self:
        if self._live:
            self._bar.start()
            print_above(self._console)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            print_above(None)
            self._bar.stop()

    def update(self, run: dict[str, Any] | None) -> None:
        """Show how far the run is."""
        if run is None:
            return
        phase = f"{literal(run['run_mode'])}: {PHASES.get(run['phase'], literal(run['phase']))}"
        done, total = int(run["done_count"]), int(run["total_count"])
        now = time.monotonic()
        is_new = phase != self._phase
        if is_new:
            self._phase, self._phase_began = phase, now
        if self._live:
            if is_new:
                self._bar.reset(self._task, description=phase, total=total or None)
            counts = f"{done:,} of {total:,}" if total else ""
            self._bar.update(self._task, completed=done, total=total or None, counts=counts)
        elif (is_new and self._logs_at_once) or now - self._said >= LOG_INTERVAL:
            self._line(phase, done, total, now)

    def _line(self, phase: str, done: int, total: int, now: float) -> None:
        self._said = now
        stamp = "" if log.settings.is_json else f"{time.strftime('%H:%M:%S')} "
        line = f"{stamp}{phase}"
        if total:
            line += f" {done:,} of {total:,}"
            rate = done / max(now - self._phase_began, 0.001)
            if done and now > self._phase_began:
                line += f", {rate:,.0f}/s, {(total - done) / rate:,.0f} s left"
        say(line)
