"""Oscar from the package index, a shop in it, and the adapter deployed upon it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from engagement_runner.deploy import deploy
from engagement_runner.embedded import EmbeddedServer
from hosts.support import Product, Worker

Connection = psycopg.Connection[Any]
HERE = Path(__file__).resolve().parent

#: The role that Oscar connects as: it owns its tables and has no right on the package.
HOST_ROLE = "oscar_host"
#: What a deployer needs who is no superuser.
DEPLOYER = "oscar_deployer"
RIGHTS = """
grant create on database {database} to {role};
grant usage on schema public to {role};
grant select, trigger on all tables in schema public to {role};
"""
REQUIREMENTS = ("psycopg[binary]>=3.2", "django>=5.2,<5.3", "django-oscar==4.2.1")

#: What points are given for, so that the digits of a score tell where it comes from: the price of
#: what is ordered without tax, and 10,000 a place ordered at an event.
RULES = """
select
    engagement.add_rule(
        'ORDERED', 'PURCHASES_DONATIONS', 'PRODUCT_PURCHASE', 'ORDER_CREATION',
        p_amount_score => 1),
    engagement.add_rule(
        'EVENT', 'INVOLVEMENT', 'PRODUCT_PURCHASE', 'ORDER_CREATION',
        p_subject_class => %s, p_quantity_score => 10000)
"""


class Shop:
    """A shop: ``shop("order", …)`` does one of acts.py."""

    def __init__(self, session: Connection, worker: Worker) -> None:
        self.session = session
        self.name = session.info.dbname
        self._worker = worker
        worker("open", database=self.name)

    def __call__(self, act: str, **keywords: Any) -> Any:
        return self._worker(act, **keywords)

    def value(self, statement: str, *parameters: Any) -> Any:
        """Return what a statement selects."""
        row = self.session.execute(statement.encode(), parameters).fetchone()
        return row[0] if row else None

    def rows(self, statement: str) -> list[Any]:
        """Return the rows of a statement."""
        return self.session.execute(statement.encode()).fetchall()

    def make_rules(self) -> None:
        """Give points for what is bought, from the first order on."""
        self.session.execute(RULES, (str(self("class_of", name="Events")),))
        self.session.execute("call engagement.recalculate('FULL')")

    def expect(self, *scores: tuple[int, int]) -> None:
        """Assert each user's points, nobody else's, and that nothing failed.

        In IMMEDIATE mode the ledger has them already when the host's transaction has committed.
        """
        if self.value("select engagement.get_parameter('TRIGGER_MODE')") == "IMMEDIATE":
            now = "select engagement.score_at(%s)"
            assert [(user, self.value(now, user)) for user, _ in scores] == list(scores)
        self.session.execute("call engagement.catch_up()")
        stored = "select customer_id, score from engagement.customer_score where score <> 0"
        assert dict(self.rows(stored)) == {user: points for user, points in scores if points}
        assert self.rows("select * from engagement.verify()") == []
        assert self.rows("select * from engagement.scoring_failure") == []


@pytest.fixture(scope="session")
def product() -> Product:
    """Oscar in its own environment."""
    return Product("oscar", REQUIREMENTS)


def environment(server: EmbeddedServer, dbname: str) -> dict[str, str]:
    """What settings.py reads, and where it is."""
    return {
        "DJANGO_SETTINGS_MODULE": "settings",
        "PYTHONPATH": str(HERE),
        "PGHOST": str(server.socket_dir),
        "PGUSER": HOST_ROLE,
        "PGDATABASE": dbname,
    }


@pytest.fixture(scope="session")
def migrate(server: EmbeddedServer, product: Product) -> Callable[..., str]:
    """``migrate(dbname, …)``: run the product's command for its schema; return what it says."""
    return lambda dbname, *arguments: product.run(
        "django-admin", "migrate", "--skip-checks", *arguments, **environment(server, dbname)
    )


@pytest.fixture(scope="session")
def worker(server: EmbeddedServer, product: Product) -> Iterator[Worker]:
    """The process of Oscar that serves one database after the other."""
    made = Worker(product, HERE / "acts.py", "postgres", **environment(server, "postgres"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def furnished(
    server: EmbeddedServer, product: Product, migrate: Callable[..., str], worker: Worker
) -> str:
    """Name of a database with a shop that nobody has bought in, to be cloned."""
    name = "oscar_furnished"
    with psycopg.connect(server.dsn(), autocommit=True) as session:
        for role in (HOST_ROLE, DEPLOYER):
            session.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
        session.execute(f"create database {name}")
    with psycopg.connect(server.dsn(name), autocommit=True) as session:
        session.execute(f"alter schema public owner to {HOST_ROLE}")
    product.restore_schema(server, name, lambda: migrate(name))
    worker("open", database=name)
    worker("furnish")
    worker("leave")
    return name


@pytest.fixture(scope="session")
def scored_template(furnished: str, worker: Worker, _session_databases: Any) -> str:
    """Name of a database with the same shop, the adapter and RULES; deployed by no superuser."""
    dsn = _session_databases.create(furnished)
    name = str(conninfo_to_dict(dsn)["dbname"])
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute(RIGHTS.format(database=name, role=DEPLOYER).encode())
    ordinary = psycopg.conninfo.make_conninfo(dsn, user=DEPLOYER)
    with psycopg.connect(ordinary, autocommit=True) as session:
        deploy(session, "oscar")
        Shop(session, worker).make_rules()
    worker("leave")
    return name


@pytest.fixture
def open_shop(furnished: str, worker: Worker, databases: Any) -> Iterator[Callable[..., Shop]]:
    """``open_shop()``: a shop of the test's own, without the package or as a template is."""
    yield lambda template=furnished: Shop(databases.connect(databases.create(template)), worker)
    worker("leave")


@pytest.fixture
def shop(open_shop: Callable[[], Shop]) -> Shop:
    """A shop without the package."""
    return open_shop()


@pytest.fixture
def open_scored(open_shop: Callable[[str], Shop], scored_template: str) -> Callable[[str], Shop]:
    """``open_scored("IMMEDIATE")``: a shop with the adapter and RULES, in that trigger mode."""

    def get(mode: str) -> Shop:
        shop = open_shop(scored_template)
        shop.session.execute("select engagement.set_parameter('TRIGGER_MODE', %s)", (mode,))
        return shop

    return get


@pytest.fixture(params=["IMMEDIATE", "DEFERRED"])
def scored(request: pytest.FixtureRequest, open_scored: Callable[[str], Shop]) -> Shop:
    """The same in both trigger modes."""
    return open_scored(request.param)
