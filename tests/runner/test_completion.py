"""What a shell completes, without a database."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import BashComplete, ShellComplete

from engagement_runner.cli import main
from patience import PATIENCE

PROGRAM = Path(sys.executable).with_name("engagement")


VARIABLE = "_ENGAGEMENT_COMPLETE"


def complete(line: str) -> list[str]:
    """The candidates for the last word, as ``type,value``: ``complete("params set T")``."""
    *words, last = line.split(" ")
    shell = ShellComplete(main, {}, "engagement", VARIABLE)
    return [f"{item.type},{item.value}" for item in shell.get_completions(words, last)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("expl", ["plain,explain", "plain,explain-change"]),
        ("segment r", ["plain,rising"]),
        ("points --segment mo", ["plain,most_active"]),
        ("params set TR", ["plain,TRIGGER_MODE"]),
        ("params get time", ["plain,TIME_ZONE"]),
        ("rules add CODE P", ["plain,PURCHASES_DONATIONS"]),
        ("rules add CODE INVOLVEMENT C", ["plain,COMMITTEE_PARTICIPATION"]),
        ("rules revise CODE --category-code I", ["plain,INVOLVEMENT"]),
        ("rules apply st", ["plain,starter", "file,st"]),
        ("deploy --host ref", ["plain,reference", "file,ref"]),
        ("adapter check try", ["plain,tryton", "file,try"]),
        ("adapter try ten", ["plain,tendenci", "file,ten"]),
        ("adapter try reference --rules st", ["plain,starter", "file,st"]),
        ("status --format j", ["plain,json"]),
        ("fol", ["plain,follow"]),
        ("follow --o", ["plain,--once"]),
        ("schedule --print s", ["plain,systemd"]),
        ("segment nobody", []),
    ],
)
def test_completion_of_a_word_offers_the_names_that_begin_so(
    line: str, expected: list[str]
) -> None:
    assert complete(line) == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_is_printed_for_each_shell(
    program: Callable[..., Any], shell: str
) -> None:
    result = program(**{VARIABLE: f"{shell}_source"})
    assert result.returncode == 0
    assert VARIABLE in result.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_completion_script_in_bash_completes(program: Callable[..., Any]) -> None:
    function = BashComplete(main, {}, "engagement", VARIABLE).func_name
    script = program(**{VARIABLE: "bash_source"}).stdout
    asked = (
        f"{script}\n"
        f"COMP_WORDS=(engagement params set TRIG); COMP_CWORD=3\n"
        f'{function} {PROGRAM}; echo "${{COMPREPLY[*]}}"'
    )
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout.splitlines()[-1:] == ["TRIGGER_MODE"], done.stderr
