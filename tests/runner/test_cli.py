"""The command as a whole: its help, its options, its queries."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from engagement_runner import queries
from engagement_runner.cli import main
from engagement_runner.files import SqlFile


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
def test_help_names_an_environment_variable_for_every_option(path: tuple[str, ...]) -> None:
    context = context_of(path)
    assert context.command.help
    for option in context.command.params:
        if isinstance(option, click.Option) and option.name != "help":
            record = option.get_help_record(context)
            assert record
            assert "[env var: ENGAGEMENT_" in record[1], option.opts


def test_help_lists_every_command_of_the_contract() -> None:
    text = CliRunner().invoke(main, ["--help"]).output
    for name in ("deploy", "status", "check", "undeploy", "detach", "recalculate", "refresh",
                 "score", "explain", "rules", "params", "verify", "demo", "social", "segment",
                 "points", "adjust", "employers", "trend", "schedule", "explain-change",
                 "forecast", "at-risk", "events", "export", "erase"):  # fmt: skip
        assert f"\n  {name} " in text


def test_help_says_what_exit_code_3_is_for() -> None:
    text = " ".join(CliRunner().invoke(main, ["--help"]).output.split())
    assert "3 verify or check found something" in text


def test_version_prints_name_and_version() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert result.output.startswith("engagement, version ")


def test_environment_variable_of_an_option_is_used() -> None:
    result = CliRunner().invoke(main, ["recalculate"], env={"ENGAGEMENT_RECALCULATE_MODE": "NO"})
    assert result.exit_code == 2
    assert "--mode" in result.stderr


def test_unknown_command_is_a_usage_error() -> None:
    result = CliRunner().invoke(main, ["rescore"])
    assert result.exit_code == 2
    assert result.stdout == ""


def test_queries_every_file_is_one_statement() -> None:
    found = list(queries.FOLDER.rglob("*.sql"))
    assert found
    for file in found:
        assert len(SqlFile(file.name, "query", file.read_text()).statements()) == 1, file.name
