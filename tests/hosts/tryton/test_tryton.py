"""What happens in Tryton, through its own models, and the points that a person would expect of it.

A place at an event costs 450, a book 80, a membership 120; conftest.RULES says what earns points.
"""

from __future__ import annotations

import datetime as dt

from .conftest import YEAR, Tryton, day

EVENT, BOOK, MEMBERSHIP = 450, 80, 120
ORDERED_EVENT = 10000 + 45
ORDERED_BOOK = 8
ORDERED_MEMBERSHIP = 12
SEAT = 1000000

TODAY = dt.date.today().isoformat()


# -- sales ---------------------------------------------------------------------------------------


def test_sale_counts_from_its_confirmation(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    sale = scored("sale", party=ada, lines=[["Event", 1], ["Book", 2], "no goods"], on=day(3, 1))
    scored.expect({ada: 0})
    scored("set_quantity", sale=sale, position=1, quantity=3)
    scored("add_line", sale=sale, name="Membership", quantity=1)
    scored("remove_line", sale=sale, position=3)
    scored.expect({ada: 0})
    scored("quote", sale=sale)
    scored.expect({ada: 0})
    scored("confirm", sale=sale)
    scored.expect({ada: ORDERED_EVENT + 3 * ORDERED_BOOK})
    scored("set_description", sale=sale, text="changes nothing that counts")
    scored.expect({ada: ORDERED_EVENT + 3 * ORDERED_BOOK})


def test_sale_cancelled_or_deleted_counts_nothing(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    declined = scored("sale", party=ada, lines=[["Event", 1]])
    scored("quote", sale=declined)
    scored("cancel_sale", sale=declined)
    scored.expect({ada: 0})
    scored("draft_sale", sale=declined)
    scored("set_quantity", sale=declined, position=0, quantity=2)
    scored("quote", sale=declined)
    scored("confirm", sale=declined)
    scored.expect({ada: 2 * ORDERED_EVENT})
    mistaken = scored("sale", party=ada, lines=[["Book", 1]])
    scored("delete_sale", sale=mistaken)
    scored.expect({ada: 2 * ORDERED_EVENT})


def test_sale_of_negative_quantity_costs_points(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    scored("sell", party=ada, lines=[["Book", -2]], on=day(3, 1))
    scored.expect({ada: -2 * ORDERED_BOOK})


def test_sale_given_back_happened_when_it_was_sold(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    sale = scored("sell", party=ada, lines=[["Event", 1], ["Book", 2]], on=day(3, 1))
    back = scored("give_back", sale=sale)
    scored("remove_line", sale=back, position=0)
    scored.expect({ada: ORDERED_EVENT + 2 * ORDERED_BOOK})
    scored("quote", sale=back)
    scored("confirm", sale=back)
    scored.expect({ada: ORDERED_EVENT})
    sold_on = f"select engagement.score_at({ada}, '{day(3, 1)} 00:00+00')"
    assert scored.value(sold_on) == ORDERED_EVENT


def test_sale_for_somebody_else_counts_for_who_receives_it(scored: Tryton) -> None:
    scored.session.execute("select engagement.set_parameter('MULTIPLE_CONCURRENT_EMPLOYERS', 'Y')")
    ada, acme, other = (scored("party", name=name) for name in ("Ada", "Acme", "Other"))
    scored("employ", person=ada, company=acme, start=day(1, 1))
    scored("employ", person=ada, company=other, start=day(2, 1))
    scored("sell", party=acme, shipment_party=ada, lines=[["Book", 1]], on=day(3, 1))
    scored.expect({ada: ORDERED_BOOK, acme: 0}, {acme: ORDERED_BOOK, other: 0})


def test_sale_in_another_currency_counts_by_its_quantity(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    scored("sell", party=ada, lines=[["Event", 2], ["Book", 1]], currency="EUR", on=day(3, 1))
    scored.expect({ada: 2 * 10000})


def test_product_moved_to_another_category_moves_its_points(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    scored("sell", party=ada, lines=[["Event", 1], ["Book", 1]], on=day(3, 1))
    scored("categorize", name="Book", category="Membership")  # the oldest one counts
    scored.expect({ada: ORDERED_EVENT + ORDERED_BOOK})
    scored("categorize", name="Book", category="Event")
    scored.expect({ada: ORDERED_EVENT + 10000 + ORDERED_BOOK})
    scored("recategorize", name="Event", category="Book")
    scored.expect({ada: ORDERED_EVENT + ORDERED_BOOK})
    scored("recategorize", name="Book", category="Membership")
    scored.expect({ada: ORDERED_EVENT - 10000 + ORDERED_BOOK})


# -- invoices ------------------------------------------------------------------------------------


def test_invoice_counts_from_its_posting(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    sale = scored("sell", party=ada, lines=[["Event", 1], ["Book", 2]], on=day(3, 1))
    ordered, invoiced = ORDERED_EVENT + 2 * ORDERED_BOOK, EVENT + 2 * BOOK
    invoice = scored("invoice_of", sale=sale)
    scored("set_invoice_date", invoice=invoice, on=day(3, 2))
    scored("validate", invoice=invoice)
    scored.expect({ada: ordered})
    assert scored("post", invoice=invoice) == "posted"
    scored.expect({ada: ordered + invoiced})
    assert scored("pay", invoice=invoice) == "paid"
    scored.expect({ada: ordered + invoiced})


def test_invoice_that_never_was_posted_counts_nothing(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    draft = scored("invoice", party=ada, lines=[["Book", 1, 80]], on=day(3, 1))
    scored.expect({ada: 0})
    scored("delete_invoice", invoice=draft)
    cancelled = scored("invoice", party=ada, lines=[["Book", 1, 80]], on=day(3, 1))
    assert scored("cancel_invoice", invoice=cancelled) == "cancelled"
    scored.expect({ada: 0})


def test_invoice_of_a_supplier_counts_nothing(scored: Tryton) -> None:
    acme = scored("party", name="Acme")
    bill = scored("invoice", party=acme, lines=[["Book", 5, 10]], on=day(3, 1), type="in")
    assert scored("post", invoice=bill) == "posted"
    scored.expect({acme: 0})


def test_invoice_cancelled_without_credit_note_counts_nothing(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    scored("allow_cancelling_invoices")
    invoice = scored("invoice", party=ada, lines=[["Book", 1, 80]], on=day(3, 1))
    scored("post", invoice=invoice)
    scored.expect({ada: BOOK})
    assert scored("cancel_invoice", invoice=invoice) == "cancelled"
    scored.expect({ada: 0})


def test_credit_note_with_refund_takes_all_back_at_once(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    invoice = scored("invoice", party=ada, lines=[["Event", 1, 450], ["Book", 2, 80]], on=day(3, 1))
    scored("post", invoice=invoice)
    scored.expect({ada: EVENT + 2 * BOOK})
    credit = scored("credit", invoice=invoice, with_refund=True)
    assert scored("state_of_invoice", invoice=invoice) == "cancelled"
    assert scored("state_of_invoice", invoice=credit) == "paid"
    scored.expect({ada: 0})
    sold_on = f"select engagement.score_at({ada}, '{day(3, 1)} 00:00+00')"
    assert scored.value(sold_on) == 0


def test_credit_note_of_a_part_counts_from_its_posting(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    invoice = scored("invoice", party=ada, lines=[["Event", 1, 450], ["Book", 2, 80]], on=day(3, 1))
    scored("post", invoice=invoice)
    scored("pay", invoice=invoice)
    credit = scored("credit", invoice=invoice, with_refund=False)
    scored("remove_invoice_line", invoice=credit, position=0)
    scored.expect({ada: EVENT + 2 * BOOK})
    scored("post", invoice=credit)
    scored.expect({ada: EVENT})
    sold_on = f"select engagement.score_at({ada}, '{day(3, 1)} 00:00+00')"
    assert scored.value(sold_on) == EVENT


def test_credit_note_of_a_sale_leaves_the_order(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    sale = scored("sell", party=ada, lines=[["Event", 1]], on=day(3, 1))
    invoice = scored("invoice_of", sale=sale)
    scored("post", invoice=invoice)
    scored("credit", invoice=invoice, with_refund=True)
    scored.expect({ada: ORDERED_EVENT})


# -- subscriptions -------------------------------------------------------------------------------


def test_subscription_counts_while_it_runs(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    membership = scored("subscription", party=ada, start=day(1, 1))
    scored.expect({ada: 0})
    scored("click_subscription", subscription=membership, buttons=["quote"])
    scored.expect({ada: 0})
    scored("click_subscription", subscription=membership, buttons=["run"])
    scored.expect({ada: ORDERED_MEMBERSHIP})
    scored("click_subscription", subscription=membership, buttons=["draft"])
    scored.expect({ada: 0})
    scored("set_subscription_end", subscription=membership, end=day(12, 30))
    scored("click_subscription", subscription=membership, buttons=["quote", "run"])
    scored.expect({ada: 0})
    last = f"select engagement.score_at({ada}, '{day(12, 30)} 23:59+00')"
    assert scored.value(last) == ORDERED_MEMBERSHIP
    after = f"select engagement.score_at({ada}, '{day(12, 31)} 00:00+00')"
    assert scored.value(after) == 0


def test_subscription_invoices_its_period(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    membership = scored("subscription", party=ada, start=day(1, 1))
    scored("click_subscription", subscription=membership, buttons=["quote", "run"])
    invoice = scored("bill_subscriptions", on=day(1, 2))
    scored.expect({ada: ORDERED_MEMBERSHIP})
    scored("post", invoice=invoice)
    scored.expect({ada: ORDERED_MEMBERSHIP + MEMBERSHIP})


def test_renewal_is_a_term_that_was_followed_by_another(scored: Tryton) -> None:
    on, gone, back, new = (scored("party", name=name) for name in ("Ada", "Bob", "Eve", "Kim"))
    for party, start, end in (
        (on, "2021-03-01", None),
        (gone, "2021-03-01", "2022-02-28"),
        (back, "2021-03-01", "2021-12-31"),
        (back, "2022-02-01", "2023-01-31"),
        (new, day(1, 1), None),
    ):
        made = scored("subscription", party=party, start=start, end=end)
        scored("click_subscription", subscription=made, buttons=["quote", "run"])
    found = scored.rows(
        "select customer_id, decided_at::date::text, happened, value > 0"
        " from engagement_host.renewal"
        f" where customer_id in ({on}, {gone}, {back}) and decided_at < '2023-06-01'"
        " order by customer_id, decided_at"
    )
    assert found == [
        (on, "2022-03-01", True, True),
        (on, "2023-03-01", True, True),
        (gone, "2022-03-01", False, None),
        (back, "2022-01-01", True, True),
        (back, "2023-02-01", False, None),
    ]


# -- parties -------------------------------------------------------------------------------------


def test_committee_seat_counts_while_it_is_held(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    scored("join", person=ada, category="Newsletter")
    scored.expect({ada: 0})
    scored("join", person=ada, category="Board")
    scored.expect({ada: SEAT})
    scored("move_category", name="Newsletter", parent="Committee")
    scored.expect({ada: 2 * SEAT})
    scored("move_category", name="Newsletter", parent=None)
    scored("leave", person=ada, category="Board")
    scored.expect({ada: 0})
    scored("join", person=ada, category="Board")
    scored.expect({ada: SEAT})
    scored("abolish", category="Board")
    scored.expect({ada: 0})


def test_employer_of_the_day_gets_the_points(scored: Tryton) -> None:
    ada, acme, other = (scored("party", name=name) for name in ("Ada", "Acme", "Other"))
    at_acme = scored("employ", person=ada, company=acme, start=f"{YEAR}-01-01")
    scored("sell", party=ada, lines=[["Book", 1]], on=day(3, 1))
    scored("sell", party=ada, lines=[["Event", 1]], on=day(6, 1))
    own = {ada: ORDERED_BOOK + ORDERED_EVENT, acme: 0, other: 0}
    scored.expect(own, {acme: ORDERED_BOOK + ORDERED_EVENT, other: 0})
    scored("end_employment", relation=at_acme, end=day(5, 31))
    scored.expect(own, {acme: ORDERED_BOOK, other: 0})
    at_other = scored("employ", person=ada, company=other, start=day(6, 1), on_companys_form=True)
    scored.expect(own, {acme: ORDERED_BOOK, other: ORDERED_EVENT})
    kinds = "select customer_type from engagement_host.customer where customer_id = %s"
    assert [scored.value(kinds, key) for key in (ada, acme, other)] == [
        "INDIVIDUAL",
        "COMPANY",
        "COMPANY",
    ]
    scored("delete_relation", relation=at_other)
    scored.expect(own, {acme: ORDERED_BOOK, other: 0})


def test_relation_type_renamed_is_employment_no_more(scored: Tryton) -> None:
    ada, acme = scored("party", name="Ada"), scored("party", name="Acme")
    scored("employ", person=ada, company=acme)
    scored("sell", party=ada, lines=[["Book", 1]], on=day(3, 1))
    scored.expect({ada: ORDERED_BOOK, acme: 0}, {acme: ORDERED_BOOK})
    scored("rename_relation_type", name="Employee of", to="Friend of")
    scored.expect({ada: ORDERED_BOOK, acme: 0}, {acme: 0})


def test_company_buys_for_itself(scored: Tryton) -> None:
    ada, acme = scored("party", name="Ada"), scored("party", name="Acme")
    scored("employ", person=ada, company=acme, start=day(1, 1))
    scored("sell", party=acme, lines=[["Book", 1]], on=day(3, 1))
    scored.expect({ada: 0, acme: ORDERED_BOOK}, {acme: 0})


def test_party_merged_into_another_brings_its_points(scored: Tryton) -> None:
    ada, twin = scored("party", name="Ada"), scored("party", name="Ada again")
    scored("sell", party=ada, lines=[["Book", 1]], on=day(3, 1))
    scored("sell", party=twin, lines=[["Event", 1]], on=day(3, 1))
    membership = scored("subscription", party=twin, start=day(1, 1))
    scored("click_subscription", subscription=membership, buttons=["quote", "run"])
    scored("join", person=twin, category="Board")
    scored.value("select engagement.adjust(%s, 5, 'Helped')", twin)
    scored.expect({ada: ORDERED_BOOK, twin: ORDERED_EVENT + ORDERED_MEMBERSHIP + SEAT + 5})
    scored("deactivate", person=twin)
    scored("merge", source=twin, destination=ada)
    scored.session.execute("call engagement.recalculate()")  # the adjustment follows with a run
    # Tryton leaves the categories where they were.
    scored.expect({ada: ORDERED_BOOK + ORDERED_EVENT + ORDERED_MEMBERSHIP + 5, twin: SEAT})
    active = "select is_active from engagement_host.customer where customer_id = %s"
    assert (scored.value(active, ada), scored.value(active, twin)) == (True, False)


def test_party_erased_keeps_its_points_without_its_name(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    sale = scored("sell", party=ada, lines=[["Book", 1]], on=day(3, 1))
    invoice = scored("invoice_of", sale=sale)
    scored("post", invoice=invoice)
    scored("pay", invoice=invoice)
    scored.expect({ada: ORDERED_BOOK + BOOK})
    scored("deactivate", person=ada)
    scored("erase", person=ada)
    scored.expect({ada: ORDERED_BOOK + BOOK})
    name = "select display_name from engagement_host.customer where customer_id = %s"
    assert "Ada" not in scored.value(name, ada)


# -- two at once ---------------------------------------------------------------------------------


def test_two_transactions_on_one_customer_neither_wait_nor_fail(scored: Tryton) -> None:
    ada, acme = scored("party", name="Ada"), scored("party", name="Acme")
    scored("employ", person=ada, company=acme, start=day(1, 1))
    sales = [
        scored("sale", party=ada, lines=[[name, 1]], on=day(3, 1)) for name in ("Event", "Book")
    ]
    for sale in sales:
        scored("quote", sale=sale)
    scored.expect({ada: 0})
    other = scored.open_worker()
    assert scored("begin") == "repeatable read"
    assert other("begin") == "repeatable read"
    scored("in_transaction", model="sale.sale", ids=sales[:1], method="confirm")
    # The first has not committed: what the second would wait for never came.
    other("in_transaction", model="sale.sale", ids=sales[1:], method="confirm")
    other("commit")
    scored("commit")
    scored.expect(
        {ada: ORDERED_EVENT + ORDERED_BOOK, acme: 0}, {acme: ORDERED_EVENT + ORDERED_BOOK}
    )


def test_two_transactions_that_see_half_of_a_sale_each(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    sale = scored("sale", party=ada, lines=[["Book", 1]], on=day(3, 1))
    line = scored.value(f"select id from sale_line where sale = {sale}")
    other = scored.open_worker()
    scored("begin")
    other("begin")
    changed = {"model": "sale.line", "ids": [line], "arguments": [{"quantity": 5}]}
    scored("in_transaction", method="write", **changed)
    other("in_transaction", model="sale.sale", ids=[sale], method="quote")
    other("in_transaction", model="sale.sale", ids=[sale], method="confirm")
    other("commit")
    scored("commit")
    # Whoever came first could not see the other half; the queue knows, verify leaves it out.
    assert scored.rows("select * from engagement.verify()") == []
    scored.session.execute("call engagement.recalculate()")
    scored.expect({ada: 5 * ORDERED_BOOK})


def test_refresh_and_full_run_leave_tryton_its_locks(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    sale = scored("sale", party=ada, lines=[["Event", 1]], on=day(3, 1))
    scored("quote", sale=sale)
    with scored.session.transaction():
        scored.session.execute("call engagement.refresh_customer(%s)", (ada,))
        scored("begin", lock_sales=[sale])  # fails at once where somebody else has one
        scored("in_transaction", model="sale.sale", ids=[sale], method="confirm")
    scored.session.execute("call engagement.recalculate('FULL')")
    scored("commit")
    scored.expect({ada: ORDERED_EVENT})
