"""Servers, databases and connections for every test.

One server a pytest process: the embedded PostgreSQL 18, or the one whose binaries are in the folder
PG_BINDIR. Databases are clones of templates, so a test gets a fresh deployment in a blink.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from pytest_postgresql.janitor import DatabaseJanitor

from engagement_runner.deploy import deploy
from engagement_runner.embedded import EmbeddedServer, wheel_bindir

Connection = psycopg.Connection[Any]
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """The server of this pytest process. Do not stop it: see ``own_server``."""
    with EmbeddedServer(os.environ.get("PG_BINDIR") or wheel_bindir()) as running:
        yield running


@pytest.fixture
def own_server() -> Iterator[EmbeddedServer]:
    """A server of the test's own, to be killed and restarted."""
    with EmbeddedServer(os.environ.get("PG_BINDIR") or wheel_bindir()) as running:
        yield running


class Databases:
    """Makes databases on a server, empty or cloned, and drops them at the end."""

    def __init__(self, server: EmbeddedServer, stack: ExitStack) -> None:
        self._server = server
        self._stack = stack

    def create(self, template: str | None = None) -> str:
        """Return the connection string of a new database."""
        janitor = DatabaseJanitor(
            user=self._server.user,
            host=str(self._server.socket_dir),
            port=5432,
            dbname=f"test_{next(_numbers)}",
            template_dbname=template,
        )
        janitor.init()
        self._stack.callback(janitor.drop)
        return self._server.dsn(janitor.dbname)

    def connect(self, dsn: str, **options: Any) -> Connection:
        """Open a session in autocommit mode; it is closed at the end."""
        session: Connection = psycopg.connect(dsn, **{"autocommit": True, **options})
        self._stack.callback(session.close)
        return session


@pytest.fixture(scope="session")
def _session_databases(server: EmbeddedServer) -> Iterator[Databases]:
    with ExitStack() as stack:
        yield Databases(server, stack)


@pytest.fixture
def databases(server: EmbeddedServer) -> Iterator[Databases]:
    """Makes databases that last as long as the test."""
    with ExitStack() as stack:
        yield Databases(server, stack)


@pytest.fixture
def database(databases: Databases) -> str:
    """Connection string of an empty database."""
    return databases.create()


@pytest.fixture(scope="session")
def template_of(_session_databases: Databases) -> Callable[[str], str]:
    """Name of a database with the package and the reference host, by key type; made once."""
    templates: dict[str, str] = {}

    def get(key_type: str) -> str:
        if key_type not in templates:
            dsn = _session_databases.create()
            with psycopg.connect(dsn, autocommit=True) as session:
                deploy(session, "reference", key_type)
            templates[key_type] = str(conninfo_to_dict(dsn)["dbname"])
        return templates[key_type]

    return get


@pytest.fixture
def deployed_as(
    databases: Databases, template_of: Callable[[str], str]
) -> Callable[[str], Connection]:
    """``deployed_as("uuid")``: autocommit session in a fresh deployment with that key type."""

    def get(key_type: str) -> Connection:
        return databases.connect(databases.create(template_of(key_type)))

    return get


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

    Fails after 30 s. The session is busy in another thread, so the question is asked beside it.
    """

    def wait(session: Connection) -> None:
        observer = databases.connect(session.info.dsn)
        observer.execute("set statement_timeout = '30s'")
        observer.execute(
            """
            create or replace procedure pg_temp.wait_until_blocked(p_pid integer)
            language plpgsql as $$
            begin
                while cardinality(pg_catalog.pg_blocking_pids(p_pid)) = 0 loop
                    perform pg_catalog.pg_stat_clear_snapshot();
                end loop;
            end
            $$
            """
        )
        observer.execute("call pg_temp.wait_until_blocked(%s)", (session.info.backend_pid,))

    return wait
