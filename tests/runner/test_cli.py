"""The command as a whole: its help, its options, its queries."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import psycopg
import pytest
from click.testing import CliRunner

from engagement_runner import __version__, queries
from engagement_runner.cli import main
from engagement_runner.files import SqlFile
from patience import PATIENCE

from .conftest import PROGRAM, clean_environment


def commands(
    group: click.Group = main, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def context_of(path: tuple[str, ...]) -> click.Context:
    context = click.Context(main, info_name="engagement", **main.context_settings)
    for name in path:
        group = context.command
        assert isinstance(group, click.Group)
        context = click.Context(group.commands[name], parent=context, info_name=name)
    return context


@pytest.mark.parametrize("path", [path for path, _ in commands()], ids=" ".join)
def test_help_names_an_environment_variable_for_every_option(
    path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = context_of(path)
    assert context.command.help
    for option in context.command.params:
        if isinstance(option, click.Option) and option.name != "help":
            record = option.get_help_record(context)
            assert record
            names = re.findall(r"\bENGAGEMENT_\w+", record[1])
            assert names, option.opts
            monkeypatch.setenv(names[0], "7")
            assert option.resolve_envvar_value(context) == "7", option.opts


def test_help_lists_every_command_of_the_contract() -> None:
    text = CliRunner().invoke(main, ["--help"]).output
    listed = {line.split()[0] for line in text.splitlines() if line.strip()}
    for name in ("deploy", "status", "check", "undeploy", "detach", "recalculate", "refresh",
                 "score", "explain", "rules", "params", "verify", "demo", "social", "segment",
                 "points", "adjust", "employers", "trend", "schedule", "explain-change",
                 "forecast", "at-risk", "events", "export", "erase", "customer",
                 "follow", "categories"):  # fmt: skip
        assert name in listed


def test_help_says_what_exit_code_3_is_for() -> None:
    text = " ".join(CliRunner().invoke(main, ["--help"]).output.split())
    assert "3 verify or check found something" in text


def test_version_prints_name_and_version() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert result.exit_code == 0
    assert {"engagement", __version__} <= set(re.findall(r"[\w.]+", result.output))


def test_environment_variable_of_an_option_is_used() -> None:
    result = CliRunner().invoke(main, ["recalculate"], env={"ENGAGEMENT_RECALCULATE_MODE": "NO"})
    assert result.exit_code == 2
    assert "--mode" in result.stderr


def test_unknown_command_is_a_usage_error() -> None:
    result = CliRunner().invoke(main, ["rescore"])
    assert result.exit_code == 2
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", [("--help",), ("status", "--help"), ("params", "list")])
def test_command_whose_reader_is_gone_ends_as_other_programs_do(
    deployed: psycopg.Connection[Any], arguments: tuple[str, ...]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as broken:
        run = subprocess.run(
            [PROGRAM, *arguments],
            env=clean_environment(ENGAGEMENT_DSN=deployed.info.dsn),
            stdout=broken,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
        )
    assert (run.returncode, run.stderr) == (141, b"")


def test_interrupt_while_the_modules_are_read_has_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt")
    run = subprocess.run(
        [sys.executable, "-m", "engagement_runner", "status"],
        env=clean_environment(PYTHONPATH=str(tmp_path)),
        capture_output=True,
        timeout=PATIENCE,
    )
    assert (run.returncode, run.stderr) == (130, b"")


def test_program_and_module_are_the_same() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "engagement_runner", "--version"],
        capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    assert run.stdout == f"engagement, version {__version__}\n"


def test_queries_every_file_is_one_statement() -> None:
    found = list(queries.FOLDER.rglob("*.sql"))
    assert found
    for file in found:
        assert len(SqlFile(file.name, "query", file.read_text()).statements()) == 1, file.name
