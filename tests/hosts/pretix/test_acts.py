"""What happens in pretix, through its own services, and the points that a person expects of it.

A place at the congress costs 100, dinner there 40, a shirt 20, a membership 60, a seat at a talk
30; conftest.RULES says what earns points.
"""

from __future__ import annotations

import datetime as dt

from .conftest import Pretix

PLACE, DINNER, SHIRT, MEMBERSHIP, SEAT = 10010, 4, 2, 6, 10003
#: What an invoice earns in addition.
PLACE_INVOICED, SHIRT_INVOICED = 1000, 200
MEMBER = 1000000


# -- orders --------------------------------------------------------------------------------------


def test_order_counts_from_its_placement_until_it_is_cancelled(scored: Pretix) -> None:
    ann = scored("account", name="Ann")
    order = scored("order", products=["Place", "Place", "Shirt"], customer=ann)
    scored.expect({ann: 2 * PLACE + SHIRT})
    assert scored("pay", order=order) == "p"
    assert scored("cancel", order=order) == "c"
    scored.expect({ann: 0})
    scored("reactivate", order=order)
    scored.expect({ann: 2 * PLACE + SHIRT})
    assert scored("cancel", order=order, fee="15.00") == "p"
    scored.expect({ann: 0})


def test_order_that_expires_counts_again_when_it_is_extended(scored: Pretix) -> None:
    ann = scored("account", name="Ann")
    order = scored("order", products=["Place"], customer=ann)
    scored("expire", order=order)
    scored.expect({ann: 0})
    scored("extend", order=order)
    scored.expect({ann: PLACE})


def test_order_counts_from_its_approval(scored: Pretix) -> None:
    ann = scored("account", name="Ann")
    order = scored("order", products=["Reviewed place"], customer=ann)
    scored.expect({ann: 0})
    scored("approve", order=order)
    scored.expect({ann: PLACE})


def test_cancelled_position_takes_its_add_ons_along(scored: Pretix) -> None:
    ann = scored("account", name="Ann")
    order = scored("order", products=["Place", "Shirt"], addons=["Dinner"], customer=ann)
    scored.expect({ann: PLACE + DINNER + SHIRT})
    scored("pay", order=order)
    scored("cancel_position", order=order, product="Place")
    scored.expect({ann: SHIRT})


def test_refund_takes_back_nothing_that_is_not_cancelled(scored: Pretix) -> None:
    ann = scored("account", name="Ann")
    order = scored("order", products=["Place", "Shirt"], customer=ann)
    scored("pay", order=order)
    assert scored("refund", order=order, amount="10.00") == "p"
    scored.expect({ann: PLACE + SHIRT})
    scored("set_price", order=order, product="Place", price="90.00")
    scored.expect({ann: PLACE - 1 + SHIRT})
    scored("cancel_position", order=order, product="Shirt")
    scored("refund", order=order, amount="20.00")
    scored.expect({ann: PLACE - 1})


def test_changed_order_counts_as_it_is(scored: Pretix) -> None:
    ann = scored("account", name="Ann")
    order = scored("order", products=["Shirt"], customer=ann)
    scored("exchange", order=order, product="Shirt", other="Place")
    scored("set_price", order=order, product="Place", price="100.00")
    scored("add", order=order, product="Shirt")
    other = scored("split", order=order, product="Place")
    scored.expect({ann: PLACE + SHIRT})
    scored("cancel", order=order)
    scored.expect({ann: PLACE})
    scored("cancel", order=other)
    scored.expect({ann: 0})


def test_order_of_a_guest_counts_when_it_gets_an_account(scored: Pretix) -> None:
    ann, bob = scored("account", name="Ann"), scored("account", name="Bob")
    order = scored("order", products=["Place"])
    scored("invoice", order=order)
    scored.expect({ann: 0, bob: 0})
    scored("give", order=order, customer=ann)
    scored.expect({ann: PLACE + PLACE_INVOICED, bob: 0})
    scored("give", order=order, customer=bob)
    scored.expect({ann: 0, bob: PLACE + PLACE_INVOICED})
    scored("anonymize", customer=bob)
    scored.expect({ann: 0, bob: 0})
    shown = "select display_name ~ '^[A-Z0-9]+$', is_active from engagement_host.customer"
    assert scored.rows(f"{shown} where customer_id = {bob}") == [(True, False)]


def test_order_of_the_test_mode_counts_nothing(scored: Pretix) -> None:
    ann = scored("account", name="Ann")
    scored("set_test_mode", event=scored.keys["congress"], on=True)
    order = scored("order", products=["Place", "Membership"], customer=ann)
    scored("set_test_mode", event=scored.keys["congress"], on=False)
    scored("pay", order=order)
    scored("invoice", order=order)
    scored.expect({ann: 0})


def test_gift_card_counts_nothing(scored: Pretix) -> None:
    ann = scored("account", name="Ann")
    order = scored("order", products=["Gift card", "Shirt"], customer=ann)
    scored("pay", order=order)
    scored("invoice", order=order)
    scored.expect({ann: SHIRT + SHIRT_INVOICED})


def test_event_in_another_currency_counts_by_its_places(scored: Pretix) -> None:
    ann = scored("account", name="Ann")
    scored("invoice", order=scored("order", products=["Ticket", "Ticket"], customer=ann))
    scored.expect({ann: 2 * 10000})


def test_dates_of_a_series_are_one_event(scored: Pretix) -> None:
    ann = scored("account", name="Ann")
    order = scored("order", products=["Seat"], customer=ann, subevent=0)
    scored("move", order=order, product="Seat", subevent=1)
    scored.expect({ann: SEAT})
    named = "select subject_id from engagement.award where voided_at is null and customer_id = %s"
    assert scored.value(named, ann) == str(scored.keys["talks"])


def test_product_that_becomes_another_kind_moves_its_points(scored: Pretix) -> None:
    ann = scored("account", name="Ann")
    event = scored("add_event", slug="workshop")
    order = scored("order", products=["Entry workshop"], customer=ann)
    scored("invoice", order=order)
    scored("set_product", name="Entry workshop", admission=False)
    scored.expect({ann: 1 + 100})
    scored("set_product", name="Entry workshop", issue_giftcard=True)
    # The trigger finds what a product shows, the run also what it shows no more.
    scored.session.execute("call engagement.recalculate()")
    scored.expect({ann: 0})
    scored("set_currency", event=event, currency="USD")
    scored("set_product", name="Entry workshop", admission=True, issue_giftcard=False)
    scored.expect({ann: 10000})


# -- invoices ------------------------------------------------------------------------------------


def test_invoice_of_a_changed_order_replaces_the_one_before(scored: Pretix) -> None:
    ann = scored("account", name="Ann")
    order = scored("order", products=["Place", "Shirt"], customer=ann)
    scored("invoice", order=order)
    scored.expect({ann: PLACE + SHIRT + PLACE_INVOICED + SHIRT_INVOICED})
    scored("cancel_position", order=order, product="Shirt")
    scored.expect({ann: PLACE + PLACE_INVOICED})
    reversals = f"select count(*) from engagement_host.invoice_line where customer_id = {ann}"
    assert scored.value(f"{reversals} and reverses_id is not null") == 2
    scored("cancel", order=order)
    scored.expect({ann: 0})
    scored("reactivate", order=order)
    scored.expect({ann: PLACE + PLACE_INVOICED})


def test_invoice_cancelled_by_staff_leaves_the_order(scored: Pretix) -> None:
    ann = scored("account", name="Ann")
    order = scored("order", products=["Place"], customer=ann)
    invoice = scored("invoice", order=order)
    scored("regenerate", invoice=invoice)
    scored.expect({ann: PLACE + PLACE_INVOICED})
    cancellation = scored("cancel_invoice", invoice=invoice)
    scored("regenerate", invoice=cancellation)
    scored.expect({ann: PLACE})


# -- memberships ---------------------------------------------------------------------------------


def test_membership_counts_from_its_payment_while_it_lasts(scored: Pretix) -> None:
    ann = scored("account", name="Ann")
    order = scored("order", products=["Membership"], customer=ann)
    scored.expect({ann: MEMBERSHIP})
    scored("pay", order=order)
    scored.expect({ann: MEMBERSHIP + MEMBER})
    in_a_year = dt.datetime.now(dt.UTC) + dt.timedelta(days=366)
    assert scored.value("select engagement.score_at(%s, %s)", ann, in_a_year) == MEMBERSHIP
    scored("end_membership", customer=ann)
    scored.expect({ann: MEMBERSHIP})


def test_membership_is_cancelled_with_its_order(scored: Pretix) -> None:
    ann = scored("account", name="Ann")
    order = scored("order", products=["Membership", "Shirt"], customer=ann)
    scored("pay", order=order)
    scored("cancel_position", order=order, product="Membership")
    scored.expect({ann: SHIRT})
    scored("enter_membership", customer=ann, start="2020-01-01T00:00Z", end="2020-12-31T23:59Z")
    scored.expect({ann: SHIRT})
    then = "select engagement.score_at(%s, '2020-06-01 12:00+00')"
    assert scored.value(then, ann) == MEMBER
