"""follow: scores stay current while it runs, whatever happens to its connection."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from engagement_runner.deploy import deploy
from engagement_runner.embedded import EmbeddedServer
from patience import PATIENCE

from .conftest import (
    PROGRAM,
    People,
    clean_environment,
    found,
    order,
    wait_for_score,
    wait_until,
)

#: What it calls is tested on each server; how it lives is a matter of the command.
pytestmark = pytest.mark.once

Connection = psycopg.Connection[Any]

#: The command, after a statement that changes one of its constants.
FOLLOW = """
from engagement_runner import cli
from engagement_runner.follow import worker
from engagement_runner.show import follow_lines
{patch}
cli.main()
"""

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d{4} "


class Follower:
    """``engagement follow`` with its log in a pipe."""

    def __init__(self, dsn: str, *options: str, patch: str = "", **variables: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", FOLLOW.format(patch=patch), "follow", *options],
            env=clean_environment(ENGAGEMENT_DSN=dsn, **variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._limit = threading.Timer(PATIENCE, self.process.kill)  # ends a read of nothing
        self._limit.start()

    def read_until(self, pattern: str) -> str:
        """Read lines until one matches, and return it."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if re.search(pattern, line):
                return self.lines[-1]
        raise AssertionError(f"no {pattern} in {self.lines}: {self.process.communicate()}")

    def ended(self) -> tuple[int, str]:
        """Its exit code and what it wrote to stderr, when it has ended."""
        rest, errors = self.process.communicate(timeout=PATIENCE)
        self._limit.cancel()
        self.lines += rest.splitlines()
        return self.process.returncode, errors

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send it a signal, and return its exit code and what it wrote to stderr."""
        self.process.send_signal(number)
        return self.ended()

    def kill(self) -> None:
        """End it without any clean-up."""
        self._limit.cancel()
        self.process.kill()
        self.process.communicate()

    @property
    def events(self) -> list[str]:
        """Its lines without the time, those of an interval left out."""
        lines = [re.sub(STAMP, "", line) for line in self.lines]
        return [line for line in lines if not re.match(r"[\d,]+ statements?, ", line)]


@pytest.fixture
def follow() -> Iterator[Callable[..., Follower]]:
    """``follow(dsn, "--every", "0.1", patch="worker.GRACE_SECONDS = 0")``."""
    running: list[Follower] = []

    def start(dsn: str, *options: str, **settings: str) -> Follower:
        running.append(Follower(dsn, *options, **settings))
        return running[-1]

    yield start
    for follower in running:
        follower.kill()


SESSIONS = """
    from pg_stat_activity
    where datname = current_database() and application_name = 'engagement follow'"""


def runs(session: Connection) -> list[tuple[Any, ...]]:
    """The runs that are recorded."""
    return session.execute(
        "select run_id, run_status from engagement.recalculation_run order by run_id"
    ).fetchall()


def test_follow_scores_an_order_without_another_call_and_leaves_no_run(
    deployed: Connection, association: People, follow: Callable[..., Follower]
) -> None:
    before = runs(deployed)
    follower = follow(deployed.info.dsn)
    for number in range(1, 4):
        order(deployed, association.bob)
        wait_for_score(deployed, association.bob, 60 * number)
    assert follower.stop() == (0, "")
    assert deployed.execute("select count(*) from engagement.verify()").fetchone() == (0,)
    assert runs(deployed) == before
    assert follower.events == [
        f"started: following the queue of {deployed.info.dbname}, every 0.25 s",
        follower.events[-1],
    ]
    assert re.fullmatch(
        r"stopped by SIGTERM: \d+ statements, 3 customers scored since it started",
        follower.events[-1],
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_follow_ends_on_a_signal_and_closes_its_connection(
    deployed: Connection,
    follow: Callable[..., Follower],
    number: signal.Signals,
    code: int,
) -> None:
    follower = follow(deployed.info.dsn, "--every", "3600")
    follower.read_until("started: ")
    wait_until(deployed, f"exists (select {SESSIONS} and state = 'idle')")
    assert follower.stop(number) == (code, "")
    assert follower.events[-1].startswith(f"stopped by {number.name}: ")
    wait_until(deployed, f"not exists (select {SESSIONS})")


def blocked_follower(
    deployed: Connection,
    blocker: Connection,
    follow: Callable[..., Follower],
    patch: str,
) -> Follower:
    """A follower that waits for a lock of *blocker* in the middle of a call."""
    blocker.execute("lock table engagement.pending_activity in access exclusive mode")
    follower = follow(deployed.info.dsn, patch=patch)
    wait_until(deployed, f"exists (select {SESSIONS} and wait_event_type = 'Lock')")
    return follower


def test_follow_finishes_the_call_in_hand_after_a_signal(
    deployed: Connection,
    association: People,
    second_session: Callable[..., Connection],
    follow: Callable[..., Follower],
) -> None:
    order(deployed, association.bob)
    blocker = second_session(deployed, autocommit=False)
    patch = f"worker.GRACE_SECONDS = {PATIENCE}"
    follower = blocked_follower(deployed, blocker, follow, patch)
    follower.process.send_signal(signal.SIGTERM)
    # The signal has come: it is noted in the process, which goes on with its call.
    wait_until(deployed, f"exists (select {SESSIONS} and wait_event_type = 'Lock')")
    blocker.rollback()
    assert follower.ended() == (0, "")
    wait_for_score(deployed, association.bob, 60)


@pytest.mark.parametrize(
    ("count", "patch"), [(1, "worker.GRACE_SECONDS = 0"), (2, f"worker.GRACE_SECONDS = {PATIENCE}")]
)
def test_follow_cancels_a_call_that_goes_on_after_a_signal(
    deployed: Connection,
    association: People,
    second_session: Callable[..., Connection],
    follow: Callable[..., Follower],
    count: int,
    patch: str,
) -> None:
    """After a while, or at the second signal. Nothing stays locked, and nothing is lost."""
    order(deployed, association.bob)
    blocker = second_session(deployed, autocommit=False)
    follower = blocked_follower(deployed, blocker, follow, patch)
    follower.process.send_signal(signal.SIGTERM)
    while count > 1 and follower.process.poll() is None:
        # Signals that come at once are one, so the second is sent until it is heard.
        follower.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            follower.process.wait(timeout=0.1)
    assert follower.ended() == (0, "")
    wait_until(deployed, f"not exists (select {SESSIONS})")
    blocker.rollback()
    follow(deployed.info.dsn)
    wait_for_score(deployed, association.bob, 60)


def test_follow_connects_again_when_its_backend_is_terminated(
    deployed: Connection, association: People, follow: Callable[..., Follower]
) -> None:
    follower = follow(deployed.info.dsn, patch="worker.FIRST_PAUSE = 0.01")
    follower.read_until("started: ")
    for number in range(1, 3):
        deployed.execute(f"select pg_terminate_backend(pid, 60000) {SESSIONS}".encode())
        follower.read_until("connection lost: ")
        order(deployed, association.bob)
        wait_for_score(deployed, association.bob, 60 * number)
        follower.read_until("following again")
    assert follower.stop() == (0, "")
    kinds = [re.split("[ :]", event)[0] for event in follower.events]
    assert kinds == ["started", "connection", "following", "connection", "following", "stopped"]


def test_follow_waits_for_a_server_that_is_not_there_and_follows_it_over_a_restart(
    own_server: EmbeddedServer, follow: Callable[..., Follower]
) -> None:
    with psycopg.connect(own_server.dsn(), autocommit=True) as session:
        deploy(session, "reference")
        people = found(session)
    own_server.stop()
    follower = follow(own_server.dsn(), patch="worker.LONGEST_PAUSE = 0.1")
    assert "trying again" in follower.read_until("cannot connect: ")
    own_server.start()
    follower.read_until("started: ")
    own_server.stop()
    follower.read_until("connection lost: ")
    own_server.start()
    follower.read_until("following again")
    with psycopg.connect(own_server.dsn(), autocommit=True) as session:
        order(session, people.bob)
        wait_for_score(session, people.bob, 60)
    assert follower.stop() == (0, "")
    kinds = [re.split("[ :]", event)[0] for event in follower.events]
    assert kinds == ["cannot", "started", "connection", "following", "stopped"]


def test_follow_whose_password_is_wrong_ends(
    own_server: EmbeddedServer, program: Callable[..., Any], tmp_path: Path
) -> None:
    with psycopg.connect(own_server.dsn(), autocommit=True) as session:
        session.execute("create role locked login password 'right-one'")
        rules = own_server.data_dir / "pg_hba.conf"
        rules.write_text(f"local all locked scram-sha-256\n{rules.read_text()}")
        session.execute("select pg_reload_conf()")
    for password in ("wrong-xyzzy", ""):
        dsn = make_conninfo(own_server.dsn(user="locked"), password=password)
        done = program("follow", ENGAGEMENT_DSN=dsn, PGPASSFILE=str(tmp_path / "none"))
        assert (done.returncode, done.stdout) == (8, "")
        assert len(done.stderr.splitlines()) == 1
        assert "xyzzy" not in done.stderr


@pytest.mark.parametrize("missing", ["role", "database"])
def test_follow_of_what_is_not_there_ends(
    deployed: Connection, program: Callable[..., Any], missing: str
) -> None:
    name = {"role": "user", "database": "dbname"}[missing]
    dsn = make_conninfo(deployed.info.dsn, **{name: "no_such"})
    done = program("follow", ENGAGEMENT_DSN=dsn)
    assert (done.returncode, done.stdout) == (8, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("options", [(), ("--once",)])
def test_follow_without_the_right_is_one_line(
    deployed: Connection,
    program: Callable[..., Any],
    server: EmbeddedServer,
    options: tuple[str, ...],
) -> None:
    deployed.execute("create role follow_stranger login")
    try:
        dsn = server.dsn(deployed.info.dbname, user="follow_stranger")
        done = program("follow", *options, ENGAGEMENT_DSN=dsn)
    finally:
        deployed.execute("drop role follow_stranger")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert "42501" in done.stderr


@pytest.mark.parametrize("options", [(), ("--once",)])
def test_follow_where_nothing_is_deployed_is_one_line(
    database: str, program: Callable[..., Any], options: tuple[str, ...]
) -> None:
    done = program("follow", *options, ENGAGEMENT_DSN=database)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("engagement: engagement scoring is not deployed")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("options", [(), ("--once",)])
def test_follow_of_an_older_deployment_is_one_line(
    deployed: Connection, program: Callable[..., Any], options: tuple[str, ...]
) -> None:
    deployed.execute("drop procedure engagement.catch_up")
    done = program("follow", *options, ENGAGEMENT_DSN=deployed.info.dsn)
    assert (done.returncode, done.stdout) == (1, "")
    assert "older than the command" in done.stderr and "engagement deploy" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_follow_ends_when_its_right_is_taken_away(
    deployed: Connection, follow: Callable[..., Follower]
) -> None:
    follower = follow(deployed.info.dsn, "--every", "0.05")
    follower.read_until("started: ")
    deployed.execute("alter procedure engagement.catch_up rename to caught_up")
    code, errors = follower.ended()
    assert (code, len(errors.splitlines())) == (1, 1)


@pytest.mark.parametrize(
    "value", ["0", "0.04", "-1", "3600.1", "nan", "inf", "-inf", "often", "", "1e999"]
)
def test_follow_every_out_of_bounds_is_wrong_usage(
    deployed: Connection, engagement: Callable[..., Any], value: str
) -> None:
    result = engagement(deployed, "follow", "--every", value)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--every" in result.stderr.splitlines()[-1]


# what it says


def test_follow_log_has_a_line_an_interval(
    deployed: Connection, association: People, follow: Callable[..., Follower]
) -> None:
    follower = follow(deployed.info.dsn, patch="follow_lines.LOG_INTERVAL = 0.2")
    follower.read_until("started: ")
    order(deployed, association.bob)
    follower.read_until(", 1 customer scored, ")
    follower.read_until(", 0 customers scored, ")
    assert follower.stop() == (0, "")
    line = (
        r"[\d,]+ statements?, [\d,]+ customers? scored, ([\d,]+|unknown) waiting,"
        r" longest call \d+\.\d{3} s"
    )
    for text in follower.lines[1:-1]:
        assert re.fullmatch(STAMP + line, text), text


def test_follow_says_once_that_scoring_is_switched_off(
    deployed: Connection, association: People, follow: Callable[..., Follower]
) -> None:
    """The engine raises a notice at each call."""
    switch = "select engagement.set_parameter('CALCULATE_ENGAGEMENT_SCORE_POINTS', %s)"
    deployed.execute(switch, ("N",))
    patch = "follow_lines.LOG_INTERVAL = 0.2"
    follower = follow(deployed.info.dsn, "--every", "0.05", patch=patch)
    for _ in range(3):
        follower.read_until("longest call .*; scoring is switched off")
    deployed.execute(switch, ("Y",))
    follower.read_until("following again")
    assert follower.stop() == (0, "")
    assert [re.split("[ :]", event)[0] for event in follower.events] == [
        "started", "scoring", "following", "stopped",
    ]  # fmt: skip


#: What was in the way is gone when the command asks what it was.
PASSES = """
import engagement_runner.commands.follow as command
ask = worker.why_aside
def why_aside(connection):
    connection.execute(
        "select engagement.set_parameter('CALCULATE_ENGAGEMENT_SCORE_POINTS', 'Y')"
    )
    return ask(connection)
worker.why_aside = command.why_aside = why_aside
"""


def test_follow_does_not_guess_what_was_in_the_way(
    deployed: Connection, association: People, follow: Callable[..., Follower]
) -> None:
    order(deployed, association.bob)
    deployed.execute("select engagement.set_parameter('CALCULATE_ENGAGEMENT_SCORE_POINTS', 'N')")
    follower = follow(deployed.info.dsn, patch=PASSES)
    follower.read_until("started: ")
    wait_for_score(deployed, association.bob, 60)
    assert follower.stop() == (0, "")
    assert len(follower.events) == 2


def test_follow_once_calls_again_when_what_was_in_the_way_is_gone(
    deployed: Connection, association: People, follow: Callable[..., Follower]
) -> None:
    order(deployed, association.bob)
    deployed.execute("select engagement.set_parameter('CALCULATE_ENGAGEMENT_SCORE_POINTS', 'N')")
    follower = follow(deployed.info.dsn, "--once", patch=PASSES)
    follower.read_until(r"[1-9]\d* customers? scored, \d+ waiting")
    assert follower.ended() == (0, "")


def test_follow_steps_aside_for_a_run_and_says_so_once(
    deployed: Connection,
    association: People,
    second_session: Callable[..., Connection],
    follow: Callable[..., Follower],
) -> None:
    runner = second_session(deployed)
    blocker = second_session(deployed, autocommit=False)
    blocker.execute("lock table engagement.category_score in access exclusive mode")
    runner.execute("select engagement.begin_run('FULL', null)")
    runner.pgconn.send_query(b"select from engagement.category_score")
    wait_until(deployed, f"cardinality(pg_blocking_pids({runner.info.backend_pid})) > 0")
    patch = "follow_lines.LOG_INTERVAL = 0.2"
    follower = follow(deployed.info.dsn, "--every", "0.05", patch=patch)
    for _ in range(3):
        follower.read_until("longest call .*; stepping aside")
    order(deployed, association.bob)
    blocker.rollback()
    follower.read_until("following again")
    wait_for_score(deployed, association.bob, 60)
    assert follower.stop() == (0, "")
    assert [re.split("[ :]", event)[0] for event in follower.events] == [
        "started", "stepping", "following", "stopped",
    ]  # fmt: skip


def test_follow_waits_for_the_first_run(
    deployed: Connection, follow: Callable[..., Follower]
) -> None:
    follower = follow(deployed.info.dsn, "--every", "0.05")
    follower.read_until("waiting for the first run: engagement recalculate")
    deployed.execute("call engagement.recalculate('FULL')")
    follower.read_until("following again")
    assert follower.stop() == (0, "")


def test_follow_tries_again_after_a_lock_timeout_and_says_so_once(
    deployed: Connection,
    association: People,
    second_session: Callable[..., Connection],
    follow: Callable[..., Follower],
) -> None:
    dsn = make_conninfo(deployed.info.dsn, options="-c statement_timeout=100ms")
    order(deployed, association.bob)
    blocker = second_session(deployed, autocommit=False)
    blocker.execute("lock table engagement.pending_activity in access exclusive mode")
    patch = "worker.LONGEST_PAUSE = follow_lines.LOG_INTERVAL = 0.2"
    follower = follow(dsn, patch=patch)
    follower.read_until("57014.*; trying again$")
    for _ in range(3):
        follower.read_until("waiting, longest call .*57014")
    blocker.rollback()
    follower.read_until("started: ")
    follower.stop()
    assert len([event for event in follower.events if "57014" in event]) == 1


def test_follow_twice_does_no_harm(
    deployed: Connection, association: People, follow: Callable[..., Follower]
) -> None:
    followers = [follow(deployed.info.dsn, "--every", "0.05") for _ in range(2)]
    for follower in followers:
        follower.read_until("started: ")
    for number in range(1, 6):
        order(deployed, association.bob)
        wait_for_score(deployed, association.bob, 60 * number)
    for follower in followers:
        assert follower.stop() == (0, "")
        others = set(follower.events[1:-1])
        assert others <= {"another session is at the queue"}
        assert len(follower.events) <= 3
    assert deployed.execute("select count(*) from engagement.verify()").fetchone() == (0,)


def test_follow_whose_reader_is_gone_ends_as_other_programs_do(deployed: Connection) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as broken:
        run = subprocess.run(
            [PROGRAM, "follow"],
            env=clean_environment(ENGAGEMENT_DSN=deployed.info.dsn),
            stdout=broken,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
        )
    assert (run.returncode, run.stderr) == (141, b"")


class Terminal:
    """``engagement follow`` on a terminal of a given width."""

    def __init__(self, dsn: str, columns: int, **variables: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(
            [PROGRAM, "follow", "--every", "0.05"],
            env=clean_environment(ENGAGEMENT_DSN=dsn, **variables),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        self.output = ""

    def read_until(self, text: str) -> None:
        """Read until the terminal has been sent a text since the last one."""
        begin = len(self.output)
        while text not in self.output[begin:]:
            self.output += os.read(self._ours, 65536).decode()

    def stop(self) -> int:
        """Send SIGTERM, read the rest, and return the exit code."""
        self.process.terminate()
        with suppress(OSError):  # how Linux says that the other end is closed
            while chunk := os.read(self._ours, 65536):
                self.output += chunk.decode()
        os.close(self._ours)
        return self.process.wait(timeout=PATIENCE)


@pytest.mark.parametrize("columns", [80, 40, 12])
def test_follow_on_a_terminal_rewrites_one_line_that_fits(
    deployed: Connection, association: People, columns: int
) -> None:
    follower = Terminal(deployed.info.dsn, columns)
    follower.read_until("\rfollowing")
    order(deployed, association.bob)
    wait_for_score(deployed, association.bob, 60)
    if columns > 40:
        follower.read_until("1 customer, ")
    deployed.execute(f"select pg_terminate_backend(pid) {SESSIONS}".encode())
    follower.read_until("connection lost: ")
    follower.read_until("\rfollowing")
    assert follower.stop() == 0
    assert "\x1b" not in follower.output
    lines = follower.output.split("\r\n")
    kinds = []
    for line in lines[:-1]:
        *shown, event = line.split("\r")
        assert all(len(text) < columns for text in shown)
        assert re.match(r"\d\d:\d\d:\d\d ", event)
        kinds.append(event[9:].split(" ")[0].rstrip(":"))
    assert kinds == ["started", "connection", "following", "stopped"]
    assert lines[-1] == ""


def test_follow_on_a_dumb_terminal_is_a_log(deployed: Connection) -> None:
    follower = Terminal(deployed.info.dsn, 80, TERM="dumb")
    follower.read_until("started: ")
    assert follower.stop() == 0
    assert "\r" not in follower.output.replace("\r\n", "")
    assert "\x1b" not in follower.output


# once


def test_follow_once_scores_what_waits_and_ends(
    deployed: Connection, association: People, program: Callable[..., Any]
) -> None:
    order(deployed, association.bob)
    done = program("follow", "--once", ENGAGEMENT_DSN=deployed.info.dsn)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"\d+ statements?, 1 customer scored, 0 waiting\n", done.stdout)
    wait_for_score(deployed, association.bob, 60)
    again = program("follow", "--once", ENGAGEMENT_DSN=deployed.info.dsn)
    assert again.stdout == "0 statements, 0 customers scored, 0 waiting\n"


def test_follow_once_while_scoring_is_switched_off_says_so(
    deployed: Connection, program: Callable[..., Any]
) -> None:
    deployed.execute("select engagement.set_parameter('CALCULATE_ENGAGEMENT_SCORE_POINTS', 'N')")
    done = program("follow", "--once", ENGAGEMENT_DSN=deployed.info.dsn)
    assert (done.returncode, done.stdout) == (0, "scoring is switched off\n")
    assert done.stderr == ""


def test_follow_once_without_a_server_is_one_line(
    program: Callable[..., Any], tmp_path: Path
) -> None:
    done = program("follow", "--once", ENGAGEMENT_DSN=make_conninfo("", host=str(tmp_path)))
    assert (done.returncode, done.stdout) == (8, "")
    assert len(done.stderr.splitlines()) == 1
