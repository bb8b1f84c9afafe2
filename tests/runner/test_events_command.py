"""events: taken off the outbox, printed, and lost to nobody."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from patience import PATIENCE, STATEMENT_TIMEOUT

from .conftest import PROGRAM, People, clean_environment

Connection = psycopg.Connection[Any]

#: Follows events and looks at the outbox when it is notified, and at no other time.
FOLLOW = """
from engagement_runner import cli
from engagement_runner.commands import events
events.RECHECK_SECONDS = None
cli.main()
"""


@pytest.fixture
def bands(deployed: Connection, association: People) -> People:
    """The people of the association, after a run that has seen bands from 10 and 50 points."""
    deployed.execute(
        "insert into engagement.score_band (band_code, from_score)"
        " values ('BRONZE', 10), ('GOLD', 50)"
    )
    deployed.execute("call engagement.recalculate()")
    return association


def cross(connection: Connection, customer: int, points: int) -> None:
    """Give somebody points, and tell of the band that they cross into."""
    connection.execute("select engagement.adjust(%s, %s, 'why')", (customer, points))
    connection.execute("call engagement.recalculate()")


def outbox(connection: Connection) -> list[dict[str, Any]]:
    """The events that wait, the oldest first."""
    rows = connection.execute(
        "select row_to_json(e) from engagement.score_event e order by created_at, event_id"
    )
    return [row[0] for row in rows]


def test_events_are_printed_one_a_line_and_gone(
    deployed: Connection, bands: People, engagement: Callable[..., Any]
) -> None:
    cross(deployed, bands.bob, 20)
    cross(deployed, bands.bob, 40)
    cross(deployed, bands.firm, 15)
    expected = outbox(deployed)
    assert [(e["customer_id"], e["from_band"], e["to_band"]) for e in expected] == [
        (bands.bob, None, "BRONZE"), (bands.bob, "BRONZE", "GOLD"), (bands.firm, None, "BRONZE"),
    ]  # fmt: skip
    result = engagement(deployed, "events")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [json.loads(line) for line in result.stdout.splitlines()] == expected
    assert outbox(deployed) == []
    assert engagement(deployed, "events").stdout == ""


def test_events_limit_leaves_the_newest(
    deployed: Connection, bands: People, engagement: Callable[..., Any]
) -> None:
    cross(deployed, bands.bob, 20)
    cross(deployed, bands.bob, 40)
    first, second = outbox(deployed)
    result = engagement(deployed, "events", "--limit", "1")
    assert [json.loads(line) for line in result.stdout.splitlines()] == [first]
    assert outbox(deployed) == [second]
    assert engagement(deployed, "events", "--limit", "0").exit_code == 2


def test_events_as_csv_and_as_a_table(
    deployed: Connection, bands: People, engagement: Callable[..., Any]
) -> None:
    cross(deployed, bands.bob, 20)
    (event,) = outbox(deployed)
    (row,) = csv.DictReader(io.StringIO(engagement(deployed, "events", "--format", "csv").stdout))
    assert list(row) == list(event)
    assert (row["event_id"], row["to_band"], row["from_band"]) == (event["event_id"], "BRONZE", "")
    assert outbox(deployed) == []
    assert len(engagement(deployed, "events", "--format", "csv").stdout.splitlines()) == 1
    cross(deployed, bands.bob, 40)
    table = engagement(deployed, "events", "--format", "table").stdout
    percentile = str(event_percentile(deployed, bands.bob))
    assert table.splitlines()[1].split()[2:] == [
        "BAND_UP", str(bands.bob), "BRONZE", "GOLD", "60.00", percentile,
    ]  # fmt: skip
    assert outbox(deployed) == []
    assert engagement(deployed, "events", "--format", "table").stdout == "There are no events.\n"


def event_percentile(connection: Connection, customer: int) -> int:
    """The percentile that the last run gave somebody."""
    row = connection.execute(
        "select percentile from engagement.customer_score where customer_id = %s", (customer,)
    ).fetchone()
    assert row
    return int(row[0])


@pytest.mark.parametrize("output", ["json", "csv", "table"])
@pytest.mark.parametrize("options", [(), ("--follow",)])
def test_events_that_nobody_reads_stay(
    deployed: Connection, bands: People, output: str, options: tuple[str, ...]
) -> None:
    cross(deployed, bands.bob, 20)
    expected = outbox(deployed)
    assert len(expected) == 1
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as broken:
        run = subprocess.run(
            [PROGRAM, "events", "--format", output, *options],
            env=clean_environment(ENGAGEMENT_DSN=deployed.info.dsn),
            stdout=broken,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
        )
    assert run.returncode == 1
    assert b"Traceback" not in run.stderr
    assert outbox(deployed) == expected


@pytest.fixture
def follower(deployed: Connection) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """``follower("--limit", "1")``: ``events --follow`` with its output in a pipe."""
    running: list[tuple[subprocess.Popen[str], threading.Timer]] = []

    def start(*options: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", FOLLOW, "events", "--follow", *options],
            env=clean_environment(ENGAGEMENT_DSN=deployed.info.dsn),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        limit = threading.Timer(PATIENCE, process.kill)  # so that a read ends when nothing comes
        limit.start()
        running.append((process, limit))
        return process

    yield start
    for process, limit in running:
        limit.cancel()
        process.kill()
        process.communicate()


def wait_until_waiting(connection: Connection) -> None:
    """Return when the follower has looked at the outbox and waits."""
    connection.execute(STATEMENT_TIMEOUT)
    connection.execute(
        """
        do $$ begin
            while not exists (
                select from pg_stat_activity
                where datname = current_database() and application_name = 'engagement'
                and state = 'idle' and query ilike 'commit%')
            loop
                perform pg_stat_clear_snapshot();
                perform pg_sleep(0.01);
            end loop;
        end $$
        """
    )


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_events_follow_waits_for_a_notification_until_interrupted(
    deployed: Connection,
    bands: People,
    follower: Callable[..., subprocess.Popen[str]],
    stop: signal.Signals,
) -> None:
    cross(deployed, bands.bob, 20)
    cross(deployed, bands.firm, 20)
    process = follower("--limit", "1", "--format", "csv")
    assert process.stdout
    lines = [process.stdout.readline() for _ in range(3)]
    for customer in (bands.bob, bands.firm):
        wait_until_waiting(deployed)
        cross(deployed, customer, 40)
        lines.append(process.stdout.readline())
    wait_until_waiting(deployed)
    process.send_signal(stop)
    rest, errors = process.communicate()
    assert (process.returncode, rest, errors) == (130, "", "")
    rows = list(csv.DictReader(io.StringIO("".join(lines))))
    assert [(int(row["customer_id"]), row["to_band"]) for row in rows] == [
        (bands.bob, "BRONZE"), (bands.firm, "BRONZE"), (bands.bob, "GOLD"), (bands.firm, "GOLD"),
    ]  # fmt: skip
    assert outbox(deployed) == []


def test_events_without_a_limit_above_what_sql_takes_is_a_usage_error(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    assert engagement(deployed, "events", "--limit", str(2**31)).exit_code == 2
