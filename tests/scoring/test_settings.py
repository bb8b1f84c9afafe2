"""The settings of whoever calls change no score and no key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from scoring.host import Host, Line, refused

#: What a session may have set, apart from what PostgreSQL comes with.
SETTINGS = [
    {"datestyle": "SQL, DMY", "timezone": "Asia/Shanghai"},
    {"datestyle": "German", "timezone": "America/St_Johns", "intervalstyle": "sql_standard"},
    {"datestyle": "Postgres, MDY", "timezone": "Pacific/Kiritimati", "extra_float_digits": "-15"},
    {"standard_conforming_strings": "off", "search_path": "pg_temp, public"},
    {"default_transaction_isolation": "serializable"},
    {"default_transaction_isolation": "repeatable read", "row_security": "off"},
]
Session = psycopg.Connection[Any]


def apply(session: Session, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        session.execute("select pg_catalog.set_config(%s, %s, false)", (name, value))


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("mode", ["FULL", "INCREMENTAL"])
def test_recalculate_under_any_settings_awards_the_same(
    host: Host,
    second_session: Callable[..., Session],
    mode: str,
    settings: dict[str, str],
) -> None:
    host.set(TRIGGER_MODE="DEFERRED")
    host.rule("BOUND", quantity_score=1, applies_from="2025-01-02 00:00+00")
    host.rule("SHORT", quantity_score=1, valid_for_weeks=10)
    ann = host.customer()
    host.order(ann, Line(quantity=7), at="2025-01-02 00:30+00")
    host.order(ann, Line(quantity=90), at="2025-01-01 23:30+00")
    host.proven(as_of=None)
    awards = "select source_id, rule_id, effective_at, expires_at, points from engagement.award"
    before = sorted(host.rows(f"{awards} where voided_at is null"))
    assert len(before) == 3
    # All over again, by somebody else.
    host.run(
        "update engagement.award set voided_at = recorded_at + interval '1 day',"
        " void_reason = 'SOURCE_REMOVED'"
    )
    host.run("insert into engagement.pending_activity (source) values ('order_line')")
    theirs = second_session(host.session)
    apply(theirs, settings)
    theirs.execute(f"call engagement.recalculate('{mode}')".encode())
    assert theirs.execute("select count(*) from engagement.verify()").fetchone() == (0,)
    assert sorted(host.rows(f"{awards} where voided_at is null")) == before
    assert host.failures() == []
    with host.unchanged_but_runs():
        host.run("call engagement.recalculate('FULL')")


#: A view whose dates come from a local day, and whose keys are made of its text.
VISIT = (
    "create table crm.visit (customer_id bigint not null, visited_on date not null, weight float8)"
)
BY_DAY = """
create or replace view engagement_host.visit as
select
    v.customer_id || ' ' || v.visited_on || ' ' || v.weight as source_id,
    null::text as document_id, v.customer_id::text as customer_id, null::text as employer_id,
    null::text as subject_id, null::text as subject_class, 1::numeric as quantity,
    0::numeric as amount, v.visited_on::timestamptz as occurred_at, null::timestamptz as ended_at
from crm.visit v
"""


@pytest.mark.parametrize("trigger_mode", ["IMMEDIATE", "DEFERRED"])
def test_views_and_keys_say_the_same_under_any_settings(
    deployed_as: Callable[[str], Session],
    second_session: Callable[..., Session],
    trigger_mode: str,
) -> None:
    host = Host(deployed_as("text"))
    host.set(TRIGGER_MODE=trigger_mode)
    host.run(VISIT)
    host.run(BY_DAY)
    host.run(
        "call engagement.register_source('visit', 'COMMITTEE_PARTICIPATION', null,"
        " 'engagement_host.visit')"
    )
    host.run(
        "call engagement.attach_triggers('visit', 'crm.visit',"
        " 'customer_id || '' '' || visited_on || '' '' || weight')"
    )
    host.run(
        "select engagement.add_rule('VISIT', 'INVOLVEMENT', 'COMMITTEE_PARTICIPATION',"
        " p_quantity_score => 1)"
    )
    host.run("call engagement.recalculate('FULL')")
    awards = "select source_id, effective_at from engagement.award where voided_at is null"
    for number, settings in enumerate(SETTINGS[:4]):
        theirs = second_session(host.session)
        apply(theirs, settings)
        theirs.execute("insert into crm.visit values (%s, date '2025-02-03', 0.1)", (number + 1,))
        theirs.execute("call engagement.recalculate()")
        theirs.execute("update crm.visit set weight = 0.7 where customer_id = %s", (number + 1,))
        theirs.execute("call engagement.recalculate()")
        assert theirs.execute("select count(*) from engagement.verify()").fetchone() == (0,)
    assert [key for key, _ in sorted(host.rows(awards))] == [
        f"{number + 1} 2025-02-03 0.7" for number in range(4)
    ]
    assert len({at for _, at in host.rows(awards)}) == 1
    host.run("call engagement.recalculate('FULL')")
    assert host.one("select count(*) from engagement.award where voided_at is null") == 4
    assert host.failures() == []


def test_view_fingerprint_is_the_same_under_any_settings(
    host: Host, second_session: Callable[..., Session]
) -> None:
    host.run(
        "create view engagement_host.fixed as select o.* from engagement_host.order_line o"
        " where o.occurred_at > '2020-02-01 00:00+00' and o.quantity::float8 < 0.1::float8"
    )
    asked = "select engagement.view_fingerprint('engagement_host.fixed')"
    expected = host.one(asked)
    for settings in SETTINGS:
        theirs = second_session(host.session)
        apply(theirs, settings)
        assert theirs.execute(asked.encode()).fetchone() == (expected,)


@pytest.mark.parametrize("call", ["recalculate()", "recalculate('FULL')", "roll_up_employers()"])
def test_runs_inside_a_transaction_refused_with_a_hint(host: Host, call: str) -> None:
    with host.unchanged():
        with refused("2D000"), host.session.transaction():
            host.run(f"call engagement.{call}")
        host.run(
            "create function pg_temp.weekly() returns void language plpgsql as"
            f" 'begin call engagement.{call.replace(chr(39), chr(39) * 2)}; end'"
        )
        with pytest.raises(psycopg.Error) as error:
            host.run("select pg_temp.weekly()")
        assert error.value.sqlstate == "2D000"
        assert error.value.diag.message_hint
