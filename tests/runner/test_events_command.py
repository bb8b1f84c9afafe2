"""events: printed, read, and only then off the outbox."""

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
from pathlib import Path
from typing import Any

import psycopg
import pytest

from patience import PATIENCE, STATEMENT_TIMEOUT

from .conftest import PROGRAM, People, clean_environment

Connection = psycopg.Connection[Any]

#: Follows events and looks at the outbox when it is notified, and at no other time.
FOLLOW = """
from engagement_runner import cli
from engagement_runner.events import outbox, pipe
outbox.RECHECK_SECONDS = None
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
    """The events that wait, the oldest first, as they are printed."""
    rows = connection.execute(
        "select row_to_json(e) from engagement.score_event e order by created_at, event_id"
    )
    return [{key: row[0][key] for key in row[0] if key != "held_until"} for row in rows]


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
    assert (run.returncode, run.stderr) == (141, b"")
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


class Reader:
    """``events`` whose output is in a pipe, of which one byte has been read."""

    def __init__(self, connection: Connection, *options: str) -> None:
        self.end, writer = os.pipe()
        self.process = subprocess.Popen(
            [PROGRAM, "events", *options],
            env=clean_environment(ENGAGEMENT_DSN=connection.info.dsn),
            stdout=writer,
            stderr=subprocess.PIPE,
        )
        os.close(writer)
        assert len(os.read(self.end, 1)) == 1

    def read(self) -> bytes:
        """All that is left to be read, until the command has ended."""
        with os.fdopen(self.end, "rb") as rest:
            return rest.read()

    def die(self) -> None:
        """End without reading what is in the pipe."""
        os.close(self.end)

    def ended(self) -> int:
        """The exit code of the command, which leaves no traceback."""
        _, errors = self.process.communicate(timeout=PATIENCE)
        assert b"Traceback" not in errors, errors
        return self.process.returncode


@pytest.fixture
def one_event(deployed: Connection, bands: People) -> dict[str, Any]:
    """The only event of the outbox."""
    cross(deployed, bands.bob, 20)
    (event,) = outbox(deployed)
    return event


def test_events_that_nobody_reads_before_the_command_ends_stay(
    deployed: Connection, one_event: dict[str, Any]
) -> None:
    impatient = FOLLOW.replace("outbox.RECHECK_SECONDS = None", "pipe.STALL_SECONDS = 0.1")
    with subprocess.Popen(
        [sys.executable, "-c", impatient, "events"],
        env=clean_environment(ENGAGEMENT_DSN=deployed.info.dsn),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.wait(timeout=PATIENCE) == 1
        assert process.stderr and b"--no-ack" in process.stderr.read()
    assert outbox(deployed) == [one_event]


FOLLOWING = pytest.mark.parametrize("options", [(), ("--follow",)])


@FOLLOWING
def test_events_of_a_reader_that_dies_before_it_has_read_all_stay(
    deployed: Connection, one_event: dict[str, Any], options: tuple[str, ...]
) -> None:
    reader = Reader(deployed, *options)
    reader.die()
    assert reader.ended() == 141
    assert outbox(deployed) == [one_event]


@FOLLOWING
def test_events_of_a_command_killed_between_print_and_commit_stay(
    deployed: Connection, one_event: dict[str, Any], options: tuple[str, ...]
) -> None:
    reader = Reader(deployed, *options)
    reader.process.kill()
    assert reader.ended() == -signal.SIGKILL
    # Waits for the session that had taken it.
    deployed.execute("select from engagement.score_event for update")
    assert outbox(deployed) == [one_event]
    again = Reader(deployed)
    again.read()
    assert again.ended() == 0
    assert outbox(deployed) == []


@FOLLOWING
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_events_interrupted_between_print_and_commit_stay(
    deployed: Connection,
    one_event: dict[str, Any],
    options: tuple[str, ...],
    stop: signal.Signals,
) -> None:
    reader = Reader(deployed, *options)
    reader.process.send_signal(stop)
    assert reader.ended() == 130
    assert outbox(deployed) == [one_event]


def test_events_that_one_reader_has_not_read_yet_are_not_for_another(
    deployed: Connection, bands: People, engagement: Callable[..., Any]
) -> None:
    cross(deployed, bands.bob, 20)
    cross(deployed, bands.bob, 40)
    first, second = outbox(deployed)
    reader = Reader(deployed, "--limit", "1")
    printed = engagement(deployed, "events").stdout
    assert [json.loads(line) for line in printed.splitlines()] == [second]
    assert outbox(deployed) == [first]
    assert json.loads(b"{" + reader.read()) == first
    assert reader.ended() == 0
    assert outbox(deployed) == []


def test_events_follow_ends_when_its_reader_has(deployed: Connection, bands: People) -> None:
    cross(deployed, bands.bob, 20)
    reader = Reader(deployed, "--follow")
    length = len(json.dumps(outbox(deployed)[0]))
    assert len(os.read(reader.end, 10 * length)) > 1
    wait_until_waiting(deployed)
    reader.die()
    deployed.execute("notify engagement_score_event")  # or after RECHECK_SECONDS
    assert reader.ended() == 141


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="not run: there is no /dev/full")
@pytest.mark.parametrize("output", ["json", "csv", "table"])
def test_events_that_find_no_room_stay(
    deployed: Connection, one_event: dict[str, Any], output: str
) -> None:
    with FULL.open("wb") as full:
        run = subprocess.run(
            [PROGRAM, "events", "--format", output],
            env=clean_environment(ENGAGEMENT_DSN=deployed.info.dsn),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
        )
    assert run.returncode == 1
    assert b"Traceback" not in run.stderr
    assert b"Exception" not in run.stderr
    assert outbox(deployed) == [one_event]


def test_events_without_ack_stay_and_nobody_else_gets_them_meanwhile(
    deployed: Connection, bands: People, engagement: Callable[..., Any]
) -> None:
    cross(deployed, bands.bob, 20)
    cross(deployed, bands.bob, 40)
    expected = outbox(deployed)
    result = engagement(deployed, "events", "--no-ack", "--limit", "1")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [json.loads(line) for line in result.stdout.splitlines()] == expected[:1]
    assert outbox(deployed) == expected
    other = engagement(deployed, "events", "--no-ack").stdout
    assert [json.loads(line) for line in other.splitlines()] == expected[1:]
    assert engagement(deployed, "events").stdout == ""
    # What nobody acknowledged comes again.
    deployed.execute("update engagement.score_event set held_until = now() - interval '1 second'")
    again = engagement(deployed, "events", "--no-ack").stdout
    assert [json.loads(line) for line in again.splitlines()] == expected


@pytest.mark.parametrize("given", ["lines", "ids", "arguments"])
def test_events_ack_takes_off_what_is_named(
    deployed: Connection, bands: People, engagement: Callable[..., Any], given: str
) -> None:
    cross(deployed, bands.bob, 20)
    cross(deployed, bands.bob, 40)
    cross(deployed, bands.firm, 20)
    first, second, third = (event["event_id"] for event in outbox(deployed))
    printed = engagement(deployed, "events", "--no-ack", "--limit", "2").stdout
    if given == "arguments":
        result = engagement(deployed, "events", "--ack", first, second)
    else:
        lines = printed if given == "lines" else f"{first}\n\n{second}\n"
        result = engagement(deployed, "events", "--ack", input=lines)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "2 events acknowledged\n"
    assert [event["event_id"] for event in outbox(deployed)] == [third]
    # Again, it does nothing.
    result = engagement(deployed, "events", "--ack", input=printed)
    assert (result.exit_code, result.stderr) == (0, "0 events acknowledged; 2 were gone already\n")


@pytest.mark.parametrize("line", ["nonsense", "{}", '{"event_id": 5}', "{", "[]", '{"event_id"}'])
def test_events_ack_of_what_is_no_event_acknowledges_nothing(
    deployed: Connection, one_event: dict[str, Any], engagement: Callable[..., Any], line: str
) -> None:
    result = engagement(deployed, "events", "--ack", input=f"{one_event['event_id']}\n{line}\n")
    assert result.exit_code == 1
    assert "line 2" in result.stderr
    assert outbox(deployed) == [one_event]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--ack", "--follow"),
        ("--ack", "--no-ack"),
        ("00000000-0000-0000-0000-000000000000",),
        ("--ack", "nonsense"),
        ("--no-ack", "--minutes", "0"),
    ],
)
def test_events_options_that_do_not_go_together_are_a_usage_error(
    deployed: Connection, engagement: Callable[..., Any], arguments: tuple[str, ...]
) -> None:
    assert engagement(deployed, "events", *arguments).exit_code == 2


def test_events_ack_by_a_reader_that_has_not_read_all_waits_for_nothing(
    deployed: Connection, bands: People, engagement: Callable[..., Any]
) -> None:
    cross(deployed, bands.bob, 20)
    cross(deployed, bands.bob, 40)
    first, second = outbox(deployed)
    reader = Reader(deployed, "--no-ack", "--follow")
    result = engagement(deployed, "events", "--ack", first["event_id"])
    assert result.stderr == "1 event acknowledged\n"
    reader.die()
    deployed.execute("notify engagement_score_event")
    assert reader.ended() == 141
    assert outbox(deployed) == [second]


def test_events_without_a_limit_above_what_sql_takes_is_a_usage_error(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    assert engagement(deployed, "events", "--limit", str(2**31)).exit_code == 2
