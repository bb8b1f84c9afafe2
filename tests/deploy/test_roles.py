"""What the package's roles may do, tried by each of them."""

from __future__ import annotations

import os
from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import deploy
from engagement_runner.embedded import EmbeddedServer, wheel_bindir

Connection = psycopg.Connection[Any]

#: By role, what it may do and the roles before it may not.
CALLS = {
    "engagement_staff": [
        "select engagement.score_at(1)",
        "select * from engagement.explain_score(1)",
        "select engagement.score_card(1)",
        "select * from engagement.explain_change(1, '2025-01-01')",
        "select * from engagement.explain_changes('{1}', '2025-01-01', now())",
        "select * from engagement.score_change",
        "select * from engagement.forecast(1)",
        "select * from engagement.at_risk(8, 1)",
        "select * from engagement.trend(1, '2025-01-01', '2025-06-01')",
        "select * from engagement.segment('most_active')",
        "select * from engagement.segment('falling')",
        "select * from engagement.points_by_month",
        "select * from engagement.score_event",
        "call engagement.refresh_customer(1)",
    ],
    "engagement_operator": [
        "call engagement.recalculate()",
        "select * from engagement.verify()",
        "select * from engagement.verify(1, 2, 50, 7)",
        "select * from engagement.take_events()",
        "select engagement.export_customer(1)",
        "select engagement.adjust(1, 5, 'Talk')",
    ],
    "engagement_admin": [
        "select engagement.revise_rule('BOUGHT', '{\"quantity_score\": 2}')",
        "select * from engagement.preview_rules('{\"BOUGHT\": null}')",
        "select engagement.preview_summary('{\"BOUGHT\": null}')",
        "call engagement.erase_customer(2)",
    ],
}

ROLES = list(CALLS)


@pytest.fixture(scope="module")
def dsn() -> Any:
    """A deployment with roles on a server of its own: roles are the server's."""
    with EmbeddedServer(os.environ.get("PG_BINDIR") or wheel_bindir()) as server:
        yield server.dsn("postgres")


@pytest.fixture
def owner(dsn: str) -> Any:
    """A session of the owner."""
    with psycopg.connect(dsn, autocommit=True) as session:
        yield session


@pytest.fixture(scope="module", autouse=True)
def _filled(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as session:
        deploy(session, "reference", roles=True)
        session.execute(
            """
            insert into crm.customer (customer_id, display_name) values (1, 'Ada'), (2, 'Bea');
            insert into crm.product (product_id, display_name) values ('BOOK', 'Book');
            insert into crm.sales_order (order_id, ordered_at) values (1, '2025-03-03');
            insert into crm.order_line (order_line_id, order_id, ship_customer_id, product_id)
            values (1, 1, 1, 'BOOK');
            select engagement.add_rule(
                p_rule_code => 'BOUGHT', p_category_code => 'PURCHASES_DONATIONS',
                p_engagement_type => 'PRODUCT_PURCHASE', p_effective_when => 'ORDER_CREATION',
                p_quantity_score => 5, p_cap_points => 3, p_cap_period => 'YEAR',
                p_half_life_weeks => 10);
            insert into engagement.score_band (band_code, from_score) values ('SOME', 1);
            """
        )
        session.execute("call engagement.recalculate()")


@pytest.mark.parametrize("role", ROLES)
def test_role_may_do_what_is_its_own_and_of_those_before_it(owner: Connection, role: str) -> None:
    owner.execute(f"set role {role}".encode())
    for name in ROLES[: ROLES.index(role) + 1]:
        for call in CALLS[name]:
            owner.execute(call.encode())


@pytest.mark.parametrize("role", ROLES[:-1])
def test_role_may_not_do_what_is_of_those_after_it(owner: Connection, role: str) -> None:
    owner.execute(f"set role {role}".encode())
    for name in ROLES[ROLES.index(role) + 1 :]:
        for call in CALLS[name]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                owner.execute(call.encode())


def test_role_of_nobody_may_do_nothing(owner: Connection) -> None:
    owner.execute("create role nobody_of_ours")
    owner.execute("set role nobody_of_ours")
    for calls in CALLS.values():
        for call in calls:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                owner.execute(call.encode())
