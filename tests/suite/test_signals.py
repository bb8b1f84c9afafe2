"""The suite is the same in the background as in the foreground."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from patience import PATIENCE

TOP = Path(__file__).resolve().parents[2]
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGPIPE]

# Starts pytest as a shell without job control, nohup or a supervisor would.
BACKGROUND = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGPIPE})
os.execv(sys.executable, [sys.executable, "-m", "pytest", *sys.argv[1:]])
"""


@pytest.mark.parametrize("number", SIGNALS)
def test_signal_ends_a_program_that_a_test_starts(number: signal.Signals) -> None:
    done = subprocess.run(["sh", "-c", f"kill -{number} $$; echo still here"], capture_output=True)
    assert (done.returncode, done.stdout) == (-number, b"")


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["alone", "with workers"])
def test_signals_that_the_suite_inherits_as_ignored_end_programs_all_the_same(
    workers: list[str],
) -> None:
    this = f"{Path(__file__)}::{test_signal_ends_a_program_that_a_test_starts.__name__}"
    own = ("PYTEST_", "COV_")
    done = subprocess.run(
        [sys.executable, "-c", BACKGROUND, "-p", "no:cacheprovider", *workers, this],
        cwd=TOP,
        env={k: v for k, v in os.environ.items() if not k.startswith(own)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout
    assert f"{len(SIGNALS)} passed" in done.stdout
