"""The embedded server: how it lives, crashes, and ends with the process that started it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest

from engagement_runner.embedded import EmbeddedServer, wheel_bindir
from engagement_runner.errors import EngagementError
from patience import PATIENCE

PARENT = """
import sys, time
from pathlib import Path
from engagement_runner.embedded import EmbeddedServer
server = EmbeddedServer(sys.argv[1]).__enter__()
print(server.base, flush=True)
sys.stdin.read()
"""


def postmaster(base: Path) -> psutil.Process:
    return psutil.Process(int((base / "data" / "postmaster.pid").read_text().split()[0]))


@pytest.mark.parametrize("major", [16, 18])
def test_wheel_bindir_of_each_version_starts_that_version(major: int) -> None:
    with (
        EmbeddedServer(wheel_bindir(major)) as server,
        psycopg.connect(server.dsn()) as session,
    ):
        assert session.info.server_version // 10000 == major
        assert session.execute("show listen_addresses").fetchone() == ("",)
        assert server.socket_dir.stat().st_mode & 0o077 == 0


def test_wheel_bindir_of_an_unknown_version_is_refused() -> None:
    with pytest.raises(EngagementError):
        wheel_bindir(9)


def test_server_as_root_runs_as_somebody_else(server: EmbeddedServer) -> None:
    assert postmaster(server.base).uids().effective != 0


def test_server_killed_and_started_again_has_what_was_committed(
    own_server: EmbeddedServer,
) -> None:
    with psycopg.connect(own_server.dsn(), autocommit=True) as session:
        session.execute("create table note as select 1 as note_id")
        own_server.kill9()
        own_server.start()
    with psycopg.connect(own_server.dsn()) as session:
        assert session.execute("select note_id from note").fetchall() == [(1,)]


def test_server_is_gone_with_its_files_at_the_end() -> None:
    with EmbeddedServer() as server:
        process = postmaster(server.base)
    assert not process.is_running()
    assert not server.base.exists()


def test_server_outlived_by_nothing_when_its_parent_is_killed(server: EmbeddedServer) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(server.bindir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout
    assert parent.stdin
    with parent.stdout, parent.stdin:
        base = Path(parent.stdout.readline().strip())
        family = [postmaster(base), *_watchdogs(base)]
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    _, alive = psutil.wait_procs(family, timeout=PATIENCE)
    assert alive == []
    assert not base.exists()


def _watchdogs(base: Path) -> list[psutil.Process]:
    found = [
        process
        for process in psutil.process_iter(["cmdline"])
        if "watchdog" in (process.info["cmdline"] or []) and str(base) in process.info["cmdline"]
    ]
    assert found
    return found


def test_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(EngagementError, match="no_such_setting"),
        EmbeddedServer(settings={"no_such_setting": "1"}),
    ):
        pytest.fail("it started")


def test_server_kept_outlives_the_context() -> None:
    with EmbeddedServer(keep=True) as server:
        pass
    process = postmaster(server.base)
    assert process.is_running()
    subprocess.run(server.stop_command, shell=True, check=True, stdout=subprocess.DEVNULL)
    psutil.wait_procs([process], timeout=PATIENCE)
    assert not server.base.exists()
