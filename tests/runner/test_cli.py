"""The command as a whole: its help, its options, its queries."""

from __future__ import annotations

import os
import re
import shlex
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
                 "follow", "categories", "metrics"):  # fmt: skip
        assert name in listed


def test_help_says_what_exit_code_3_is_for() -> None:
    text = " ".join(CliRunner().invoke(main, ["--help"]).output.split())
    assert "3 verify or check found something" in text


def test_help_has_each_command_in_one_section_that_ends_with_an_example() -> None:
    text = CliRunner().invoke(main, ["--help"]).output
    _, *sections = re.split(r"\n\n(?=[A-Z][\w ]+:\n)", text[text.index("Options:") :])
    titles = [section.splitlines()[0] for section in sections]
    assert titles == [
        *("Set up:", "Every day:", "Ask about one customer:", "Ask about all:", "Rules:", "Trust:")
    ]
    listed = []
    for section in sections:
        *lines, example = [line.strip() for line in section.splitlines()[1:] if line.strip()]
        assert example.startswith("Example:  engagement ")
        assert example.split()[2] in {line.split()[0] for line in lines}
        listed += [line.split()[0] for line in lines]
    assert sorted(listed) == sorted(main.commands)


@pytest.mark.parametrize("path", [path for path, _ in commands()], ids=" ".join)
def test_help_of_a_command_ends_with_an_example_that_is_no_wrong_usage(
    path: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("my_crm.sql", "rules.toml", "scores.csv"):
        (tmp_path / name).touch()
    text = " ".join(CliRunner().invoke(main, [*path, "--help"], terminal_width=200).output.split())
    _, _, example = text.rpartition("Example: ")
    words = shlex.split(example.split("|")[0].split(">")[0])
    assert words[: len(path) + 1] == ["engagement", *path]
    context = context_of(path)
    context.command.make_context(path[-1], words[len(path) + 1 :], parent=context.parent)


def test_version_prints_name_and_version() -> None:
    result = CliRunner().invoke(main, ["--version"], env={"DATABASE_URL": "", "PGHOST": ""})
    assert result.exit_code == 0
    assert re.fullmatch(
        rf"engagement, version {re.escape(__version__)}, release \d+\n", result.output
    )


def test_version_says_what_is_deployed(
    deployed: psycopg.Connection[Any], database: str, databases: Any
) -> None:
    mine, _, theirs = (
        CliRunner()
        .invoke(main, ["--version"], env={"ENGAGEMENT_DSN": deployed.info.dsn})
        .stdout.partition("\n")
    )
    number = mine.rpartition(" ")[2]
    assert re.fullmatch(
        rf"deployed: version {re.escape(__version__)}, release {number}, on \d{{4}}-.*\n", theirs
    )
    empty = {"DATABASE_URL": databases.connect(database).info.dsn}
    assert CliRunner().invoke(main, ["--version"], env=empty).stdout.endswith("deployed: nothing\n")
    away = CliRunner().invoke(main, ["--version"], env={"DATABASE_URL": "postgresql://0.0.0.0:1/x"})
    assert (away.exit_code, away.stdout) == (0, f"{mine}\n")
    assert away.stderr.startswith("cannot connect")


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
        [sys.executable, "-m", "engagement_runner", "--version"], env=clean_environment(),
        capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    assert run.stdout.startswith(f"engagement, version {__version__}, release ")


def test_queries_every_file_is_one_statement() -> None:
    found = list(queries.FOLDER.rglob("*.sql"))
    assert found
    for file in found:
        assert len(SqlFile(file.name, "query", file.read_text()).statements()) == 1, file.name
