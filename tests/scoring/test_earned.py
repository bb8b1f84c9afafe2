"""What the activities of a source earn, and what that differs by from the ledger: for a DBA."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scoring.host import Host, Line


@pytest.mark.parametrize("employer", [True, False])
def test_what_an_activity_earns_is_told_for_one_for_a_customer_and_for_all(
    host: Host, employer: bool
) -> None:
    host.set(MULTIPLE_CONCURRENT_EMPLOYERS="Y")
    host.rule(amount_score=1)
    customer, company = host.customer(), host.customer("COMPANY")
    if employer:
        host.job(customer, company)
    order = host.order(customer, Line("BOOK", 1, 5))
    host.order(host.customer(), Line("BOOK", 1, 7))
    columns = "customer_id, employer_id, points from engagement.earned__order_line"
    earned = (customer, company if employer else None, Decimal(5))
    assert host.rows(f"select {columns}(%s)", order.line) == [earned]
    assert host.rows(f"select {columns}(p_customer_id => %s)", customer) == [earned]
    everything = host.rows(f"select {columns}()")
    assert len(everything) == 2
    assert earned in everything


def test_difference_is_what_a_refresh_would_change(host: Host) -> None:
    host.set(TRIGGER_MODE="DEFERRED")
    host.rule(amount_score=1)
    customer = host.customer()
    order = host.order(customer, Line("BOOK", 1, 5))
    changes = "select change, points from engagement.difference__order_line"
    assert host.rows(f"{changes}(%s)", order.line) == [("MAKE", Decimal(5))]
    host.refresh(customer)
    assert host.rows(f"{changes}()") == []
    host.set_line(order.line, amount=6)
    for asked in ("()", f"(p_customer_id => '{customer}')"):
        assert host.rows(changes + asked) == [("VOID", Decimal(5)), ("MAKE", Decimal(6))]
