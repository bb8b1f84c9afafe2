"""Social scores entered in two sessions at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import psycopg
import pytest

from patience import PATIENCE
from scoring.host import Host

Another = Callable[[], Host]
Background = Callable[..., Future[Any]]
Wait = Callable[[psycopg.Connection[Any]], None]


def test_set_social_score_of_a_row_that_another_session_is_adding_refused(
    host: Host, another: Another, background: Background, wait_until_blocked: Wait
) -> None:
    customer = host.customer()
    second = another()
    with host.session.transaction():
        host.social(customer, 5)
        future = background(second.social, customer, 7)
        wait_until_blocked(second.session)
    error = future.exception(timeout=PATIENCE)
    assert isinstance(error, psycopg.Error) and error.sqlstate == "EG012"
    assert host.live(customer) == [5]


def test_set_social_score_of_a_row_that_another_session_is_changing_waits(
    host: Host, another: Another, background: Background, wait_until_blocked: Wait
) -> None:
    customer = host.customer()
    host.social(customer, 5)
    second = another()
    with host.session.transaction():
        host.social(customer, 6, is_new=False)
        future = background(second.social, customer, 7, is_new=False, description="Wrote")
        wait_until_blocked(second.session)
    assert future.result(timeout=PATIENCE).score == 7
    host.proven()
    assert host.live(customer) == [7]


@pytest.mark.parametrize("trigger_mode", ["IMMEDIATE", "DEFERRED"])
def test_upload_beside_another_of_the_same_scores_waits(
    host: Host,
    another: Another,
    background: Background,
    wait_until_blocked: Wait,
    trigger_mode: str,
) -> None:
    host.set(TRIGGER_MODE=trigger_mode)
    customers = [host.customer() for _ in range(5)]
    lines = [
        {"customer_id": str(customer), "social_type": "BLOG", "score": "5"}
        for customer in customers
    ]
    second = another()
    with host.session.transaction():
        host.upload(*lines)
        future = background(second.upload, *reversed([{**line, "score": "6"} for line in lines]))
        wait_until_blocked(second.session)
    assert future.result(timeout=PATIENCE) == []
    host.proven(as_of=None)
    assert [host.live(customer) for customer in customers] == [[6]] * 5
