"""Tables of settings (key ``null``): a change concerns every activity of the source."""

from __future__ import annotations

from typing import Any

import pytest

from scoring.host import Host

QUEUE = "select source, activity_column, keys from engagement.pending_activity order by source"
WHOLE = [("priced_line", None, None)]


@pytest.fixture(params=["IMMEDIATE", "DEFERRED"])
def customer(request: pytest.FixtureRequest, host: Host) -> Any:
    """Someone with one line of 3 pieces, which count by the factor in a table of settings."""
    host.rule(quantity_score=2)
    host.set(TRIGGER_MODE=request.param)
    host.run("create table crm.setting (factor numeric, note text)")
    host.run("create table crm.priced_line (id bigint primary key, customer_id bigint, q numeric)")
    host.run("insert into crm.setting values (1, 'as it was')")
    host.run(
        "create view engagement_host.priced_line as"
        " select l.id::engagement.host_key as source_id,"
        " null::engagement.host_key as document_id, l.customer_id::engagement.host_key,"
        " null::engagement.host_key as employer_id, null::text as subject_id,"
        " null::text as subject_class, l.q * s.factor as quantity, 0::numeric as amount,"
        " '2025-03-03+00'::timestamptz as occurred_at, null::timestamptz as ended_at"
        " from crm.priced_line l cross join crm.setting s"
    )
    host.run(
        "call engagement.register_source('priced_line', 'PRODUCT_PURCHASE', 'ORDER_CREATION',"
        " 'engagement_host.priced_line')"
    )
    host.run("call engagement.attach_triggers('priced_line', 'crm.priced_line', 'id')")
    host.run("call engagement.attach_triggers('priced_line', 'crm.setting', ' NULL ')")
    someone = host.customer()
    host.run("insert into crm.priced_line values (1, %s, 3)", someone)
    host.proven()
    assert (host.live(someone), host.rows(QUEUE)) == ([6], [])
    return someone


@pytest.mark.parametrize(
    ("change", "points"),
    [
        ("update crm.setting set factor = 5", [30]),
        ("insert into crm.setting select 4, 'a second one' where false", [6]),
        ("delete from crm.setting", []),
        ("truncate crm.setting", []),
    ],
)
def test_change_of_settings_re_derives_the_source_at_the_next_run(
    host: Host, customer: Any, change: str, points: list[int]
) -> None:
    host.run(change)
    assert host.live(customer) == [6]  # never in the host's transaction
    truncated = [("customer", None, None)] if change.startswith("truncate") else []
    assert host.rows(QUEUE) == ([] if points == [6] else [*truncated, *WHOLE])
    host.proven()
    assert host.live(customer) == points
    assert host.failures() == []


def test_insert_of_settings(host: Host, customer: Any) -> None:
    host.run("delete from crm.setting")
    host.proven()
    host.run("insert into crm.setting values (2, 'anew')")
    assert host.rows(QUEUE) == WHOLE
    host.proven()
    assert host.live(customer) == [12]


@pytest.mark.parametrize("change", ["set note = 'new'", "set factor = 1.0 where factor > 9"])
def test_settings_that_the_view_does_not_see_queue_nothing(
    host: Host, customer: Any, change: str
) -> None:
    host.run(f"update crm.setting {change}")
    assert host.rows(QUEUE) == []


def test_settings_after_fifty_calls_in_one_transaction(host: Host, customer: Any) -> None:
    with host.session.transaction():
        for i in range(55):
            host.run("insert into crm.priced_line values (%s, %s, 1)", 100 + i, customer)
        host.run("update crm.setting set note = 'still the same'")
        host.run("update crm.setting set factor = 2")
    assert ("priced_line", None, None) in host.rows(QUEUE)
    host.proven()
    assert host.live(customer) == [4] * 55 + [12]
    assert host.failures() == []
