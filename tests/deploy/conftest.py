"""What the tests of the deployer share: a copy of the package to change, and dumps to compare."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engagement_runner import files
from engagement_runner.embedded import EmbeddedServer

FOLDERS = ("migrations", "procedures", "triggers", "indexes", "sql")

#: Lines of a dump that differ between equal databases.
_NOISE = re.compile(r"^(\\(un)?restrict .*|--.*|SET .*|SELECT pg_catalog.set_config.*|)\n", re.M)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package's SQL folders; tests change it."""
    top = tmp_path / "package"
    for folder in FOLDERS:
        shutil.copytree(files.root() / folder, top / folder)
    return top


@pytest.fixture
def dump(server: EmbeddedServer) -> Callable[..., str]:
    """``dump(dsn, *options)``: the normalised schema of a database."""

    def get(dsn: str, *options: str) -> str:
        return _NOISE.sub("", server.run("pg_dump", "--schema-only", *options, "--dbname", dsn))

    return get


@pytest.fixture
def crm() -> Callable[[psycopg.Connection[Any]], None]:
    """``crm(session)``: create the reference host's tables, as a host of its own would have."""

    def create(session: psycopg.Connection[Any]) -> None:
        schema = files.root() / files.HOSTS / "reference_schema.sql"
        session.execute(schema.read_bytes())

    return create


@pytest.fixture
def sell() -> Callable[[psycopg.Connection[Any]], Any]:
    """``sell(session)``: a new customer buys for 100 what earns a point per unit of money.

    Returns the customer's key.
    """

    def order(session: psycopg.Connection[Any]) -> Any:
        with session.transaction():
            session.execute(
                "insert into crm.product (product_id, display_name) values ('BOOK', 'Book')"
                " on conflict do nothing"
            )
            (customer,) = session.execute(
                "insert into crm.customer (display_name) values ('Ada') returning customer_id"
            ).fetchone()
            (order,) = session.execute(
                "insert into crm.sales_order (ordered_at) values ('2025-03-01 10:00+00')"
                " returning order_id"
            ).fetchone()
            session.execute(
                "insert into crm.order_line (order_id, ship_customer_id, product_id, amount)"
                " values (%s, %s, 'BOOK', 100)",
                (order, customer),
            )
        return customer

    return order


@pytest.fixture
def add_rule() -> Callable[[psycopg.Connection[Any]], None]:
    """``add_rule(session)``: a point per unit of money ordered."""

    def add(session: psycopg.Connection[Any]) -> None:
        session.execute(
            "select engagement.add_rule(p_rule_code => 'BOUGHT',"
            " p_category_code => 'PURCHASES_DONATIONS', p_engagement_type => 'PRODUCT_PURCHASE',"
            " p_effective_when => 'ORDER_CREATION', p_amount_score => 1)"
        )

    return add
