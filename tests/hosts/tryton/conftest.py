"""Tryton 8 from the package index, an organisation in it, and the adapter deployed upon it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from engagement_runner.deploy import deploy
from engagement_runner.embedded import EmbeddedServer
from hosts.support import Product, Worker

Connection = psycopg.Connection[Any]

#: The role that Tryton connects as: it owns its tables and has no right on the package.
HOST_ROLE = "tryton_host"
DEPLOYER = "tryton_deployer"

MODULES = ("party", "party_relationship", "product", "company", "account_invoice", "sale")
REQUIREMENTS = (
    "psycopg[binary]>=3.2",
    "trytond[postgresql]>=8.0,<8.1",
    "proteus[trytond]>=8.0,<8.1",
    *(f"trytond-{name.replace('_', '-')}>=8.0,<8.1" for name in (*MODULES, "sale_subscription")),
)

#: What a deployer needs who is no superuser.
RIGHTS = """
grant create on database {database} to {role};
grant usage on schema public to {role};
grant select, trigger on all tables in schema public to {role};
"""

#: What points are given for, so that the digits of a score tell where it comes from: a tenth of the
#: price of what is ordered, the whole price of what is invoiced, 10,000 a place ordered at an
#: event, 1,000,000 for a seat on a committee.
RULES = """
select
    engagement.add_rule(
        'ORDERED', 'PURCHASES_DONATIONS', 'PRODUCT_PURCHASE', 'ORDER_CREATION',
        p_amount_score => 0.1),
    engagement.add_rule(
        'INVOICED', 'PURCHASES_DONATIONS', 'PRODUCT_PURCHASE', 'INVOICE_CREATION',
        p_amount_score => 1),
    engagement.add_rule(
        'EVENT', 'INVOLVEMENT', 'PRODUCT_PURCHASE', 'ORDER_CREATION',
        p_subject_class => %(event)s, p_quantity_score => 10000),
    engagement.add_rule(
        'COMMITTEE', 'INVOLVEMENT', 'COMMITTEE_PARTICIPATION',
        p_subject_class => %(committee)s, p_flat_score => 1000000)
"""

YEAR = dt.date.today().year - 1


def day(month: int, number: int) -> str:
    """Return a day of last year."""
    return dt.date(YEAR, month, number).isoformat()


class Tryton:
    """An organisation's Tryton: ``tryton("sell", …)`` does one of acts.py."""

    def __init__(self, session: Connection, open_worker: Callable[[], Worker]) -> None:
        self.session = session
        self.open_worker = open_worker
        self.act = open_worker()

    def __call__(self, act: str, **keywords: Any) -> Any:
        return self.act(act, **keywords)

    def value(self, statement: str, *parameters: Any) -> Any:
        """Return what a statement selects."""
        row = self.session.execute(statement.encode(), parameters).fetchone()
        return row[0] if row else None

    def rows(self, statement: str) -> list[Any]:
        """Return the rows of a statement."""
        return self.session.execute(statement.encode()).fetchall()

    def make_rules(self) -> None:
        """Give points for what the organisation does."""
        classes = {"event": self("class_of", name="Event")}
        classes["committee"] = self("party_category", name="Committee")
        self.session.execute(RULES, {key: str(value) for key, value in classes.items()})
        self.session.execute("call engagement.recalculate('FULL')")

    def awards(self) -> list[Any]:
        """Return the whole ledger."""
        return self.rows("select * from engagement.award order by source, source_id, recorded_at")

    def expect(self, own: dict[int, int], of_employees: dict[int, int] | None = None) -> None:
        """Assert each party's points, that nothing failed, and that INCREMENTAL is FULL.

        In IMMEDIATE mode the ledger has them already when the host's transaction has committed.
        """
        assert self.rows("select * from engagement.verify()") == []
        if self.value("select engagement.get_parameter('TRIGGER_MODE')") == "IMMEDIATE":
            assert self._points(own) == own
        self.session.execute("call engagement.recalculate()")
        assert self._points(own) == own
        stored = "select own_score from engagement.customer_score where customer_id = %s"
        assert {party: self.value(stored, party) for party in own} == own
        stored = "select employee_score from engagement.customer_score where customer_id = %s"
        for party, points in (of_employees or {}).items():
            assert (party, self.value(stored, party)) == (party, points)
        others = self.rows("select customer_id, own_score from engagement.customer_score")
        assert {party: points for party, points in others if points and party not in own} == {}
        assert self.rows("select * from engagement.pending_activity") == []
        assert self.rows("select * from engagement.verify()") == []
        before = self.awards()
        self.session.execute("call engagement.recalculate('FULL')")
        assert self.awards() == before
        assert self.rows("select * from engagement.scoring_failure") == []

    def _points(self, own: dict[int, int]) -> dict[int, Any]:
        return {party: self.value("select engagement.score_at(%s)", party) for party in own}


@pytest.fixture(scope="session")
def product() -> Product:
    """Tryton in its own environment."""
    return Product("tryton", REQUIREMENTS)


@pytest.fixture(scope="session")
def open_worker(
    server: EmbeddedServer, product: Product, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Worker]:
    """``open_worker(dbname)``: a process of Tryton in that database, as the host's own role."""
    config = _config(tmp_path_factory.mktemp("tryton"))

    def get(dbname: str) -> Worker:
        acts = Path(__file__).with_name("acts.py")
        socket = str(server.socket_dir)
        return Worker(product, acts, dbname, PGHOST=socket, TRYTOND_CONFIG=str(config))

    return get


def _config(folder: Path) -> Path:
    config = folder / "trytond.conf"
    config.write_text(f"[database]\nuri = postgresql://{HOST_ROLE}@/\n")
    return config


@pytest.fixture(scope="session")
def furnished(
    server: EmbeddedServer,
    product: Product,
    open_worker: Callable[[str], Worker],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """Name of a database with Tryton's schema and an organisation, to be cloned."""
    name = "tryton_furnished"
    folder = tmp_path_factory.mktemp("tryton")
    password = folder / "password"
    password.write_text("not-secret-1")
    with psycopg.connect(server.dsn(), autocommit=True) as session:
        for role in (HOST_ROLE, DEPLOYER):
            session.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
        session.execute(f"create database {name} owner {HOST_ROLE}")

    def make_schema() -> str:
        return product.run(
            "trytond-admin",
            *("-c", _config(folder), "-d", name, "--email", "admin@example.org"),
            *("--activate-dependencies", "-u", *MODULES, "sale_subscription"),
            PGHOST=str(server.socket_dir),
            TRYTONPASSFILE=str(password),
        )

    product.restore_schema(server, name, make_schema)
    worker = open_worker(name)
    worker("furnish")
    worker.close()
    return name


@pytest.fixture
def open_tryton(
    databases: Any, furnished: str, open_worker: Callable[[str], Worker]
) -> Iterator[Callable[..., Tryton]]:
    """``open_tryton()``: an organisation's Tryton of its own, without the package."""
    with ExitStack() as stack:

        def get(template: str = furnished) -> Tryton:
            session = databases.connect(databases.create(template))

            def worker() -> Worker:
                opened = open_worker(session.info.dbname)
                stack.callback(opened.close)
                return opened

            return Tryton(session, worker)

        yield get


@pytest.fixture
def tryton(open_tryton: Callable[[], Tryton]) -> Tryton:
    """An organisation's Tryton, without the package."""
    return open_tryton()


@pytest.fixture(scope="session")
def scored_templates(
    server: EmbeddedServer, furnished: str, open_worker: Callable[[str], Worker]
) -> Callable[[str], str]:
    """Name of a database with the adapter deployed, by "MODE by DEPLOYER"; made once."""
    made: dict[str, str] = {}

    def get(way: str) -> str:
        if way not in made:
            name = f"tryton_scored_{len(made)}"
            with psycopg.connect(server.dsn(), autocommit=True) as session:
                session.execute(f"create database {name} template {furnished}".encode())
            mode, _, deployer = way.partition(" by ")
            with psycopg.connect(server.dsn(name), autocommit=True) as session:
                if deployer == "ordinary role":
                    session.execute(RIGHTS.format(database=name, role=DEPLOYER).encode())
                    with psycopg.connect(server.dsn(name, DEPLOYER), autocommit=True) as ordinary:
                        deploy(ordinary, "tryton")
                else:
                    deploy(session, "tryton")
                session.execute("select engagement.set_parameter('TRIGGER_MODE', %s)", (mode,))
                tryton = Tryton(session, lambda: open_worker(name))
                tryton.make_rules()
                tryton.act.close()
            made[way] = name
        return made[way]

    return get


@pytest.fixture
def open_scored(
    open_tryton: Callable[..., Tryton], scored_templates: Callable[[str], str]
) -> Callable[[str], Tryton]:
    """``open_scored("IMMEDIATE by superuser")``: an organisation with the adapter and RULES."""
    return lambda way: open_tryton(scored_templates(way))


@pytest.fixture(params=["IMMEDIATE by superuser", "DEFERRED by ordinary role"])
def scored(request: pytest.FixtureRequest, open_scored: Callable[[str], Tryton]) -> Tryton:
    """The same with the adapter deployed, in both trigger modes and by both kinds of deployer."""
    return open_scored(request.param)
