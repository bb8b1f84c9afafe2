"""Two sessions that set one category of one customer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import psycopg
import pytest

from patience import PATIENCE
from scoring.host import Host, Line

TO_SET = (
    "select engagement.adjust(%s, %s, 'Agreed', p_category_code => 'PURCHASES_DONATIONS',"
    " p_is_set_to => true)"
)


@pytest.mark.parametrize("trigger_mode", ["IMMEDIATE", "DEFERRED"])
@pytest.mark.parametrize("has_row", [True, False])
@pytest.mark.parametrize("isolation", ["read committed", "repeatable read"])
def test_category_set_by_two_sessions_is_what_the_second_says(
    host: Host,
    another: Callable[[], Host],
    background: Callable[..., Future[Any]],
    wait_until_blocked: Callable[[psycopg.Connection[Any]], None],
    trigger_mode: str,
    has_row: bool,
    isolation: str,
) -> None:
    host.set(TRIGGER_MODE=trigger_mode)
    host.rule(quantity_score=1)
    first_of_all = host.customer()
    host.one(TO_SET, first_of_all, 1)  # the rule is there
    customer = host.customer()
    host.order(customer, Line(quantity=3))
    if has_row:
        host.proven(as_of=None)
    first, second = another(), another()
    second.run(f"set default_transaction_isolation = '{isolation}'")
    with first.session.transaction():
        first.one(TO_SET, customer, 10)
        setting = background(second.one, TO_SET, customer, 20)
        wait_until_blocked(second.session)
    if isolation == "read committed":
        setting.result(timeout=PATIENCE)
    else:
        with pytest.raises(psycopg.errors.SerializationFailure):
            setting.result(timeout=PATIENCE)
        second.one(TO_SET, customer, 20)
    host.proven(as_of=None)
    assert host.score(customer).score == 20
    assert host.rows(
        "select points, set_to from engagement.score_adjustment where customer_id = %s"
        " order by adjusted_at",
        customer,
    ) == [(7, 10), (10, 20)]
