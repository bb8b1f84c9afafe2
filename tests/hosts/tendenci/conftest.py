"""Fixtures of these tests: the product, databases of it, and processes of it at work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from engagement_runner.deploy import deploy
from engagement_runner.embedded import EmbeddedServer
from hosts.tendenci.host import Association, Driver
from hosts.tendenci.product import ROLE, Product, missing

#: Role that deploys: it may read the host's tables and put triggers on them, no more.
DEPLOYER = "engagement_deployer"

_ROLES = f"create role {ROLE} login; create role {DEPLOYER} login"
_MAY_DEPLOY = f"""
grant usage on schema public to {DEPLOYER};
grant select, trigger on all tables in schema public to {DEPLOYER};
"""
#: What the tests reckon with: a membership of 120 is 25 + 12 = 37, its renewal of 100 is 35, a
#: corporate membership of 1500 is 40 + 15 = 55, a place for 450 is 10 + 9 = 19, a gift of 50 is
#: 5 + 5 = 10, a seat 30 and the chair 20 more.
_RULES = """
select engagement.add_rule('MEMBER', 'INVOLVEMENT', 'PRODUCT_PURCHASE', 'INVOICE_CREATION',
    p_subject_class => 'MEMBERSHIP', p_flat_score => 25, p_amount_score => 0.1),
    engagement.add_rule('CORPORATE', 'INVOLVEMENT', 'PRODUCT_PURCHASE', 'INVOICE_CREATION',
    p_subject_class => 'CORPORATE_MEMBERSHIP', p_flat_score => 40, p_amount_score => 0.01),
    engagement.add_rule('GIFT', 'PURCHASES_DONATIONS', 'PRODUCT_PURCHASE', 'INVOICE_CREATION',
    p_subject_class => 'DONATION', p_flat_score => 5, p_amount_score => 0.1),
    engagement.add_rule('EVENT', 'INVOLVEMENT', 'PRODUCT_PURCHASE', 'ORDER_CREATION',
    p_subject_class => 'EVENT', p_quantity_score => 10, p_amount_score => 0.02),
    engagement.add_rule('SEAT', 'INVOLVEMENT', 'COMMITTEE_PARTICIPATION', p_flat_score => 30),
    engagement.add_rule('CHAIR', 'INVOLVEMENT', 'COMMITTEE_PARTICIPATION',
    p_subject_class => 'Chair', p_flat_score => 20)
"""


def name_of(dsn: str) -> str:
    """Return the database's name."""
    return str(conninfo_to_dict(dsn)["dbname"])


def as_deployer(dsn: str) -> str:
    """Return the connection string for the role that deploys."""
    return psycopg.conninfo.make_conninfo(dsn, user=DEPLOYER)


@pytest.fixture(scope="session")
def product() -> Product:
    """The product, installed; skips where this machine lacks what it is built of."""
    if lack := missing():
        pytest.skip(f"Tendenci {lack}")
    installed = Product()
    installed.install()
    return installed


@pytest.fixture(scope="session")
def empty_product(product: Product, server: EmbeddedServer, _session_databases: Any) -> str:
    """Connection string of a database as the product's own commands leave it."""
    dsn: str = _session_databases.create()
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute(_ROLES)
        session.execute(f"alter schema public owner to {ROLE}")
    product.create_database(server, dsn, name_of(dsn))
    return dsn


@pytest.fixture(scope="session")
def _processes(
    product: Product,
    server: EmbeddedServer,
    empty_product: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[int], Driver]]:
    """``_processes(n)``: the n-th process of the product; it starts when it is first wanted."""
    folder = tmp_path_factory.mktemp("tendenci")
    drivers: dict[int, Driver] = {}
    with ExitStack() as stack:

        def get(number: int) -> Driver:
            if number not in drivers:
                drivers[number] = Driver(
                    product.python,
                    product.environment(server, name_of(empty_product)),
                    Path(folder) / f"driver{number}.log",
                )
                stack.callback(drivers[number].close)
            return drivers[number]

        yield get


@pytest.fixture(scope="session")
def founded(
    _processes: Callable[[int], Driver], empty_product: str, _session_databases: Any
) -> tuple[str, Any]:
    """A database with an association in it and not a member yet; its name and the keys."""
    dsn: str = _session_databases.create(name_of(empty_product))
    acts = _processes(0)
    acts.use(database=name_of(dsn))
    keys = acts.found()
    acts.leave()
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute(_MAY_DEPLOY)
    return name_of(dsn), keys


@pytest.fixture(scope="session")
def scored(founded: tuple[str, Any], _session_databases: Any) -> str:
    """The name of a database with that association, the package and rules."""
    dsn: str = _session_databases.create(founded[0])
    let_deploy(dsn)
    with psycopg.connect(as_deployer(dsn), autocommit=True) as session:
        set_up(session)
    return name_of(dsn)


def let_deploy(dsn: str) -> None:
    """Let the deployer make schemas in a database."""
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute(f"grant create on database {name_of(dsn)} to {DEPLOYER}")


def set_up(session: psycopg.Connection[Any]) -> None:
    """Deploy the package and add the rules."""
    deploy(session, "tendenci")
    session.execute(_RULES)
    session.execute("call engagement.recalculate(p_mode => 'FULL')")


@pytest.fixture(params=["IMMEDIATE", "DEFERRED"])
def mode(request: pytest.FixtureRequest) -> str:
    """The trigger mode."""
    return str(request.param)


@pytest.fixture(scope="session")
def _shared() -> dict[str, Any]:
    """What the fixture ``association`` keeps from test to test: a copy takes seconds."""
    return {}


@pytest.fixture
def association(
    mode: str,
    scored: str,
    founded: tuple[str, Any],
    _shared: dict[str, Any],
    _session_databases: Any,
    _processes: Callable[[int], Driver],
) -> Iterator[Association]:
    """An association that is scored, in either mode; tests share it as long as all is well."""
    if "session" not in _shared:
        dsn = _session_databases.create(scored)
        _shared["session"] = _session_databases.connect(as_deployer(dsn))
    session = _shared["session"]
    session.execute("select engagement.set_parameter('TRIGGER_MODE', %s)", (mode,))
    others = {
        customer
        for (customer,) in session.execute("select customer_id from engagement.customer_score")
    }
    acts = _processes(0)
    acts.use(database=session.info.dbname)
    shared = Association(session, acts, founded[1], others)
    yield shared
    acts.leave()
    if shared.session.closed or not shared.is_well():
        del _shared["session"]


@pytest.fixture
def unscored(
    founded: tuple[str, Any], databases: Any, _processes: Callable[[int], Driver]
) -> Iterator[tuple[str, Driver, Any]]:
    """A database without the package: connection string, the product at work in it, the keys."""
    dsn = databases.create(founded[0])
    let_deploy(dsn)
    acts = _processes(0)
    acts.use(database=name_of(dsn))
    yield dsn, acts, founded[1]
    acts.leave()
