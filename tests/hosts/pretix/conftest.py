"""pretix from the package index, an organizer in it, and the adapter deployed upon it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from engagement_runner.deploy import deploy
from engagement_runner.embedded import EmbeddedServer
from hosts.support import Product, Worker

Connection = psycopg.Connection[Any]

#: The role that pretix connects as: it owns its tables and has no right on the package.
HOST_ROLE = "pretix_host"
#: Role that deploys: it may read the host's tables and put triggers on them, no more.
DEPLOYER = "pretix_deployer"

#: Needs Python 3.11 and nothing of the system: all that has to be compiled comes as a wheel.
REQUIREMENTS = ("pretix==2026.8.0",)

#: What a deployer needs who is no superuser.
RIGHTS = f"""
grant usage on schema public to {DEPLOYER};
grant select, trigger on all tables in schema public to {DEPLOYER};
"""

#: What points are given for, so that the digits of a score tell where it comes from: a tenth of the
#: price of what is ordered, ten times the price of what is invoiced, 10,000 a place at an event,
#: 1,000,000 for being a member.
RULES = """
select
    engagement.add_rule(
        'ORDERED', 'PURCHASES_DONATIONS', 'PRODUCT_PURCHASE', 'ORDER_CREATION',
        p_amount_score => 0.1),
    engagement.add_rule(
        'INVOICED', 'PURCHASES_DONATIONS', 'PRODUCT_PURCHASE', 'INVOICE_CREATION',
        p_amount_score => 10),
    engagement.add_rule(
        'EVENT', 'INVOLVEMENT', 'PRODUCT_PURCHASE', 'ORDER_CREATION',
        p_subject_class => 'EVENT', p_quantity_score => 10000),
    engagement.add_rule('MEMBER', 'INVOLVEMENT', 'MEMBERSHIP', p_flat_score => 1000000)
"""


def name_of(dsn: str) -> str:
    """Return the database's name."""
    return str(conninfo_to_dict(dsn)["dbname"])


class Program:
    """pretix at work, in one process that goes from database to database: it takes long to load."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._database = ""

    def act(self, database: str, act: str, **keywords: Any) -> Any:
        """Do one of acts.py in a database."""
        if self._database != database:
            self._worker("use", database=database)
            self._database = database
        return self._worker(act, **keywords)

    def leave(self) -> None:
        """Let go of the database, so that it can be copied or dropped."""
        self._worker("leave")


class Pretix:
    """A database of pretix: ``pretix("order", …)`` does one of acts.py in it.

    Attributes:
        session: autocommit session of the role that deploys, or will.
        keys: the ids that ``found`` returned.
    """

    def __init__(self, session: Connection, program: Program, keys: dict[str, int]) -> None:
        self.session = session
        self.keys = keys
        self._program = program

    def __call__(self, act: str, **keywords: Any) -> Any:
        return self._program.act(self.session.info.dbname, act, **keywords)

    def rows(self, statement: str) -> list[Any]:
        """Return the rows of a statement."""
        return self.session.execute(statement.encode()).fetchall()

    def value(self, statement: str, *parameters: Any) -> Any:
        """Return what a statement selects."""
        row = self.session.execute(statement.encode(), parameters).fetchone()
        return row[0] if row else None

    def set_up(self, mode: str) -> None:
        """Deploy, add the rules and score what is there."""
        deploy(self.session, "pretix")
        self.session.execute("select engagement.set_parameter('TRIGGER_MODE', %s)", (mode,))
        self.session.execute(RULES)
        self.session.execute("call engagement.recalculate('FULL')")

    def expect(self, own: dict[int, Decimal | int]) -> None:
        """Assert the points of accounts, that nothing failed, and that a recomputation agrees.

        In IMMEDIATE mode the ledger has them already when the host's transaction has committed.
        """
        assert self.rows("select * from engagement.scoring_failure") == []
        if self.value("select engagement.get_parameter('TRIGGER_MODE')") == "IMMEDIATE":
            assert self._points(own) == own
        self.session.execute("call engagement.recalculate()")
        assert self._points(own) == own
        stored = "select score from engagement.customer_score where customer_id = %s"
        assert {account: self.value(stored, account) for account in own} == own
        assert self.rows("select * from engagement.pending_activity") == []
        assert self.rows("select * from engagement.verify()") == []

    def _points(self, own: dict[int, Decimal | int]) -> dict[int, Any]:
        return {account: self.value("select engagement.score_at(%s)", account) for account in own}


@pytest.fixture(scope="session")
def product() -> Product:
    """pretix in its own environment."""
    return Product("pretix", REQUIREMENTS)


@pytest.fixture(scope="session")
def environment(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What pretix is told by its environment."""
    return {
        "PRETIX_PRETIX_DATADIR": str(tmp_path_factory.mktemp("pretix")),
        "PRETIX_DATABASE_BACKEND": "postgresql",
        "PRETIX_DATABASE_HOST": str(server.socket_dir),
        "PRETIX_DATABASE_USER": HOST_ROLE,
    }


@pytest.fixture(scope="session")
def program(product: Product, environment: dict[str, str]) -> Iterator[Program]:
    """The process of pretix."""
    worker = Worker(product, Path(__file__).with_name("acts.py"), **environment)
    yield Program(worker)
    worker.close()


@pytest.fixture(scope="session")
def founded(
    server: EmbeddedServer,
    product: Product,
    environment: dict[str, str],
    program: Program,
    _session_databases: Any,
) -> tuple[str, dict[str, int]]:
    """A database with an organizer, events and no account yet; its name and the ids."""
    dsn = _session_databases.create()
    name = name_of(dsn)
    with psycopg.connect(dsn, autocommit=True) as session:
        for role in (HOST_ROLE, DEPLOYER):
            session.execute(f"create role {role} login".encode())
        session.execute(f"alter schema public owner to {HOST_ROLE}".encode())

    def make_schema() -> str:
        migrate = ("-m", "pretix", "migrate", "-v", "0")
        return product.run("python", *migrate, **environment, PRETIX_DATABASE_NAME=name)

    product.restore_schema(server, name, make_schema)
    keys = program.act(name, "found")
    program.leave()
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute(RIGHTS.encode())
    return name, keys


@pytest.fixture(scope="session")
def open_pretix(
    founded: tuple[str, dict[str, int]], program: Program, _session_databases: Any
) -> Callable[[str], Pretix]:
    """``open_pretix(role)``: a database of its own, without the package; the role deploys."""
    name, keys = founded

    def get(role: str) -> Pretix:
        dsn = _session_databases.create(name)
        with psycopg.connect(dsn, autocommit=True) as session:
            session.execute(f"grant create on database {name_of(dsn)} to {DEPLOYER}".encode())
        return Pretix(_session_databases.connect(make_conninfo(dsn, user=role)), program, keys)

    return get


@pytest.fixture
def pretix(open_pretix: Callable[[str], Pretix]) -> Pretix:
    """A database of its own, without the package."""
    return open_pretix(DEPLOYER)


@pytest.fixture(scope="session")
def _scored() -> dict[str, Pretix]:
    """What the fixture ``scored`` keeps from test to test."""
    return {}


@pytest.fixture(params=["IMMEDIATE by postgres", f"DEFERRED by {DEPLOYER}"])
def scored(
    request: pytest.FixtureRequest,
    open_pretix: Callable[[str], Pretix],
    _scored: dict[str, Pretix],
) -> Pretix:
    """A database that is scored, in both trigger modes and by both kinds of deployer.

    Tests share it: each has accounts of its own.
    """
    if request.param not in _scored:
        mode, _, role = request.param.partition(" by ")
        _scored[request.param] = open_pretix(role)
        _scored[request.param].set_up(mode)
    return _scored[request.param]
