"""What the product takes back: refunds, adjustments, void invoices.

The product has no document that takes back another one. A refund and an adjustment are written into
the invoice itself, which is one row of the view. So these shapes cannot be acted: a credit line
with signs of its own, an invoice that reverses a refund, and pieces returned of a line of several
(each place at an event is a row, see the test of registrations in test_acts.py). Nor can a draft be
credited: the product refunds only what was paid, and only a tendered invoice is paid.

A gift of 50 is 5 + 5 = 10 by the rules in conftest.py, a membership of 120 is 25 + 12 = 37.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from hosts.tendenci.host import Association


@pytest.fixture
def rule(association: Association) -> Iterator[Any]:
    """``rule("DONATION", amount_score=1)``: one more rule for a class, until the test ends."""
    codes: list[str] = []

    def add(subject_class: str, **columns: Any) -> None:
        codes.append(f"RULE_{uuid.uuid4().hex[:8].upper()}")  # a code is used only once
        arguments = "".join(f", p_{name} => %({name})s" for name in columns)
        association.session.execute(
            "select engagement.add_rule(%(code)s, 'INVOLVEMENT', 'PRODUCT_PURCHASE',"
            f" 'INVOICE_CREATION', p_subject_class => %(subject_class)s{arguments})".encode(),
            {"code": codes[-1], "subject_class": subject_class, **columns},
        )
        association.recalculate()

    yield add
    for code in codes:
        association.session.execute("select engagement.retire_rule(%s, true)", (code,))
    association.recalculate()


def give(association: Association, user: int, amount: int) -> int:
    """The invoice of a gift that is paid."""
    invoice: int = association.acts.donate(user=user, amount=amount).invoice
    association.acts.pay(invoice=invoice)
    return invoice


def test_refund_in_parts_keeps_the_flat_score_until_nothing_is_left(
    association: Association,
) -> None:
    ann = association.acts.person(name="Ann")
    gift = give(association, ann, 100)
    association.proves({ann: 15})
    association.acts.refund(invoice=gift, amount=40)
    association.proves({ann: 11})
    association.acts.refund(invoice=gift, amount=60)
    association.proves({})


def test_refund_under_a_cap(association: Association, rule: Any) -> None:
    rule("DONATION", amount_score=1, cap_points=50, cap_period="MONTH")
    ann = association.acts.person(name="Ann")
    gift = give(association, ann, 100)
    association.proves({ann: 15 + 50})
    association.acts.refund(invoice=gift, amount=30)
    association.proves({ann: 12 + 50})
    association.acts.refund(invoice=gift, amount=70)
    association.proves({})


def test_refund_makes_room_under_the_cap(association: Association, rule: Any) -> None:
    rule("DONATION", amount_score=1, cap_points=50, cap_period="MONTH")
    ann = association.acts.person(name="Ann")
    give(association, ann, 40)
    second = give(association, ann, 40)
    association.proves({ann: 9 + 9 + 50})
    association.acts.refund(invoice=second, amount=40)
    association.proves({ann: 9 + 40})


def test_refund_of_a_part_of_a_fee_keeps_the_membership(association: Association) -> None:
    acts = association.acts
    ann = acts.person(name="Ann")
    entered = acts.enter(user=ann, membership_type=association.keys.membership_type)
    acts.pay(invoice=entered.invoice)
    association.proves({ann: 25 + 12})
    acts.refund(invoice=entered.invoice, amount=20)
    association.proves({ann: 25 + 10})


def test_refund_and_void_take_back_once(association: Association) -> None:
    ann = association.acts.person(name="Ann")
    gift = give(association, ann, 100)
    association.acts.refund(invoice=gift, amount=40)
    association.proves({ann: 11})
    association.acts.void(invoice=gift)
    association.proves({})


def test_refunds_of_an_amount_that_does_not_divide(association: Association, rule: Any) -> None:
    rule("DONATION", amount_score="0.333")
    ann = association.acts.person(name="Ann")
    gift = give(association, ann, 100)
    association.proves({ann: 15 + Decimal("33.3")})
    for amount in ("33.33", "33.33", "33.34"):
        association.acts.refund(invoice=gift, amount=amount)
    association.proves({})


def test_refund_of_a_registration_ends_its_places_when_all_is_refunded(
    association: Association,
) -> None:
    acts = association.acts
    ann = acts.person(name="Ann")
    booked = acts.register(event=association.keys.event, user=ann, guests=1)
    acts.pay(invoice=booked.invoice)
    acts.refund(invoice=booked.invoice, amount=100)
    association.proves({ann: 19 + 19})
    acts.refund(invoice=booked.invoice, amount=800)
    association.proves({})
