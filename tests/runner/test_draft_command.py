"""The command that drafts an adapter: what it writes, what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from draft.schemas import furnish


def test_draft_command_writes_a_file_once(
    databases: Any,
    engagement: Callable[..., Result],
    tmp_path: Path,
) -> None:
    session, path = furnish(databases, "shop"), tmp_path / "mine.sql"
    printed = engagement(session, "adapter", "draft")
    written = engagement(session, "adapter", "draft", "--out", str(path))
    assert (printed.exit_code, written.exit_code) == (0, 0)
    assert path.read_text() == printed.stdout
    assert "4 DECIDE lines wait for you" in written.stderr
    assert f"adapter check {path} --key-type bigint" in written.stderr
    again = engagement(session, "adapter", "draft", "--out", str(path))
    assert again.exit_code == 1
    assert f"{path} exists" in again.stderr
    assert session.execute("select to_regnamespace('engagement')").fetchone() == (None,)


def test_draft_command_is_overruled(databases: Any, engagement: Callable[..., Result]) -> None:
    session = furnish(databases, "shop")
    result = engagement(session, "adapter", "draft", "--customer", "category")
    assert result.exit_code == 0, result.stderr
    assert "Customers are the rows of category" in result.stdout
    assert "DECIDE: no table was found that says what customers did" in result.stdout
    only = engagement(session, "adapter", "draft", "--line", "public.orderItem")
    assert only.stdout.count("register_source") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--customer", "nobody"], "there is no table nobody"),
        (["--line", "crm.nothing"], "there is no table crm.nothing"),
        (["--line", "category"], "no column of category leads to user"),
        (["--line", "user"], "no column of user leads to user"),
        (["--out", "/no/such/folder/crm.sql"], "cannot write /no/such/folder/crm.sql: No such"),
    ],
)
def test_draft_command_bad_input(
    databases: Any,
    engagement: Callable[..., Result],
    arguments: list[str],
    message: str,
) -> None:
    result = engagement(furnish(databases, "shop"), "adapter", "draft", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr


def test_draft_takes_neither_a_discount_nor_what_was_returned_for_a_quantity(
    databases: Any, engagement: Callable[..., Result]
) -> None:
    session = furnish(databases, "shop")
    session.execute(
        'alter table "orderItem" add discount integer, add "returnedQuantity" integer,'
        ' add "refundedCount" integer'
    )
    text = engagement(session, "adapter", "draft", "--line", "public.orderItem").stdout
    assert "-- sure: quantity is named as the quantity" in text
    assert "might be meant instead of quantity" not in text


def test_draft_command_in_an_empty_database(
    database: str, databases: Any, engagement: Callable[..., Result]
) -> None:
    result = engagement(databases.connect(database), "adapter", "draft")
    assert result.exit_code == 1
    assert "this role can read no table" in result.stderr


def test_draft_command_where_nobody_is_a_customer(
    database: str, databases: Any, engagement: Callable[..., Result]
) -> None:
    session = databases.connect(database)
    session.execute("create table public.stone (id integer primary key)")
    session.execute("create table public.pebble (id integer, stone_id integer references stone)")
    result = engagement(session, "adapter", "draft")
    assert result.exit_code == 1
    assert "--customer TABLE. Others refer to stone." in result.stderr


def test_draft_command_asks_for_statistics_where_there_are_none(
    databases: Any, engagement: Callable[..., Result]
) -> None:
    session = furnish(databases, "shop")
    assert "No statistics" not in engagement(session, "adapter", "draft").stderr
    session.execute('create table fresh as table "orderItem"')
    session.execute("select pg_stat_force_next_flush()")
    session.execute("alter table fresh add primary key (id)")
    result = engagement(session, "adapter", "draft", "--line", "fresh")
    assert "No statistics of fresh" in result.stderr
    assert "Run ANALYZE, then draft again." in result.stderr


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("", "its name fits, its columns too little: --line takes it"),
        ("alter table gift drop column noted", "it has no date"),
        ("alter table gift drop column id", "its rows have no key"),
    ],
)
def test_draft_says_truly_why_a_table_does_not_earn(
    databases: Any, engagement: Callable[..., Result], change: str, reason: str
) -> None:
    session = furnish(databases, "shop")
    session.execute(
        "create table gift (id bigint primary key, user_id bigint, noted date);"
        "insert into gift values (1, 1, '2026-01-01'); analyze gift;" + change
    )
    drafted = " ".join(engagement(session, "adapter", "draft").stdout.split())
    assert f"gift: {reason}" in drafted


def test_draft_command_asks_in_a_terminal(databases: Any, terminal: Callable[..., Any]) -> None:
    dsn = furnish(databases, "club").info.dsn
    result = terminal(
        "adapter", "draft", typed="9 x\n2 4\n", ENGAGEMENT_DSN=dsn, COLUMNS="100", NO_COLOR="1"
    )
    assert result.exit_code == 0, result.output
    # One table is named as one of people, so nobody is asked who they are.
    assert "Who has a score?" not in result.output
    assert "Whose rows earn?" in result.output
    assert "Club Office.committee_seat, 40 rows" in result.output
    assert "write numbers of the list" in result.output
    assert result.output.count("register_source") == 2
