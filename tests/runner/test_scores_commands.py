"""recalculate, refresh, score, explain and explain-change against a real database."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from engagement_runner.errors import EXIT_UNREACHABLE
from engagement_runner.show.run_progress import PHASES
from patience import PATIENCE, STATEMENT_TIMEOUT

from .conftest import PROGRAM, People, clean_environment

Connection = psycopg.Connection[Any]


def own_score(connection: Connection, customer: int) -> str:
    row = connection.execute("select engagement.score_at(%s)::text", (customer,)).fetchone()
    assert row
    return str(row[0])


# score


def test_score_table_shows_the_card(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    result = engagement(deployed, "score", str(association.ada))
    assert result.exit_code == 0
    assert result.stderr == ""
    assert "90.00" in result.stdout
    assert "Points for books" in result.stdout
    assert "A seat on a committee" in result.stdout
    assert "█" in result.stdout


def test_score_json_is_the_card_of_the_database(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    as_of = "2026-01-01 00:00:00+00"
    result = engagement(
        deployed, "score", str(association.ada), "--format", "json", "--as-of", as_of
    )
    row = deployed.execute(
        "select engagement.score_card(%s, %s)", (association.ada, as_of)
    ).fetchone()
    assert row
    assert json.loads(result.stdout) == row[0]


def test_score_csv_has_a_row_for_customer_categories_and_rules(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    result = engagement(deployed, "score", str(association.ada), "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["score"] for row in rows if row["level"] == "CUSTOMER"] == ["90.00"]
    assert {row["rule_code"]: row["score"] for row in rows if row["level"] == "RULE"} == {
        "BOOKS": "60.00",
        "SEAT": "30.00",
    }


CUSTOMER_COMMANDS = [
    ("recalculate", "--customer", "ADA"),
    ("refresh", "ADA"),
    ("score", "ADA"),
    ("explain", "ADA"),
    ("explain-change", "ADA", "--from", "2020-01-01"),
    ("adjust", "ADA", "1", "--reason", "why"),
    ("employers", "ADA"),
    ("trend", "ADA"),
    ("forecast", "ADA"),
    ("export", "ADA"),
    ("erase", "ADA", "--yes"),
    ("erase", "ADA"),
    ("customer", "merge", "ADA", "1"),
    ("customer", "unmerge", "ADA", "1"),
    ("social", "list", "ADA"),
    ("social", "add", "ADA", "BLOG", "--score", "1"),
    ("social", "remove", "ADA", "BLOG"),
    ("points", "--company", "ADA"),
    ("report", "--out", "-", "--customer", "ADA"),
]


@pytest.mark.parametrize("command", CUSTOMER_COMMANDS, ids=" ".join)
@pytest.mark.parametrize("typed", ["Amina", "99999999999999999999", "1.5", ""])
def test_commands_with_a_name_for_a_key_say_what_a_key_is_and_how_to_find_it(
    deployed: Connection, engagement: Callable[..., Any], command: tuple[str, ...], typed: str
) -> None:
    result = engagement(deployed, *(typed if word == "ADA" else word for word in command))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "EG001" in result.stderr and "engagement find" in result.stderr
    assert "bigint" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(("key_type", "has_key_of_type"), [("uuid", "uuid"), ("text", None)])
def test_score_with_a_name_for_another_type_of_key(
    deployed_as: Callable[[str], Connection],
    engagement: Callable[..., Any],
    key_type: str,
    has_key_of_type: str | None,
) -> None:
    result = engagement(deployed_as(key_type), "score", "Amina")
    assert result.exit_code == 1
    assert "EG001" in result.stderr and "engagement find" in result.stderr
    assert has_key_of_type is None or has_key_of_type in result.stderr


def test_score_name_with_markup_or_control_characters_is_shown_literally(
    deployed: Connection, association: People, terminal: Callable[..., Any]
) -> None:
    dsn = deployed.info.dsn
    ada = terminal("score", str(association.ada), ENGAGEMENT_DSN=dsn)
    assert "Ada [bold red]Lovelace[/]" in ada.output
    bob = terminal("score", str(association.bob), ENGAGEMENT_DSN=dsn)
    assert "Bob \\x1b[31mRed\\x07" in bob.output
    assert "\x07" not in bob.output
    json_card = terminal("score", str(association.bob), "--format", "json", ENGAGEMENT_DSN=dsn)
    assert "\x1b" not in json_card.output


def test_score_colours_only_on_a_terminal_without_no_color(
    deployed: Connection,
    association: People,
    terminal: Callable[..., Any],
    program: Callable[..., Any],
) -> None:
    arguments = ("score", str(association.ada))
    dsn = deployed.info.dsn
    assert "\x1b[" in terminal(*arguments, ENGAGEMENT_DSN=dsn).output
    plain = terminal(*arguments, ENGAGEMENT_DSN=dsn, NO_COLOR="1")
    assert "90.00" in plain.output
    assert "\x1b" not in plain.output
    assert "\x1b" not in program(*arguments, ENGAGEMENT_DSN=dsn).stdout


@pytest.mark.parametrize("width", ["80", "120"])
def test_score_fits_the_width_of_the_terminal(
    deployed: Connection, association: People, terminal: Callable[..., Any], width: str
) -> None:
    shown = terminal(
        "score", str(association.ada),
        ENGAGEMENT_DSN=deployed.info.dsn, COLUMNS=width, NO_COLOR="1",
    )  # fmt: skip
    assert max(map(len, shown.output.splitlines())) <= int(width)


def test_score_without_utf8_prints_ascii(
    deployed: Connection, association: People, program: Callable[..., Any]
) -> None:
    result = program(
        "score", str(association.ada),
        ENGAGEMENT_DSN=deployed.info.dsn, PYTHONUTF8="0", PYTHONIOENCODING="ascii",
    )  # fmt: skip
    assert result.returncode == 0
    assert "90.00" in result.stdout
    assert result.stdout.isascii()


def test_score_instant_without_offset_is_in_the_organisations_time_zone(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute("select engagement.set_parameter('TIME_ZONE', 'Pacific/Auckland')")
    expires = deployed.execute(
        "select max(expires_at) from engagement.award where customer_id = %s", (association.ada,)
    ).fetchone()
    assert expires
    local = deployed.execute(
        "select (%s at time zone 'Pacific/Auckland')::text", (expires[0],)
    ).fetchone()
    assert local
    card = engagement(
        deployed, "score", str(association.ada), "--format", "json", "--as-of", local[0]
    )
    assert json.loads(card.stdout)["own_score"] == 30


# explain


@pytest.mark.parametrize("width", ["80", "120"])
def test_explain_table_says_for_each_award_why_how_much_and_how_long(
    deployed: Connection,
    association: People,
    engagement: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    width: str,
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    awards = deployed.execute(
        "select source_id::text, document_id::text, arithmetic, effective_at::date::text,"
        " expires_at::date::text, days_left from engagement.explain_score(%s) order by rule_code",
        (association.ada,),
    ).fetchall()
    text = engagement(deployed, "explain", str(association.ada)).stdout
    lines = [line.rstrip() for line in text.splitlines()]
    assert max(map(len, lines)) <= int(width)
    order, seat = awards
    assert lines[1] == "SEAT v1  A seat on a committee"
    assert lines[2].startswith("  The board ")
    assert lines[2].endswith(f" {seat[3]} for good        30.00")
    (where,) = (number for number, line in enumerate(lines) if line.startswith("BOOKS"))
    assert lines[where] == "BOOKS v1  Points for books"
    assert lines[where + 1].startswith("  A book ")
    assert lines[where + 1].endswith(f" {order[3]} to {order[4]}   60.00")
    assert f"{order[5]} days left" in lines[where + 2]
    for award, (first, last) in ((seat, (2, where)), (order, (where + 1, len(lines) - 1))):
        shown = "\n".join(lines[first:last])
        assert award[2] in shown
        assert f"{award[0]} of {award[1]}" in shown or not award[1]
        assert award[0] in shown
    assert lines[-1].split() == ["Total", own_score(deployed, association.ada)]


def test_explain_table_says_what_cap_and_fading_took(
    deployed: Connection,
    association: People,
    engagement: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    changes = '{"cap_points": 50, "cap_period": "EVER", "half_life_weeks": 1}'
    deployed.execute("select engagement.revise_rule('BOOKS', %s, true)", (changes,))
    deployed.execute("update crm.sales_order set ordered_at = ordered_at - interval '8 days'")
    deployed.execute("call engagement.recalculate()")
    text = engagement(deployed, "explain", str(association.ada)).stdout
    times = "\N{MULTIPLICATION SIGN}"
    assert f"2 {times} 5 + 0.5 {times} 100 = 60; the cap of 50 in all leaves 50; faded" in text
    assert "55.00" in text.splitlines()[-1]


def test_explain_without_utf8_prints_ascii(
    deployed: Connection, association: People, program: Callable[..., Any]
) -> None:
    result = program(
        "explain", str(association.ada),
        ENGAGEMENT_DSN=deployed.info.dsn, PYTHONUTF8="0", PYTHONIOENCODING="ascii",
    )  # fmt: skip
    assert "2 x 5 + 0.5 x 100 = 60" in result.stdout
    assert result.stdout.isascii()


@pytest.mark.parametrize("output", ["json", "csv"])
def test_explain_for_programs_has_every_column_of_the_routine(
    deployed: Connection, association: People, engagement: Callable[..., Any], output: str
) -> None:
    text = engagement(deployed, "explain", str(association.ada), "--format", output).stdout
    rows = json.loads(text) if output == "json" else list(csv.DictReader(io.StringIO(text)))
    cursor = deployed.execute("select * from engagement.explain_score(%s)", (association.ada,))
    assert cursor.description
    assert {column.name for column in cursor.description} == set(rows[0])
    assert len(rows) == cursor.rowcount


def test_explain_known_before_the_order_shows_nothing(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    known_at = "2001-01-01"
    table = engagement(deployed, "explain", str(association.ada), "--known-at", known_at)
    assert table.exit_code == 0
    assert "BOOKS" not in table.stdout
    rows = engagement(
        deployed, "explain", str(association.ada), "--known-at", known_at, "--format", "json"
    )
    assert json.loads(rows.stdout) == []


def test_explain_never_ending_interval_is_shown(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute("update engagement.award set expires_at = 'infinity' where expires_at is null")
    result = engagement(deployed, "explain", str(association.ada), "--format", "json")
    assert "infinity" in {row["expires_at"] for row in json.loads(result.stdout)}


# explain-change


def test_explain_change_of_a_customer_adds_up_from_score_to_score(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    between = deployed.execute("select clock_timestamp()::text").fetchone()
    assert between
    deployed.execute("select engagement.adjust(%s, -5, 'why')", (association.ada,))
    deployed.execute("update crm.order_line set quantity = 6")
    arguments = ("explain-change", str(association.ada), "--from", between[0])
    shown = json.loads(engagement(deployed, *arguments, "--format", "json").stdout)
    cursor = deployed.execute(
        "select row_to_json(c) from engagement.explain_change(%s, %s, %s) c",
        (association.ada, shown["from"], shown["to"]),
    )
    assert shown["causes"] == [row[0] for row in cursor]
    assert {(cause["cause"], cause["rule_code"]) for cause in shown["causes"]} == {
        ("ADJUSTMENT", "ADJUSTMENT"), ("EARNED", "BOOKS"), ("REVERSED", "BOOKS"),
    }  # fmt: skip
    assert (shown["old_score"], shown["new_score"], shown["change"]) == (90, 87, -3)
    assert sum(cause["points"] for cause in shown["causes"]) == shown["change"]
    lines = [line.split() for line in engagement(deployed, *arguments).stdout.splitlines()]
    assert (lines[1][0], lines[1][-1]) == ("Score", "90.00")
    assert ["adjustment", "ADJUSTMENT", "1", "-5.00"] in [[*x[:2], *x[-2:]] for x in lines]
    assert lines[-2] == ["Change", "-3.00"]
    assert (lines[-1][0], lines[-1][-1]) == ("Score", "87.00")
    text = engagement(deployed, *arguments, "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [list(row) for row in rows] == [list(cause) for cause in shown["causes"]]
    assert {row["points"] for row in rows} == {"-5.00", "-60.00", "62.00"}


def test_explain_change_until_an_instant_ends_there(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    between = deployed.execute("select clock_timestamp()::text").fetchone()
    assert between
    deployed.execute("select engagement.adjust(%s, -5, 'why')", (association.ada,))
    result = engagement(
        deployed, "explain-change", str(association.ada),
        "--from", "2001-01-01", "--to", between[0], "--format", "json",
    )  # fmt: skip
    shown = json.loads(result.stdout)
    assert (shown["old_score"], shown["new_score"]) == (0, 90)
    assert {cause["rule_code"] for cause in shown["causes"]} == {"BOOKS", "SEAT"}


def test_explain_change_of_everybody_is_the_view(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    expected = deployed.execute(
        "select to_json(c) from engagement.score_change c order by abs(points) desc, cause"
    ).fetchall()
    assert len(expected) > 1
    shown = json.loads(engagement(deployed, "explain-change", "--format", "json").stdout)
    assert shown == [row[0] for row in expected]
    assert shown[0]["cause"] in engagement(deployed, "explain-change").stdout


@pytest.mark.parametrize(
    "arguments", [("ADA",), ("ADA", "--to", "2026-01-01"), ("--from", "2026-01-01")]
)
def test_explain_change_without_sense_is_a_usage_error(
    deployed: Connection, engagement: Callable[..., Any], arguments: tuple[str, ...]
) -> None:
    assert engagement(deployed, "explain-change", *arguments).exit_code == 2


# refresh


def test_refresh_takes_a_change_in_and_prints_the_score(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute(
        "with o as (insert into crm.sales_order (ordered_at) values (now()) returning order_id)"
        " insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)"
        " select order_id, %s, 'BOOK', 1, 10 from o",
        (association.bob,),
    )
    result = engagement(deployed, "refresh", str(association.bob))
    assert result.exit_code == 0
    assert "7.00" in result.stdout
    assert len(result.stdout.splitlines()) == 1


def test_refresh_and_recalculate_print_what_programs_read(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    key = str(association.ada)
    for command in (("refresh", key), ("recalculate", "--customer", key)):
        (row,) = json.loads(engagement(deployed, *command, "--format", "json").stdout)
        assert (row["customer_id"], row["score"]) == (association.ada, 90.00)
        (line,) = csv.DictReader(
            io.StringIO(engagement(deployed, *command, "--format", "csv").stdout)
        )
        assert (line["customer_id"], line["score"]) == (key, "90.00")
        assert line["calculated_at"].startswith("2")
    done = engagement(deployed, "recalculate", "--mode", "FULL", "--format", "json")
    (run,) = json.loads(done.stdout)
    stored = deployed.execute(
        "select run_id, score_count from engagement.recalculation_run order by run_id desc limit 1"
    ).fetchone()
    assert (run["run_id"], run["score_count"], run["run_status"]) == (*(stored or ()), "COMPLETED")
    (line,) = csv.DictReader(
        io.StringIO(engagement(deployed, "recalculate", "--format", "csv").stdout)
    )
    assert (line["run_mode"], line["failure_count"]) == ("INCREMENTAL", "0")


def test_refresh_switched_off_shows_the_servers_notice_on_stderr(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute("select engagement.set_parameter('CALCULATE_ENGAGEMENT_SCORE_POINTS', 'N')")
    result = engagement(deployed, "refresh", str(association.ada))
    assert result.exit_code == 0
    assert result.stderr.startswith("notice: ")


# recalculate


@pytest.mark.parametrize("mode", ["INCREMENTAL", "FULL"])
def test_recalculate_in_a_pipe_prints_the_result_alone_on_stdout(
    deployed: Connection, association: People, program: Callable[..., Any], mode: str
) -> None:
    result = program("recalculate", "--mode", mode, ENGAGEMENT_DSN=deployed.info.dsn)
    assert result.returncode == 0
    assert result.stdout.startswith(f"{mode} run ")
    assert "0 scores written, 0 failures" in result.stdout
    assert len(result.stdout.splitlines()) == 2
    assert "\x1b" not in result.stderr


def test_recalculate_on_a_terminal_ends_with_the_result(
    deployed: Connection, association: People, terminal: Callable[..., Any]
) -> None:
    result = terminal("recalculate", ENGAGEMENT_DSN=deployed.info.dsn)
    assert result.exit_code == 0
    assert "INCREMENTAL run " in result.output.splitlines()[-2]


def test_recalculate_as_of_later_lets_points_expire(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    result = engagement(deployed, "recalculate", "--as-of", "2099-01-01")
    assert result.exit_code == 0
    assert "as of 2099-01-01 00:00" in result.stdout
    row = deployed.execute(
        "select score from engagement.customer_score where customer_id = %s", (association.ada,)
    ).fetchone()
    assert row == (30,)


def test_recalculate_one_customer_at_an_instant(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    result = engagement(
        deployed, "recalculate", "--customer", str(association.ada), "--as-of", "2099-01-01"
    )
    assert result.exit_code == 0
    assert str(association.ada) in result.stdout
    rows = deployed.execute(
        "select customer_id from engagement.customer_score where calculated_at > now()"
    ).fetchall()
    assert rows == [(association.ada,)]


def test_recalculate_unknown_mode_is_a_usage_error(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    assert engagement(deployed, "recalculate", "--mode", "WEEKLY").exit_code == 2


def test_recalculate_with_failures_says_so_on_stderr(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute(
        "with o as (insert into crm.sales_order (ordered_at) values (now()) returning order_id)"
        " insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)"
        " select order_id, %s, 'BOOK', 'NaN', 10 from o",
        (association.bob,),
    )
    result = engagement(deployed, "recalculate")
    assert result.exit_code == 0
    assert "1 scoring failure is open" in result.stderr
    assert "failure is open" not in result.stdout


def test_recalculate_with_a_source_that_cannot_be_read_ends_with_1(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute("alter view engagement_host.order_line rename to mislaid")
    deployed.execute("update crm.order_line set quantity = 6")
    result = engagement(deployed, "recalculate", "--mode", "FULL")
    assert result.exit_code == 1
    lines = [line for line in result.stderr.splitlines() if line.startswith("engagement: ")]
    assert len(lines) == 1
    assert "not up to date: order_line (" in lines[0]
    deployed.execute("alter view engagement_host.mislaid rename to order_line")
    assert engagement(deployed, "recalculate").exit_code == 0


def test_recalculate_every_phase_has_words_for_people(deployed: Connection) -> None:
    row = deployed.execute(
        "select string_agg(col_description(attrelid, attnum), '') from pg_attribute"
        " where attrelid = 'engagement.recalculation_run'::regclass and attname = 'phase'"
    ).fetchone()
    assert row
    assert set(re.findall("[A-Z]{2,}", row[0])) == set(PHASES)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_recalculate_interrupted_cancels_the_run_and_the_next_one_resumes(
    deployed: Connection,
    association: People,
    second_session: Callable[..., Connection],
    program: Callable[..., Any],
    stop: signal.Signals,
) -> None:
    dsn = deployed.info.dsn
    blocker = second_session(deployed, autocommit=False)
    blocker.execute("lock table engagement.award in access exclusive mode")
    run = subprocess.Popen(
        [PROGRAM, "recalculate", "--mode", "FULL"],
        env=clean_environment(ENGAGEMENT_DSN=dsn),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for = """
        do $$ begin
            while %s exists (
                select from pg_stat_activity
                where datname = current_database() and query like '%%engagement.recalculate%%'
                and state = 'active' and wait_event_type = 'Lock')
            loop
                perform pg_stat_clear_snapshot();
                perform pg_sleep(0.01);
            end loop;
        end $$"""
    deployed.execute(STATEMENT_TIMEOUT)
    deployed.execute((wait_for % "not").encode())
    run.send_signal(stop)
    stdout, stderr = run.communicate(timeout=PATIENCE)
    assert run.returncode == 130
    assert stdout == ""
    assert "Traceback" not in stderr
    assert "interrupted" in stderr.splitlines()[-1]
    deployed.execute((wait_for % "").encode())
    blocker.rollback()
    resumed = program("recalculate", ENGAGEMENT_DSN=dsn)
    assert resumed.returncode == 0
    assert resumed.stdout.startswith("FULL run ")
    assert program("verify", ENGAGEMENT_DSN=dsn).returncode == 0


# all of them


def test_every_command_on_a_database_without_the_package_is_one_line(
    database: str, databases: Any, engagement: Callable[..., Any]
) -> None:
    session = databases.connect(database)
    for arguments in (["score", "1"], ["recalculate"], ["verify"], ["rules", "list"],
                      ["params", "list"], ["refresh", "1"], ["explain", "1"],
                      ["segment"], ["points"], ["social", "list"],
                      ["employers", "1"], ["trend", "1"], ["adjust", "1", "-5", "--reason", "why"],
                      ["schedule", "--print", "cron"], ["explain-change"], ["forecast", "1"],
                      ["at-risk"], ["events"], ["export", "1"], ["erase", "1"],
                      ["customer", "merge", "1", "2"], ["customer", "unmerge", "1", "2"],
                      ["verify", "--batch", "1"]):  # fmt: skip
        result = engagement(session, *arguments)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1
        assert "engagement deploy" in result.stderr


def test_every_command_without_a_server_is_one_line_without_the_password(
    program: Callable[..., Any],
) -> None:
    dsn = "postgresql://me:s3cret@127.0.0.1:1/nowhere"
    result = program("score", "1", "--dsn", dsn)
    assert result.returncode == EXIT_UNREACHABLE
    assert result.stderr.count("\n") == 1
    assert "s3cret" not in result.stderr + result.stdout


@pytest.mark.parametrize("key_type", ["uuid", "text"])
def test_every_command_takes_keys_of_the_deployment(
    deployed_as: Callable[[str], Connection], engagement: Callable[..., Any], key_type: str
) -> None:
    connection = deployed_as(key_type)
    (key,), (other,) = connection.execute(
        "insert into crm.customer (display_name) values ('Ada'), ('Bob')"
        " returning customer_id::text"
    ).fetchall()
    for arguments in (
        ("recalculate",),
        ("recalculate", "--customer", key),
        ("refresh", key),
        ("score", key),
        ("explain", key),
        ("explain-change", key, "--from", "2001-01-01"),
        ("forecast", key),
        ("export", key),
        ("verify",),
        ("verify", "--batch", "1"),
        ("verify", "--from", key, "--sample", "50%"),
        ("verify", "--to", key, "--batch", "1"),
        ("customer", "merge", key, other),
        ("customer", "unmerge", key, other),
        ("erase", key, "--yes"),
        ("recalculate",),
    ):
        result = engagement(connection, *arguments)
        assert result.exit_code == 0, result.stderr
    card = engagement(connection, "score", key, "--format", "json")
    assert json.loads(card.stdout)["customer_id"] == key
