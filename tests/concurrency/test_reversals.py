"""Reversals of one sale in several sessions: nobody waits for long, nothing is taken twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scoring.host import Document, Host, Line

LATER = "2025-06-10+00"


@pytest.fixture(params=["read committed", "repeatable read"])
def clerks(
    host: Host, another: Callable[[], Host], request: pytest.FixtureRequest
) -> tuple[Host, Host]:
    """Two sessions of the host, with awards at once."""
    host.set(TRIGGER_MODE="IMMEDIATE")
    host.rule(amount_score=1, effective_when="INVOICE_CREATION")
    found = another(), another()
    for clerk in found:
        clerk.run(f"set default_transaction_isolation to '{request.param}'")
    return found


def credit(clerk: Host, customer: Any, sale: Document, amount: int) -> Document:
    """A credit note of one line."""
    return clerk.invoice(customer, Line(amount=-amount), at=LATER, reverses=sale.line)


@pytest.mark.parametrize("first_commits", [True, False])
def test_reversals_at_the_same_time_take_each_once(
    host: Host, clerks: tuple[Host, Host], first_commits: bool
) -> None:
    customer = host.customer()
    sale = host.invoice(customer, Line(amount=100))
    first, second = clerks
    with second.session.transaction():
        second.one("select count(*) from crm.invoice")  # its snapshot
        with first.session.transaction(force_rollback=not first_commits):
            credit(first, customer, sale, 30)
            credit(second, customer, sale, 20)
    host.proven()
    assert host.agreed(customer) == (50 if first_commits else 80)
    with host.unchanged_but_runs():
        host.proven("FULL")


@pytest.mark.parametrize("credit_commits_first", [True, False])
def test_reversal_while_its_sale_is_being_posted(
    host: Host, clerks: tuple[Host, Host], credit_commits_first: bool
) -> None:
    customer = host.customer()
    sale = host.invoice(customer, Line(amount=100), status="DRAFT")
    post = "update crm.invoice set invoice_status = 'POSTED' where invoice_id = %s"
    outer, inner = clerks
    with outer.session.transaction():
        if credit_commits_first:
            outer.run(post, sale.key)
            credit(inner, customer, sale, 30)
        else:
            credit(outer, customer, sale, 30)
            inner.run(post, sale.key)
    host.proven()
    assert host.agreed(customer) == 70


def test_reversal_that_is_open_does_not_hold_up_a_run(
    host: Host, clerks: tuple[Host, Host]
) -> None:
    customer, other = host.customer(), host.customer()
    sale = host.invoice(customer, Line(amount=100))
    host.proven()
    clerk, _ = clerks
    with clerk.session.transaction():
        credit(clerk, customer, sale, 30)
        host.invoice(other, Line(amount=7))
        for mode in ("INCREMENTAL", "FULL"):
            assert host.recalculate(mode).run_status == "COMPLETED"
            assert host.score(other).score == 7
    host.proven()
    assert host.agreed(customer) == 70
