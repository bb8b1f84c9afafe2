"""Servers, databases and connections for every test.

One server a pytest process: the embedded PostgreSQL 18, or the one whose binaries are in the folder
PG_BINDIR. Databases are clones of templates, so a test gets a fresh deployment in a blink. The
server's files are in memory, where the machine has a file system for that with room.

What depends on no server is marked ``once``: it needs no run for each version of PostgreSQL.

With --citus every database is spread over the cluster that CITUS_DSN names; without one, no test is
run, and each says so. With --overlaid every database has the routines of a cluster on one machine.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg.conninfo import conninfo_to_dict
from pytest_postgresql.janitor import DatabaseJanitor

from cluster import SHARD_COUNT, Cluster, ClusterDatabases
from engagement_runner.demo import sample
from engagement_runner.deploy import deploy
from engagement_runner.embedded import EmbeddedServer, wheel_bindir
from fewer import spread
from overlaid import put_overlays
from patience import PATIENCE, STATEMENT_TIMEOUT

Connection = psycopg.Connection[Any]
_numbers = itertools.count(1)

#: Examples take as long as the machine needs.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def expect_signals() -> None:
    """Take signals as a program in the foreground does; so do the programs that tests start.

    A shell without job control starts ``make test &`` with SIGINT ignored, and others pass on
    signals that they ignore or block. Python itself turns SIGPIPE into an error, and resets it for
    the programs that it starts.
    """
    handlers = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    for number, handler in handlers.items():
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {*handlers, signal.SIGPIPE})


expect_signals()


def pytest_addoption(parser: pytest.Parser) -> None:
    """--citus: on a cluster; --overlaid: as on one; --hostile: unusual settings; --sets: fewer."""
    parser.addoption(
        "--citus", action="store_true", help="spread every database over the cluster of CITUS_DSN"
    )
    parser.addoption(
        "--overlaid", action="store_true", help="the routines are those that a cluster has"
    )
    parser.addoption(
        "--hostile", action="store_true", help="the tests' sessions have unusual settings"
    )
    parser.addoption(
        "--sets", type=int, metavar="N", help="of each test at most N sets of its parameters"
    )


#: Who uses none of these fixtures has nothing to do with the server that the suite runs on.
OF_THE_SERVER = {"bindir", "_databases_of", "cluster"}
#: What a screen shows is a matter of the command and of the pages.
OF_THE_SCREEN = {"terminal", "browser"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what depends on no server, and begin with what is slow, so that it does not come last.

    Say of each test that there is no cluster to run it on. Leave out sets that --sets has no room
    for.
    """
    if config.getoption("--sets"):
        is_again = config.getoption("--hostile") or "PG_BINDIR" in os.environ
        items[:] = spread(items, config.getoption("--sets"), is_again)
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        if OF_THE_SERVER.isdisjoint(used) or not OF_THE_SCREEN.isdisjoint(used):
            item.add_marker(pytest.mark.once)
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if config.getoption("--citus") and not os.environ.get("CITUS_DSN"):
        for item in items:
            item.add_marker(pytest.mark.skip(reason="not run: CITUS_DSN names no Citus cluster"))


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster that CITUS_DSN names."""
    dsn = os.environ.get("CITUS_DSN")
    if not dsn:
        pytest.skip("not run: CITUS_DSN names no Citus cluster")
    return Cluster(dsn)


@pytest.fixture(scope="session")
def is_on_citus(pytestconfig: pytest.Config) -> bool:
    """Whether databases are spread over a cluster."""
    return bool(pytestconfig.getoption("--citus"))


@pytest.fixture(scope="session")
def bindir() -> Path:
    """Folder of the binaries of the PostgreSQL that the suite runs on."""
    return Path(os.environ.get("PG_BINDIR") or wheel_bindir())


@pytest.fixture(scope="session")
def memory() -> Path | None:
    """A file system in memory with room for the servers of a few processes, if there is one."""
    folder = Path("/dev/shm")
    try:
        is_executable = not os.statvfs(folder).f_flag & os.ST_NOEXEC
        has_room = shutil.disk_usage(folder).free > 4 << 30
    except OSError:
        return None
    return folder if is_executable and has_room and os.access(folder, os.W_OK) else None


#: Little of the log is kept, for it may be in memory. To compile takes longer than tests' few rows.
SETTINGS = {"max_wal_size": "256MB", "min_wal_size": "32MB", "jit": "off"}


@pytest.fixture(scope="session")
def server(bindir: Path, memory: Path | None) -> Iterator[EmbeddedServer]:
    """The server of this pytest process. Do not stop it: see ``own_server``."""
    with EmbeddedServer(bindir, SETTINGS, parent=memory) as running:
        yield running


@pytest.fixture
def own_server(bindir: Path, memory: Path | None) -> Iterator[EmbeddedServer]:
    """A server of the test's own, to be killed and restarted."""
    with EmbeddedServer(bindir, SETTINGS, parent=memory) as running:
        yield running


#: Triggers award, too: the mode in which they do most. What only queues, tests set themselves.
AWARD_AT_ONCE = "select engagement.set_parameter('TRIGGER_MODE', 'IMMEDIATE')"

#: What a caller's session may have set; nothing that the package answers depends on it. A text of
#: an instant in these settings reads as another one, or as none.
HOSTILE = {
    "datestyle": "SQL,DMY",
    "intervalstyle": "sql_standard",
    "timezone": "Asia/Shanghai",
    "extra_float_digits": "-15",
    "bytea_output": "escape",
    "lc_monetary": "C",
    "standard_conforming_strings": "off",
    "escape_string_warning": "off",
    "search_path": "pg_temp,public",
    "row_security": "off",
    "default_transaction_isolation": r"repeatable\ read",
}


class HostileConnection(psycopg.Connection[Any]):
    """A session under HOSTILE settings; results come in binary, which no setting changes."""

    def cursor(self, *arguments: Any, **options: Any) -> Any:
        """A cursor that asks for binary results."""
        return super().cursor(*arguments, **{"binary": True, **options})

    def execute(self, query: Any, parameters: Any = None, **options: Any) -> Any:
        """Execute with binary results."""
        return super().execute(query, parameters, **{"binary": True, **options})


class Databases:
    """Makes databases on a server, empty or cloned, and drops them at the end."""

    def __init__(self, server: EmbeddedServer, stack: ExitStack, is_hostile: bool = False) -> None:
        self._server = server
        self._stack = stack
        self._is_hostile = is_hostile

    def create(self, template: str | None = None) -> str:
        """Return the connection string of a new database."""
        janitor = DatabaseJanitor(
            user=self._server.user,
            host=str(self._server.socket_dir),
            port=5432,
            dbname=f"test_{next(_numbers)}",
            template_dbname=template,
            connection_timeout=PATIENCE,
        )
        self._stack.callback(janitor.drop)
        # Whoever still looks at the template, such as autovacuum, has been sent away, and may come
        # back before the copy begins.
        limit = time.monotonic() + PATIENCE
        while True:
            try:
                janitor.init()
            except psycopg.errors.ObjectInUse:
                if time.monotonic() > limit:
                    raise
            else:
                return self._server.dsn(janitor.dbname)

    def connect(self, dsn: str, **options: Any) -> Connection:
        """Open a session in autocommit mode; it is closed at the end."""
        kind: type[Connection] = psycopg.Connection
        if self._is_hostile:
            kind = HostileConnection
            settings = " ".join(f"-c {name}={value}" for name, value in HOSTILE.items())
            options = {"options": settings, **options}
        session: Connection = kind.connect(dsn, **{"autocommit": True, **options})
        self._stack.callback(session.close)
        return session


@pytest.fixture(scope="session")
def _databases_of(
    request: pytest.FixtureRequest, is_on_citus: bool, pytestconfig: pytest.Config
) -> Callable[[ExitStack], Databases | ClusterDatabases]:
    if is_on_citus:
        cluster = request.getfixturevalue("cluster")
        return lambda stack: ClusterDatabases(cluster, stack)
    server = request.getfixturevalue("server")
    is_hostile = bool(pytestconfig.getoption("--hostile"))
    return lambda stack: Databases(server, stack, is_hostile)


@pytest.fixture(scope="session")
def _session_databases(
    _databases_of: Callable[[ExitStack], Databases | ClusterDatabases],
) -> Iterator[Databases | ClusterDatabases]:
    with ExitStack() as stack:
        yield _databases_of(stack)


@pytest.fixture
def databases(
    _databases_of: Callable[[ExitStack], Databases | ClusterDatabases],
) -> Iterator[Databases | ClusterDatabases]:
    """Makes databases that last as long as the test."""
    with ExitStack() as stack:
        yield _databases_of(stack)


@pytest.fixture
def database(databases: Databases) -> str:
    """Connection string of an empty database."""
    return databases.create()


@pytest.fixture(scope="session")
def template_of(
    _session_databases: Databases | ClusterDatabases,
    is_on_citus: bool,
    overlaid_template_of: Callable[[str], str],
    pytestconfig: pytest.Config,
) -> Callable[[str], str]:
    """Name of a database with the package and the reference host, by key type; made once."""
    templates: dict[str, str] = {}
    if pytestconfig.getoption("--overlaid"):
        return overlaid_template_of

    def get(key_type: str) -> str:
        if key_type not in templates:
            dsn = _session_databases.create()
            with psycopg.connect(dsn, autocommit=True) as session:
                if not is_on_citus:
                    deploy(session, "reference", key_type)
                else:
                    deploy(session, "reference", key_type, distribute=True, shards=SHARD_COUNT)
                session.execute(AWARD_AT_ONCE)
            templates[key_type] = str(conninfo_to_dict(dsn)["dbname"])
        return templates[key_type]

    return get


@pytest.fixture(scope="session")
def overlaid_template_of(
    _session_databases: Databases | ClusterDatabases,
) -> Callable[[str], str]:
    """As template_of; the routines are those of a cluster, on one machine."""
    templates: dict[str, str] = {}

    def get(key_type: str) -> str:
        if key_type not in templates:
            dsn = _session_databases.create()
            with psycopg.connect(dsn, autocommit=True) as session:
                deploy(session, "reference", key_type)
                put_overlays(session)
                session.execute(AWARD_AT_ONCE)
            templates[key_type] = str(conninfo_to_dict(dsn)["dbname"])
        return templates[key_type]

    return get


@pytest.fixture(scope="session")
def sample_template(_session_databases: Databases) -> str:
    """Name of a database with the sample association of the demonstration, scored."""
    dsn = _session_databases.create()
    with psycopg.connect(dsn, autocommit=True) as session:
        deploy(session, "reference")
        sample.load(session)
        session.execute("call engagement.recalculate('FULL')")
    return str(conninfo_to_dict(dsn)["dbname"])


@pytest.fixture
def deployed_as(
    databases: Databases, template_of: Callable[[str], str]
) -> Callable[[str], Connection]:
    """``deployed_as("uuid")``: autocommit session in a fresh deployment with that key type."""

    def get(key_type: str) -> Connection:
        return databases.connect(databases.create(template_of(key_type)))

    return get


@pytest.fixture
def overlaid_as(
    databases: Databases, overlaid_template_of: Callable[[str], str]
) -> Callable[[str], Connection]:
    """As deployed_as; the routines are those of a cluster, on one machine."""

    def get(key_type: str) -> Connection:
        return databases.connect(databases.create(overlaid_template_of(key_type)))

    return get


@pytest.fixture
def overlaid(overlaid_as: Callable[[str], Connection]) -> Connection:
    """As deployed; the routines are those of a cluster, on one machine."""
    return overlaid_as("bigint")


@pytest.fixture
def deployed(deployed_as: Callable[[str], Connection]) -> Connection:
    """Autocommit session in a fresh deployment with the reference host and bigint keys."""
    return deployed_as("bigint")


@pytest.fixture
def second_session(databases: Databases) -> Callable[..., Connection]:
    """``second_session(first)``: another session in the database of ``first``.

    Keywords go to ``psycopg.connect``: ``user="…"``, ``autocommit=False``, …
    """

    def get(first: Connection, **options: Any) -> Connection:
        return databases.connect(first.info.dsn, **options)

    return get


@pytest.fixture
def wait_until_blocked(databases: Databases) -> Callable[[Connection], None]:
    """``wait_until_blocked(session)``: return when the session waits for a lock.

    The session is busy in another thread, so the question is asked beside it.
    """

    def wait(session: Connection) -> None:
        observer = databases.connect(session.info.dsn)
        observer.execute(STATEMENT_TIMEOUT)
        observer.execute(
            """
            create or replace procedure pg_temp.wait_until_blocked(p_pid integer)
            language plpgsql as $$
            begin
                while cardinality(pg_catalog.pg_blocking_pids(p_pid)) = 0 loop
                    perform pg_catalog.pg_stat_clear_snapshot();
                    perform pg_catalog.pg_sleep(0.01);
                end loop;
            end
            $$
            """
        )
        observer.execute("call pg_temp.wait_until_blocked(%s)", (session.info.backend_pid,))

    return wait
