"""The weekly job and the follower as text, and pg_cron running both for real where it is there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from engagement_runner.deploy import deploy
from engagement_runner.embedded import EmbeddedServer
from patience import STATEMENT_TIMEOUT

from .conftest import found, order, wait_for_score, wait_until

Connection = psycopg.Connection[Any]

ZONES = (
    "UTC",
    "Europe/Berlin",  # an hour of summer time
    "America/New_York",
    "America/St_Johns",  # half an hour off
    "Australia/Lord_Howe",  # half an hour of summer time
    "Asia/Kolkata",  # Saturday 05:30 is midnight in UTC
    "Africa/Casablanca",  # its time changes with the moon
    "Pacific/Auckland",  # Saturday 05:30 is Friday in UTC
    "Pacific/Kiritimati",
)

WINDOW = "between '6 05:30' and '6 05:59'"

#: Servers of the machine that have pg_cron.
PG_CRON = sorted(Path("/usr/lib/postgresql").glob("*/lib/pg_cron.so"))


def printed(
    connection: Connection, engagement: Callable[..., Any], scheduler: str, **options: Any
) -> str:
    result = engagement(connection, "schedule", "--print", scheduler, **options)
    assert (result.exit_code, result.stderr) == (0, "")
    text: str = result.stdout
    return text


def settings(text: str) -> list[str]:
    """The lines that are no comments."""
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("zone", ZONES)
def test_schedule_pg_cron_runs_at_saturday_0530_there_and_at_no_other_time(
    deployed: Connection, engagement: Callable[..., Any], zone: str
) -> None:
    deployed.execute("select engagement.set_parameter('TIME_ZONE', %s)", (zone,))
    text = printed(deployed, engagement, "pg_cron")
    plan = re.search(r"'([\d,]+) ([\d,]+) \* \* ([\d,]+)'", text)
    condition = re.search(r"\n    if (.*?) then\n", text, re.DOTALL)
    assert plan
    assert condition
    assert "now()" in condition[1]
    # A year of pg_cron's clock: the instants that the plan names and the job's condition admits.
    runs = f"""
        select t.at
        from generate_series(
            date_trunc('hour', now()), now() + interval '365 days', '15 min') t (at)
        where extract(minute from t.at at time zone 'GMT') in ({plan[1]})
              and extract(hour from t.at at time zone 'GMT') in ({plan[2]})
              and extract(dow from t.at at time zone 'GMT') in ({plan[3]})
              and {condition[1].replace("now()", "t.at")}
        order by t.at"""
    wanted = """
        select (d.day_on + time '05:30') at time zone %(zone)s as at
        from (select current_date + n from generate_series(-2, 367) n) d (day_on)
        where extract(isodow from d.day_on) = 6
              and (d.day_on + time '05:30') at time zone %(zone)s
                  between date_trunc('hour', now()) and now() + interval '365 days'
        order by 1"""
    expected = deployed.execute(wanted, {"zone": zone}).fetchall()
    assert len(expected) in (52, 53)
    assert deployed.execute(runs.encode()).fetchall() == expected
    # A start that is late by less than half an hour is not lost.
    late = "select %(at)s::timestamptz + interval '29 min' as at"
    condition_then = condition[1].replace("now()", f"({late})").replace("%(at)s", "%s")
    row = deployed.execute(f"select {condition_then}".encode(), (expected[7][0],)).fetchone()
    assert row == (True,)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
@pytest.mark.parametrize("scheduler", ["systemd", "cron", "pg_cron"])
def test_schedule_is_in_the_organisations_zone_and_says_where_it_belongs(
    deployed: Connection, engagement: Callable[..., Any], scheduler: str, zone: str
) -> None:
    deployed.execute("select engagement.set_parameter('TIME_ZONE', %s)", (zone,))
    text = printed(deployed, engagement, scheduler)
    assert f"Saturday 05:30 in {zone}" in text.splitlines()[0]
    assert "Where: " in text.splitlines()[1]


def test_schedule_systemd_is_a_service_a_timer_and_the_follower(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    deployed.execute("select engagement.set_parameter('TIME_ZONE', 'America/New_York')")
    text = printed(deployed, engagement, "systemd")
    lines = settings(text)
    assert "OnCalendar=Sat *-*-* 05:30:00 America/New_York" in lines
    assert "Persistent=true" in lines
    assert "Environment=PGSERVICE=engagement" in lines
    weekly, follower = [line for line in lines if line.startswith("ExecStart=")]
    assert re.fullmatch(r"ExecStart=/\S+/engagement recalculate", weekly)
    assert re.fullmatch(r"ExecStart=/\S+/engagement follow", follower)
    assert [line for line in lines if line.startswith("[")] == [
        "[Unit]", "[Service]", "[Unit]", "[Timer]", "[Install]", "[Unit]", "[Service]", "[Install]",
    ]  # fmt: skip


def test_schedule_systemd_keeps_the_follower_running(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    text = printed(deployed, engagement, "systemd")
    unit = settings(text.partition("# ---- /etc/systemd/system/engagement-follow.service\n")[2])
    assert {"Type=simple", "Restart=always", "RestartSec=30"} <= set(unit)
    assert "Environment=PGSERVICE=engagement" in unit
    assert unit[-1] == "WantedBy=multi-user.target"
    assert "enable --now engagement-recalculate.timer engagement-follow.service" in text


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
@pytest.mark.parametrize("zone", ZONES)
def test_schedule_systemd_accepts_the_calendar(
    deployed: Connection, engagement: Callable[..., Any], zone: str
) -> None:
    deployed.execute("select engagement.set_parameter('TIME_ZONE', %s)", (zone,))
    text = printed(deployed, engagement, "systemd")
    (line,) = [line for line in settings(text) if line.startswith("OnCalendar=")]
    command = ["systemd-analyze", "calendar", line.removeprefix("OnCalendar=")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"Sat *-*-* 05:30:00 {zone}" in done.stdout


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_schedule_systemd_accepts_the_units(
    deployed: Connection, engagement: Callable[..., Any], tmp_path: Path
) -> None:
    text = printed(deployed, engagement, "systemd")
    parts = re.split(r"^# ---- /etc/systemd/system/(\S+)\n", text, flags=re.MULTILINE)
    files = []
    for name, content in zip(parts[1::2], parts[2::2], strict=True):
        file = tmp_path / name
        file.write_text(content)
        files.append(file)
    assert [file.name for file in files] == [
        "engagement-recalculate.service",
        "engagement-recalculate.timer",
        "engagement-follow.service",
    ]
    done = subprocess.run(["systemd-analyze", "verify", *files], capture_output=True, text=True)
    assert "engagement-" not in done.stdout + done.stderr


def test_schedule_cron_names_zone_and_service_before_its_jobs(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    deployed.execute("select engagement.set_parameter('TIME_ZONE', 'America/New_York')")
    text = printed(deployed, engagement, "cron")
    *variables, job, follower = settings(text)
    assert "CRON_TZ=America/New_York" in variables
    assert "PGSERVICE=engagement" in variables
    assert re.fullmatch(r"30 5 \* \* 6 postgres /\S+/engagement recalculate", job)
    assert re.fullmatch(
        r"\* \* \* \* \* postgres /\S+/engagement follow --once >/dev/null", follower
    )
    assert "Debian" in text


@pytest.mark.parametrize(
    ("path", "systemd", "cron"),
    [
        ("/opt/a b/100%/engagement", '"/opt/a b/100%%/engagement"', "'/opt/a b/100\\%/engagement'"),
        ('/opt/"x"\\y/engagement', '"/opt/\\"x\\"\\\\y/engagement"', "'/opt/\"x\"\\y/engagement'"),
    ],
)
def test_schedule_quotes_an_awkward_path_of_the_command(
    deployed: Connection,
    engagement: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    systemd: str,
    cron: str,
) -> None:
    monkeypatch.setattr("engagement_runner.commands.schedule._program", lambda: Path(path))
    assert f"ExecStart={systemd} recalculate\n" in printed(deployed, engagement, "systemd")
    assert f"ExecStart={systemd} follow\n" in printed(deployed, engagement, "systemd")
    assert f"postgres {cron} recalculate\n" in printed(deployed, engagement, "cron")
    assert f"postgres {cron} follow --once " in printed(deployed, engagement, "cron")


@pytest.mark.parametrize("scheduler", ["systemd", "cron", "pg_cron"])
def test_schedule_prints_where_the_database_is_and_never_a_password(
    deployed: Connection, engagement: Callable[..., Any], scheduler: str
) -> None:
    info = deployed.info
    dsn = make_conninfo(info.dsn, password="s3cret-xyzzy", options="-c geqo=off")
    result = engagement(deployed, "schedule", "--print", scheduler, "--dsn", dsn)
    assert result.exit_code == 0, result.stderr
    assert "xyzzy" not in result.stdout + result.stderr
    assert info.dbname in result.stdout
    if scheduler != "pg_cron":
        assert f"#   host={info.host}\n" in result.stdout
        assert f"#   user={info.user}\n" in result.stdout


def test_schedule_database_name_cannot_end_a_comment(
    databases: Any, engagement: Callable[..., Any], server: EmbeddedServer
) -> None:
    admin = databases.connect(server.dsn())
    name = "odd\nselect 'x'"
    admin.execute(psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(name)))
    try:
        with psycopg.connect(server.dsn(name), autocommit=True) as session:
            deploy(session, "reference")
            text = printed(session, engagement, "pg_cron")
            systemd = printed(session, engagement, "systemd")
    finally:
        admin.execute(
            psycopg.sql.SQL("drop database {} with (force)").format(psycopg.sql.Identifier(name))
        )
    assert not re.search(r"^select 'x'", text, re.MULTILINE)
    assert not re.search(r"^select 'x'", systemd, re.MULTILINE)


def test_schedule_without_a_scheduler_is_a_usage_error(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    assert engagement(deployed, "schedule").exit_code == 2
    assert engagement(deployed, "schedule", "--print", "at").exit_code == 2


# pg_cron for real


def wait_for_jobs(session: Connection, count: int) -> list[tuple[Any, ...]]:
    """Return what *count* jobs ended with, when they have."""
    session.execute(STATEMENT_TIMEOUT)
    session.execute(
        f"""
        do $$ begin
            while (select count(*) from cron.job_run_details
                   where status in ('succeeded', 'failed')) < {count}
            loop
                perform pg_catalog.pg_stat_clear_snapshot();
                perform pg_catalog.pg_sleep(0.01);
            end loop;
        end $$
        """.encode()
    )
    return session.execute(
        "select status, return_message from cron.job_run_details order by runid"
    ).fetchall()


def runs(session: Connection) -> list[tuple[Any, ...]]:
    return session.execute(
        "select run_mode, run_status from engagement.recalculation_run"
    ).fetchall()


@pytest.mark.skipif(not PG_CRON, reason="pg_cron is not installed (postgresql-15-cron)")
@pytest.mark.parametrize("workers", ["on", "off"])
def test_schedule_pg_cron_runs_what_is_printed(
    engagement: Callable[..., Any], workers: str
) -> None:
    """Background workers, and connections over the socket: pg_cron's two ways to run a job.

    ``@reboot`` lets the jobs run when the server starts, whatever day it is.
    """
    server = EmbeddedServer(
        PG_CRON[-1].parents[1] / "bin",
        settings={
            "shared_preload_libraries": "pg_cron",
            "cron.database_name": "postgres",
            "cron.use_background_workers": workers,
        },
    )
    with server:
        with psycopg.connect(server.dsn(), autocommit=True) as session:
            session.execute("create extension pg_cron")
            session.execute("create database elsewhere")
            for name in ("postgres", "elsewhere"):
                with psycopg.connect(server.dsn(name), autocommit=True) as there:
                    deploy(there, "reference")
                    text = printed(there, engagement, "pg_cron")
                for _ in range(2):  # the second time it takes the first one's place
                    session.execute(text.encode())
                planned = session.execute(
                    "delete from cron.job where schedule <> '@reboot'"
                    " returning jobname, schedule, database, command"
                ).fetchall()
                assert sorted(row[:3] for row in planned) == [
                    (f"engagement-catch-up-{name}", "* * * * *", name),
                    ("engagement-clean-up", "17 3 * * *", "postgres"),
                    (f"engagement-recalculate-{name}", "30 5 * * 6", name),
                ]
                (command,) = [row[3] for row in planned if "recalculate" in row[0]]
                assert command.count(WINDOW) == 1
                for what, statement in (
                    ("printed", command),
                    ("due", command.replace(WINDOW, "is not null")),
                ):
                    session.execute(
                        "select cron.schedule_in_database(%s, '@reboot', %s, %s)",
                        (f"{what} {name}", statement, name),
                    )
            session.execute("update cron.job set nodename = %s", (str(server.socket_dir),))
        server.restart()
        with psycopg.connect(server.dsn(), autocommit=True) as session:
            assert wait_for_jobs(session, 4) == [("succeeded", "DO")] * 4
        for name in ("postgres", "elsewhere"):
            with psycopg.connect(server.dsn(name), autocommit=True) as session:
                assert ("FULL", "COMPLETED") in runs(session)


@pytest.mark.skipif(not PG_CRON, reason="pg_cron is not installed (postgresql-15-cron)")
def test_schedule_pg_cron_follows_what_is_written(engagement: Callable[..., Any]) -> None:
    """The printed job, by pg_cron's own clock: it begins with the next minute."""
    server = EmbeddedServer(
        PG_CRON[-1].parents[1] / "bin",
        settings={"shared_preload_libraries": "pg_cron", "cron.database_name": "postgres"},
    )
    with server, psycopg.connect(server.dsn(), autocommit=True) as session:
        session.execute("create extension pg_cron")
        deploy(session, "reference")
        people = found(session)
        before = runs(session)
        session.execute(printed(session, engagement, "pg_cron").encode())
        session.execute("update cron.job set nodename = %s", (str(server.socket_dir),))
        for number in range(1, 4):
            order(session, people.bob)
            wait_for_score(session, people.bob, 60 * number)
        wait_until(
            session,
            "exists (select from pg_stat_activity where application_name = 'engagement follow')",
        )
        content = json.loads(engagement(session, "status", "--format", "json").stdout)
        assert content["followers"] == 1
        # Three orders, one row in pg_cron's own record; the job goes on until its minute ends.
        wait_until(session, "exists (select from cron.job_run_details where status = 'succeeded')")
        assert runs(session) == before
        assert session.execute(
            "select return_message from cron.job_run_details where status <> 'running'"
            " and status <> 'starting'"
        ).fetchall() == [("DO",)]


@pytest.mark.skipif(not PG_CRON, reason="pg_cron is not installed (postgresql-15-cron)")
def test_schedule_pg_cron_removes_old_rows_of_its_own_job_alone(
    engagement: Callable[..., Any],
) -> None:
    server = EmbeddedServer(
        PG_CRON[-1].parents[1] / "bin",
        settings={"shared_preload_libraries": "pg_cron", "cron.database_name": "postgres"},
    )
    with server, psycopg.connect(server.dsn(), autocommit=True) as session:
        session.execute("create extension pg_cron")
        deploy(session, "reference")
        session.execute(printed(session, engagement, "pg_cron").encode())
        session.execute("select cron.schedule('theirs', '@reboot', 'select 1')")
        session.execute("update cron.job set active = false")
        session.execute(
            "insert into cron.job_run_details (jobid, runid, status, start_time, end_time)"
            " select j.jobid, row_number() over (), 'succeeded', now() - d.age, now() - d.age"
            " from cron.job j, (values (interval '1 hour'), ('25 hours')) d (age)"
        )
        commands = session.execute(
            "select command from cron.job where jobname = 'engagement-clean-up'"
        ).fetchall()
        for (command,) in commands:
            assert session.execute(command.encode()).rowcount == 1
        assert session.execute(
            "select jobname from cron.job_run_details join cron.job using (jobid)"
            " where end_time < now() - interval '1 day' order by 1"
        ).fetchall() == [
            ("engagement-clean-up",), ("engagement-recalculate-postgres",), ("theirs",),
        ]  # fmt: skip
