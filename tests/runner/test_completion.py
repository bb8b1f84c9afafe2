"""What a shell completes, asked as bash asks: by environment variables, without a database."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from patience import PATIENCE

PROGRAM = Path(sys.executable).with_name("engagement")


@pytest.fixture
def complete(program: Callable[..., Any]) -> Callable[[str], list[str]]:
    """``complete("params set T")``: the candidates for the last word, as ``type,value``."""

    def call(line: str) -> list[str]:
        words = f"engagement {line}"
        result = program(
            _ENGAGEMENT_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(words.count(" "))
        )
        assert (result.returncode, result.stderr) == (0, "")
        return str(result.stdout).split()

    return call


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
        ("status --format j", ["plain,json"]),
        ("segment nobody", []),
    ],
)
def test_completion_of_a_word_offers_the_names_that_begin_so(
    complete: Callable[[str], list[str]], line: str, expected: list[str]
) -> None:
    assert complete(line) == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_is_printed_for_each_shell(
    program: Callable[..., Any], shell: str
) -> None:
    result = program(_ENGAGEMENT_COMPLETE=f"{shell}_source")
    assert result.returncode == 0
    assert f"_ENGAGEMENT_COMPLETE={shell}_complete" in result.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_completion_script_in_bash_completes(program: Callable[..., Any]) -> None:
    script = program(_ENGAGEMENT_COMPLETE="bash_source").stdout
    asked = (
        f"{script}\n"
        f"COMP_WORDS=(engagement params set TRIG); COMP_CWORD=3\n"
        f'_engagement_completion {PROGRAM}; echo "${{COMPREPLY[*]}}"'
    )
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout.splitlines()[-1:] == ["TRIGGER_MODE"], done.stderr
