"""`make test`: all parts run, then the verdict."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from patience import PATIENCE

TOP = Path(__file__).resolve().parents[2]

# Stands for Python: notes on which server it is run, and fails where it is told to.
PYTHON = """#!/bin/sh
on=${PG_BINDIR:-embedded}
case " $* " in *" --hostile "*) on=hostile ;; esac
echo "$on $*" >>"$NOTES"
case " $FAILING " in *" $on "*) exit 1 ;; esac
"""


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
@pytest.mark.parametrize(
    ("failing", "verdicts"),
    [
        ("", ["passed", "passed", "passed"]),
        ("embedded", ["FAILED", "passed", "passed"]),
        ("/system", ["passed", "FAILED", "passed"]),
        ("hostile", ["passed", "passed", "FAILED"]),
        ("embedded hostile", ["FAILED", "passed", "FAILED"]),
    ],
)
def test_make_test_where_a_part_fails_runs_the_others_and_says_which(
    tmp_path: Path, failing: str, verdicts: list[str]
) -> None:
    python, notes = tmp_path / "bin" / "python", tmp_path / "notes"
    python.parent.mkdir()
    python.write_text(PYTHON)
    python.chmod(0o755)
    (tmp_path / ".dev-installed").touch()
    done = subprocess.run(
        ["make", "test", f"VENV={tmp_path}", "SYSTEM_BINDIR=/system"],
        cwd=TOP,
        # Not as part of the make that runs the suite.
        env={
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("MAKE", "MFLAGS", "PG_", "ARGS"))
        }
        | {"NOTES": str(notes), "FAILING": failing},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    runs = [line.split()[0] for line in notes.read_text().splitlines()]
    assert runs == ["embedded", "/system", "hostile"]
    assert [line.split()[-1] for line in done.stdout.splitlines()[-3:]] == verdicts
    assert (done.returncode == 0) == (failing == "")
