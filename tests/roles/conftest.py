"""A deployment with the package's roles, and people who log in with them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from psycopg import sql

from engagement_runner.deploy import deploy
from scoring.fixtures import furnish
from scoring.host import NOW, Host, Line

Session = psycopg.Connection[Any]

#: Who logs in as a member of which role of the package; besides, who owns the host's tables, who
#: writes them, and a stranger.
MEMBERS = {
    "reader": "engagement_reader",
    "staff": "engagement_staff",
    "operator": "engagement_operator",
    "admin": "engagement_admin",
}
LOGINS = [*MEMBERS, "host", "clerk", "nobody"]


@dataclass
class Association:
    """A deployment with a company, its employee, and awards of each source; everybody scored.

    Attributes:
        host: the session of whoever deployed.
        keys: acme, ann, idle, who does nothing, and a double, who is merged into idle.
        logins: name of the login role by what it logs in as.
    """

    host: Host
    keys: dict[str, Any]
    logins: dict[str, str] = field(default_factory=dict)

    def log_in(self, who: str) -> Session:
        """Open a session in autocommit mode as one of LOGINS."""
        return psycopg.connect(self.host.session.info.dsn, user=self.logins[who], autocommit=True)


def run(session: Session, statement: str, *names: str) -> None:
    """Execute a statement with identifiers in it."""
    session.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))


@pytest.fixture(scope="module")
def association(
    _session_databases: Any, template_of: Callable[[str], str], is_on_citus: bool
) -> Iterator[Association]:
    """One for all tests of a file: they take back what they do, or do not mind."""
    session = _session_databases.connect(_session_databases.create(template_of("bigint")))
    deploy(session, roles=True)
    host = furnish(session)
    host.rule(quantity_score=2)
    host.seat_rule()
    keys = {
        "acme": host.customer("COMPANY"),
        **{name: host.customer() for name in ("ann", "idle", "double")},
    }
    host.job(keys["ann"], keys["acme"])
    host.order(keys["ann"], Line(quantity=5))
    host.seat(keys["ann"], "2025-01-01")
    host.social(keys["ann"], 3)
    host.merge(keys["double"], keys["idle"])
    host.band("GOOD", from_score=1)
    host.proven(as_of=NOW)
    made = Association(host, keys)
    if is_on_citus:
        session.execute("set citus.enable_ddl_propagation = on")  # who logs in, logs in everywhere
    for who in LOGINS:
        name = made.logins[who] = f"{who} of {session.info.dbname}"
        run(session, "create role {} login", name)
        if who in MEMBERS:
            run(session, "grant {} to {}", MEMBERS[who], name)
    owner, clerk = made.logins["host"], made.logins["clerk"]
    run(session, "grant create on database {} to {}", session.info.dbname, owner)
    run(session, "alter schema crm owner to {}", owner)
    for kind, name in host.rows(
        "select case relkind when 'S' then 'sequence' else 'table' end, relname from pg_class"
        " where relnamespace = 'crm'::regnamespace and relkind in ('r', 'S')"
    ):
        run(session, f"alter {kind} crm.{{}} owner to {{}}", name, owner)
    run(session, "grant usage on schema crm to {}", clerk)
    run(session, "grant usage on sequence crm.key_number to {}", clerk)
    run(
        session,
        "grant select, insert, update, delete, truncate on all tables in schema crm to {}",
        clerk,
    )
    yield made
    # A session that has ended may still be at dropping its temporary tables.
    while host.one(
        "select count(*) from pg_stat_activity where usename = any (%s)",
        list(made.logins.values()),
    ):
        time.sleep(0.01)
    for name in made.logins.values():
        run(session, "reassign owned by {} to postgres", name)
        run(session, "drop owned by {}", name)
        run(session, "drop role {}", name)
    session.close()


@pytest.fixture
def log_in(association: Association) -> Iterator[Callable[[str], Session]]:
    """``log_in("staff")``: an autocommit session of somebody; it is closed at the end."""
    opened: list[Session] = []

    def get(who: str) -> Session:
        opened.append(association.log_in(who))
        return opened[-1]

    yield get
    for session in opened:
        session.close()
