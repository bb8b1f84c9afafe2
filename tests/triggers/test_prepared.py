"""Two-phase commit: what the package does in the host's transaction does not bar PREPARE."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import deploy
from engagement_runner.embedded import EmbeddedServer, wheel_bindir
from scoring.fixtures import furnish
from scoring.host import Host, Line


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    """A deployment with the reference host on a server that prepares transactions."""
    with EmbeddedServer(
        os.environ.get("PG_BINDIR") or wheel_bindir(), {"max_prepared_transactions": "5"}
    ) as server:
        with psycopg.connect(server.dsn("postgres"), autocommit=True) as session:
            deploy(session, "reference", "bigint")
            host = furnish(session)
            host.rule(quantity_score=1)
            host.band("SOME", from_score=10)
            host.proven(as_of=None)
        yield server.dsn("postgres")


@pytest.fixture
def preparing(dsn: str, is_on_citus: bool) -> Iterator[Host]:
    """The reference host of that server, with one rule and one band."""
    if is_on_citus:
        pytest.skip("not run: it has a server of its own")
    with psycopg.connect(dsn, autocommit=True) as session:
        yield Host(session)


def refresh(host: Host, customer: Any) -> None:
    """Into a band."""
    host.refresh(customer)


def refresh_as_of(host: Host, customer: Any) -> None:
    """Into a band, by the procedure that takes an instant."""
    host.run("call engagement.recalculate(p_customer_id => %s)", customer)


def upload(host: Host, customer: Any) -> None:
    """A social score, twice, and one that is rejected."""
    line = {"customer_id": customer, "social_type": "BLOG", "score": 4}
    host.upload(line, line, {**line, "score": "much"})


def adjust(host: Host, customer: Any) -> None:
    """By hand."""
    host.adjust(customer, 5)


def socialise(host: Host, customer: Any) -> None:
    """A social score, entered by hand."""
    host.socialise(customer)


@pytest.mark.parametrize("mode", ["IMMEDIATE", "DEFERRED"])
@pytest.mark.parametrize("act", [refresh, refresh_as_of, upload, adjust, socialise])
def test_prepare_transaction_after_what_the_package_does_keeps_the_order(
    preparing: Host, act: Callable[[Host, Any], None], mode: str
) -> None:
    host = preparing
    host.set(TRIGGER_MODE=mode)
    customer = host.customer()
    name = f"{act.__name__} {mode}"
    host.run("begin")
    host.order(customer, Line(quantity=20))
    act(host, customer)
    host.run(f"prepare transaction '{name}'")
    host.run(f"commit prepared '{name}'")
    host.proven(as_of=None)
    assert host.live(customer)[-1] == 20
    assert host.rows(
        "select to_band from engagement.score_event where customer_id = %s", customer
    ) == [("SOME",)]  # fmt: skip
