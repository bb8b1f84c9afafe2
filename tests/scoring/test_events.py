"""Events: who crossed into another band, told once, to one consumer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from patience import PATIENCE
from scoring.fixtures import furnish
from scoring.host import NOW, Host, Line, instant, refused

EARLIER = "2025-05-01+00"
LATER = "2025-07-01+00"

Sessions = Callable[..., psycopg.Connection[Any]]


@pytest.fixture
def base(host: Host) -> tuple[Host, Any]:
    """Two bands, and somebody below both; one run behind them."""
    host.rule(quantity_score=1)
    host.band("SOME", from_score=10)
    host.band("MANY", from_score=25)
    customer = host.customer()
    host.order(customer, Line(quantity=5))
    host.proven()
    return host, customer


def events(host: Host) -> list[tuple[Any, ...]]:
    """What waits in the outbox, in the order of the customers."""
    return host.rows(
        "select customer_id, event_type, from_band, to_band from engagement.score_event"
        " order by created_at, customer_id"
    )


def told(host: Host) -> list[tuple[Any, ...]]:
    """What waits in the outbox, which is empty after that."""
    found = events(host)
    host.run("delete from engagement.score_event")
    return found


def test_event_once_per_crossing(base: tuple[Host, Any]) -> None:
    host, customer = base
    order = host.order(customer, Line(quantity=5))
    host.proven()
    assert told(host) == [(customer, "BAND_UP", None, "SOME")]
    host.set_line(order.line, quantity=19)
    host.proven()
    assert told(host) == []  # from 10 to 24 no band is crossed
    for mode in ("INCREMENTAL", "FULL"):
        host.proven(mode)
    assert told(host) == []
    host.set_line(order.line, quantity=20)
    host.proven("FULL")
    assert told(host) == [(customer, "BAND_UP", "SOME", "MANY")]
    host.set_order(order, order_status="CANCELLED")
    host.proven()
    assert told(host) == [(customer, "BAND_DOWN", "MANY", None)]
    host.set_order(order, order_status="PLACED")
    host.proven()
    assert told(host) == [(customer, "BAND_UP", None, "MANY")]


def test_event_says_what_happened(base: tuple[Host, Any]) -> None:
    host, customer = base
    host.order(customer, Line(quantity="5.5"))
    before = host.clock()
    host.proven(as_of=LATER)
    (event,) = host.named("select * from engagement.score_event")
    assert (event.customer_id, event.event_type) == (customer, "BAND_UP")
    assert (event.from_band, event.to_band) == (None, "SOME")
    assert (event.score, event.percentile) == (host.score(customer).score, 50)
    assert event.occurred_at == instant(LATER)
    assert before < event.created_at < host.clock()


def test_event_of_time_alone(host: Host) -> None:
    host.rule(quantity_score=16, half_life_weeks=1, valid_for_weeks=2)
    host.band("SOME", from_score=5)
    host.band("MANY", from_score=10)
    customer = host.customer()
    host.order(customer, at=NOW)
    host.proven()
    assert told(host) == []
    host.proven(as_of="2025-06-22 12:00+00")
    assert told(host) == [(customer, "BAND_DOWN", "MANY", "SOME")]
    host.proven(as_of="2025-06-29 12:00+00")
    assert told(host) == [(customer, "BAND_DOWN", "SOME", None)]


def test_event_of_a_company_and_of_those_who_are_overtaken(host: Host) -> None:
    host.rule(quantity_score=1)
    company, *people = host.customer("COMPANY"), *(host.customer() for _ in range(3))
    host.job(people[2], company)
    for quantity, person in enumerate(people, 1):
        host.order(person, Line(quantity=quantity))
    host.band("SOME", from_score=10)
    host.band("TOP", from_percentile=80)
    host.proven()
    assert host.score(people[2]).band_code == "TOP"
    host.order(people[0], Line(quantity=5))
    host.order(people[2], Line(quantity=2))
    host.run("update crm.customer set is_active = false where customer_id = %s", people[1])
    host.proven()
    assert told(host) == [(people[2], "BAND_DOWN", "TOP", None)]
    host.order(people[2], Line(quantity=5))
    host.proven()
    assert told(host) == [
        (company, "BAND_UP", None, "SOME"),
        (people[2], "BAND_UP", None, "SOME"),
    ]


def test_event_none_from_the_first_run(host: Host) -> None:
    host.rule(quantity_score=1)
    host.band("SOME", from_score=10)
    customer = host.customer()
    for person in (customer, host.customer()):
        host.order(person, Line(quantity=10))
    host.refresh(customer)  # before any run
    assert host.score(customer).band_code == "SOME"
    assert told(host) == []
    host.run("call engagement.roll_up_employers()")
    host.proven()
    assert told(host) == []


def test_event_none_from_a_preview(base: tuple[Host, Any]) -> None:
    host, _ = base
    rows = host.named(
        "select * from engagement.preview_rules(%s)", Jsonb({"BOUGHT": {"quantity_score": 9}})
    )
    assert [row.new_band_code for row in rows] == ["MANY"]
    assert told(host) == []


@pytest.mark.parametrize("mode", ["INCREMENTAL", "FULL"])
def test_event_none_from_a_replay(base: tuple[Host, Any], mode: str) -> None:
    """Back to an earlier instant, and to the present again, where the news is told."""
    host, customer = base
    host.order(customer, Line(quantity=5), at="2025-05-15+00")
    host.proven()
    assert told(host) == [(customer, "BAND_UP", None, "SOME")]
    host.proven(mode, as_of=EARLIER)
    assert host.score(customer).band_code is None
    assert told(host) == []
    host.proven(mode)
    assert host.score(customer).band_code == "SOME"
    assert told(host) == []
    host.proven(mode, as_of=EARLIER)
    host.order(customer, Line(quantity=50), at="2025-05-15+00")
    host.proven(mode, as_of=EARLIER)
    host.run("call engagement.recalculate(p_customer_id => %s, p_as_of => %s)", customer, NOW)
    assert told(host) == [(customer, "BAND_UP", "SOME", "MANY")]
    host.proven(mode)
    assert told(host) == []


def test_event_none_from_a_refresh_at_an_earlier_instant(base: tuple[Host, Any]) -> None:
    host, customer = base
    host.run("call engagement.recalculate(p_customer_id => %s, p_as_of => %s)", customer, EARLIER)
    host.order(customer, Line(quantity=5), at="2025-04-15+00")
    host.run("call engagement.recalculate(p_customer_id => %s, p_as_of => %s)", customer, EARLIER)
    assert host.score(customer).band_code == "SOME"
    assert told(host) == []
    host.proven()
    assert told(host) == [(customer, "BAND_UP", None, "SOME")]


@pytest.mark.parametrize(
    "change",
    [
        "update engagement.score_band set from_score = 5 where band_code = 'SOME'",
        "insert into engagement.score_band (band_code, from_score) values ('FEW', 1)",
        "insert into engagement.score_band (band_code, from_percentile) values ('ALL', 0)",
        "delete from engagement.score_band where band_code = 'SOME'",
        "update engagement.score_band set band_code = 'OTHER' where band_code = 'SOME'",
    ],
)
@pytest.mark.parametrize("between", ["nothing", "a replay", "a refresh", "a roll-up"])
def test_event_none_from_a_change_of_bands(
    base: tuple[Host, Any], change: str, between: str
) -> None:
    host, customer = base
    other = host.customer()
    host.order(other, Line(quantity=15))
    host.proven()
    assert len(told(host)) == 1
    host.run(change)
    if between == "a replay":
        host.proven(as_of=EARLIER)
    elif between == "a refresh":
        host.refresh(customer)
        host.refresh(other)
    elif between == "a roll-up":
        host.run("call engagement.roll_up_employers(%s)", LATER)
    assert told(host) == []
    host.proven(as_of=LATER)
    assert told(host) == []
    # From then on crossings are told of again.
    host.order(customer, Line(quantity=95))
    host.order(other, Line(quantity=85))
    host.proven(as_of=LATER)
    assert len(told(host)) == (0 if "ALL" in change else 2)


def test_event_of_the_run_after_a_band_got_another_name_for_staff(base: tuple[Host, Any]) -> None:
    """A label moves nobody."""
    host, customer = base
    host.run("update engagement.score_band set label = 'Quite some' where band_code = 'SOME'")
    host.order(customer, Line(quantity=5))
    host.proven()
    assert told(host) == [(customer, "BAND_UP", None, "SOME")]


def test_event_from_a_refresh_and_not_again_from_the_run(base: tuple[Host, Any]) -> None:
    host, customer = base
    host.order(customer, Line(quantity=5))
    host.refresh(customer)
    assert told(host) == [(customer, "BAND_UP", None, "SOME")]
    host.refresh(customer)
    host.recalculate(as_of=None)
    assert told(host) == []
    host.order(customer, Line(quantity=-5))
    host.refresh(customer)
    assert told(host) == [(customer, "BAND_DOWN", "SOME", None)]


def test_event_of_a_new_customer(base: tuple[Host, Any]) -> None:
    host, _ = base
    customer = host.customer()
    host.order(customer, Line(quantity=30))
    host.proven()
    assert told(host) == [(customer, "BAND_UP", None, "MANY")]


def test_event_none_while_scoring_is_switched_off(base: tuple[Host, Any]) -> None:
    host, customer = base
    host.set(CALCULATE_ENGAGEMENT_SCORE_POINTS="N")
    host.order(customer, Line(quantity=5))
    host.run("call engagement.recalculate()")
    host.refresh(customer)
    assert told(host) == []
    host.set(CALCULATE_ENGAGEMENT_SCORE_POINTS="Y")
    host.proven()
    assert told(host) == [(customer, "BAND_UP", None, "SOME")]


def test_event_is_notified_when_it_is_committed(
    base: tuple[Host, Any], second_session: Sessions
) -> None:
    host, customer = base
    listener = second_session(host.session)
    listener.execute("listen engagement_score_event")
    host.proven()
    assert list(listener.notifies(timeout=0)) == []
    others = [host.customer() for _ in range(2)]
    for person in (customer, *others):
        host.order(person, Line(quantity=10))
    host.proven()
    (notice,) = listener.notifies(timeout=PATIENCE, stop_after=1)
    assert (notice.channel, notice.payload) == ("engagement_score_event", "3")
    host.order(customer, Line(quantity=10))
    with host.session.transaction():
        host.refresh(customer)
        assert list(listener.notifies(timeout=0)) == []
    (notice,) = listener.notifies(timeout=PATIENCE, stop_after=1)
    assert notice.payload == "1"


# -- take_events -------------------------------------------------------------------------------


@pytest.fixture
def outbox(base: tuple[Host, Any]) -> Host:
    """Five events, of one run each."""
    host, _ = base
    for _ in range(5):
        host.order(host.customer(), Line(quantity=10))
        host.proven()
    return host


def take(host: Host, limit: int | None = None) -> list[Any]:
    """Events taken off the outbox."""
    if limit is None:
        return host.named("select * from engagement.take_events()")
    return host.named("select * from engagement.take_events(%s)", limit)


def test_take_events_the_oldest_first_and_each_once(outbox: Host) -> None:
    waiting = outbox.named("select * from engagement.score_event order by created_at")
    assert take(outbox, 2) == waiting[:2]
    assert take(outbox, 2) == waiting[2:4]
    assert take(outbox) == waiting[4:]
    assert take(outbox) == []
    assert outbox.count("score_event") == 0


def test_take_events_rolled_back_come_again(outbox: Host) -> None:
    with outbox.session.transaction(force_rollback=True):
        first = take(outbox, 3)
        assert len(first) == 3
    assert take(outbox, 3) == first


def test_take_events_leaves_those_that_another_consumer_takes(
    outbox: Host, second_session: Sessions
) -> None:
    other = Host(second_session(outbox.session))
    other.run("set lock_timeout = '200ms'")
    with outbox.session.transaction(force_rollback=True):
        mine = take(outbox, 2)
        theirs = take(other, 2)
        assert len({event.event_id for event in mine + theirs}) == 4
        assert len(take(other)) == 1
        assert take(other) == []
    assert take(other) == mine


def test_take_events_by_many_consumers_at_once(outbox: Host, second_session: Sessions) -> None:
    outbox.run(
        "insert into engagement.score_event (customer_id, event_type, score, occurred_at,"
        " created_at) select n, 'BAND_UP', n, now(), now() from generate_series(1, 200) n"
    )

    def consume(consumer: Host) -> list[Any]:
        taken: list[Any] = []
        while events := take(consumer, 3):
            taken += [event.event_id for event in events]
        return taken

    consumers = [Host(second_session(outbox.session)) for _ in range(4)]
    for consumer in consumers:
        consumer.run("set default_transaction_isolation = 'read committed'")
    with ThreadPoolExecutor(4) as pool:
        taken = [event for events in pool.map(consume, consumers) for event in events]
    assert len(taken) == len(set(taken)) == 205
    assert outbox.count("score_event") == 0


@pytest.mark.parametrize("limit", ["0", "-1", "null"])
def test_take_events_with_a_limit_that_is_none_refused(outbox: Host, limit: str) -> None:
    with outbox.unchanged(), refused("EG004"):
        outbox.rows(f"select * from engagement.take_events({limit})")


@pytest.mark.parametrize("key_type", ["uuid", "text"])
def test_event_with_other_keys(deployed_as: Callable[[str], Any], key_type: str) -> None:
    host = furnish(deployed_as(key_type))
    host.rule(quantity_score=1)
    host.band("SOME", from_score=10)
    customer = host.customer()
    host.proven()
    host.order(customer, Line(quantity=10))
    host.proven()
    assert [event.customer_id for event in take(host)] == [customer]


def test_event_none_from_a_look_into_the_future_and_still_after_it(
    base: tuple[Host, Any],
) -> None:
    host, customer = base
    host.proven(as_of=None)
    host.order(customer, Line(quantity=5), at="2100-01-01+00")
    host.proven(as_of="2100-06-01+00")
    assert told(host) == []
    host.proven(as_of=None)
    assert told(host) == []
    host.order(customer, Line(quantity=5))
    host.proven(as_of=None)
    assert told(host) == [(customer, "BAND_UP", None, "SOME")]


# -- acknowledged in a second step -------------------------------------------------------------


def test_hold_events_of_two_consumers_are_others(
    base: tuple[Host, Any], second_session: Sessions
) -> None:
    host, customer = base
    order = host.order(customer, Line(quantity=5))
    host.proven()
    host.set_line(order.line, quantity=20)
    host.proven()
    hold = "select event_id, held_until from engagement.hold_events(p_limit => 1, p_minutes => 5)"
    other = second_session(host.session)
    before = host.clock()
    with host.session.transaction():
        ((mine, until),) = host.rows(hold)
        ((theirs, _),) = other.execute(hold).fetchall()  # it waits for nobody
        assert mine != theirs
        assert other.execute(hold).fetchall() == []
    assert before + dt.timedelta(minutes=5) <= until <= host.clock() + dt.timedelta(minutes=5)
    assert host.rows(hold) == host.rows("select * from engagement.take_events()") == []
    acknowledge = "select engagement.acknowledge_events(%s)"
    assert host.one(acknowledge, [mine]) == 1
    assert host.one(acknowledge, [mine, mine]) == host.one(acknowledge, []) == 0
    assert host.one(acknowledge, None) == 0
    assert host.rows("select event_id from engagement.score_event") == [(theirs,)]
    host.run("update engagement.score_event set held_until = %s", before)
    assert [event for event, _ in host.rows(hold)] == [theirs]


@pytest.mark.parametrize(("limit", "minutes"), [(0, 1), (None, 1), (1, 0), (1, 10081), (1, None)])
def test_hold_events_refused(base: tuple[Host, Any], limit: Any, minutes: Any) -> None:
    host, _ = base
    with refused("EG004"):
        host.rows("select * from engagement.hold_events(%s, %s)", limit, minutes)
