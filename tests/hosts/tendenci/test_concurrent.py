"""Two transactions of the product at once, under REPEATABLE READ, and one of the package.

A transaction of the product that had to wait for another would fail: see ``begin`` in driver.py.
"""

from __future__ import annotations

import psycopg
import pytest

from hosts.tendenci.conftest import as_deployer
from hosts.tendenci.host import COMPANY, Association, Driver

pytestmark = pytest.mark.hosts


def test_two_transactions_about_the_same_person_neither_fail_nor_wait(
    association: Association, colleague: Driver
) -> None:
    acts, keys = association.acts, association.keys
    ann, bob, acme = acts.person(name="Ann"), acts.person(name="Bob"), acts.company(name="Acme")
    acts.represent(user=bob, company=acme)
    for driver in (acts, colleague):
        driver.begin(isolation="repeatable read")
    acts.register(event=keys.event, user=ann)
    colleague.seat(user=ann, committee=keys.committee, position=keys.chair)
    colleague.represent(user=ann, company=acme)
    colleague.donate(user=bob, amount=50)
    for driver in (acts, colleague):
        driver.commit()
    # Either saw only its own half: that Ann's place is her company's, the next run finds.
    association.recalculate()
    association.proves({ann: 19 + 50, bob: 10, COMPANY + acme: (0, 79)})


def test_two_transactions_that_each_see_half_of_a_registration_earn_it(
    association: Association, colleague: Driver
) -> None:
    acts, keys = association.acts, association.keys
    ann = acts.person(name="Ann")
    registration = acts.book(event=keys.event, user=ann)
    acts.add_registrant(registration=registration, user=ann, amount=100)
    invoice = acts.invoice_registration(registration=registration, status_detail="estimate")
    association.proves({})
    for driver in (acts, colleague):
        driver.begin(isolation="repeatable read")
    colleague.tender(invoice=invoice)
    acts.add_registrant(registration=registration, amount=100, is_billed=False)
    for driver in (colleague, acts):
        driver.commit()
    assert association.failures() == []
    association.recalculate()
    association.proves({ann: 12 + 12})


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
