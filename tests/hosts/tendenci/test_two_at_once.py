"""Two transactions of the product at once, REPEATABLE READ: neither fails, neither waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from hosts.tendenci.conftest import as_deployer
from hosts.tendenci.host import COMPANY, Association, Driver
from hosts.tendenci.product import ROLE
from patience import PATIENCE


@pytest.fixture
def other(association: Association, _processes: Callable[[int], Driver]) -> Iterator[Driver]:
    """A second process of the product. Whoever waits for a lock of the other's fails."""
    database = association.session.info.dbname
    with psycopg.connect(
        association.session.info.dsn, user="postgres", autocommit=True
    ) as superuser:
        superuser.execute(
            f"alter role {ROLE} in database {database} set lock_timeout = '{PATIENCE}s'"
        )
        association.acts.use(database=database)
        second = _processes(1)
        second.use(database=database)
        yield second
        second.leave()
        superuser.execute(f"alter role {ROLE} in database {database} reset lock_timeout")


def test_two_registrations_for_one_event_and_company(
    association: Association, other: Driver
) -> None:
    one, keys = association.acts, association.keys
    ann, bob, acme = one.person(name="Ann"), one.person(name="Bob"), one.company(name="Acme")
    for person in (ann, bob):
        one.represent(user=person, company=acme)
    association.proves({})
    for acts in (one, other):
        acts.begin(isolation="repeatable read")
    one.register(event=keys.event, user=ann)
    other.register(event=keys.event, user=bob)
    other.commit()
    one.commit()
    association.proves({ann: 19, bob: 19, COMPANY + acme: (0, 38)})


def test_two_acts_for_one_person(association: Association, other: Driver) -> None:
    one, keys = association.acts, association.keys
    ann = one.person(name="Ann")
    association.proves({})
    for acts in (one, other):
        acts.begin(isolation="repeatable read")
    one.donate(user=ann, amount=50)
    other.seat(user=ann, committee=keys.committee, position=keys.chair)
    one.commit()
    other.commit()
    association.proves({ann: 10 + 50})


def test_line_and_header_in_two_transactions(association: Association, other: Driver) -> None:
    """Each sees half: who adds a place no tendered invoice, who tenders it no second place."""
    one, keys = association.acts, association.keys
    ann = one.person(name="Ann")
    registration = one.book(event=keys.event, user=ann)
    one.add_registrant(registration=registration, user=ann)
    invoice = one.invoice_registration(registration=registration, status_detail="estimate")
    association.proves({})
    for acts in (one, other):
        acts.begin(isolation="repeatable read")
    one.add_registrant(registration=registration, user=ann)
    other.tender(invoice=invoice)
    other.commit()
    one.commit()
    association.recalculate()  # neither trigger could see both
    association.proves({ann: 38})


def test_recalculation_beside_the_products_transaction(
    association: Association, other: Driver
) -> None:
    one, keys = association.acts, association.keys
    ann, bob = one.person(name="Ann"), one.person(name="Bob")
    association.proves({})
    one.begin(isolation="repeatable read")
    one.register(event=keys.event, user=ann)
    other.register(event=keys.event, user=bob)
    association.recalculate("FULL")
    one.commit()
    association.proves({ann: 19, bob: 19})


def test_cancelling_while_the_package_holds_the_award_succeeds_and_is_found_later(
    association: Association, mode: str
) -> None:
    acts, keys = association.acts, association.keys
    ann = acts.person(name="Ann")
    booked = acts.register(event=keys.event, user=ann)
    association.proves({ann: 19})
    with psycopg.connect(as_deployer(association.session.info.dsn)) as holder:
        holder.execute("select from engagement.award where customer_id = %s for update", (ann,))
        acts.begin(isolation="repeatable read")
        acts.cancel_registration(registration=booked.registration)
        acts.commit()
    # In IMMEDIATE it tried, and gave up after a blink.
    failures = [] if mode == "DEFERRED" else ["55P03"]
    found = association.rows(
        "select distinct sqlstate_code from engagement.scoring_failure where resolved_at is null"
    )
    assert [sqlstate for (sqlstate,) in found] == failures
    association.recalculate()
    association.proves({})
