"""What Tryton takes back, by its own wizards: credit notes, returns and what becomes of them.

Who buys in these tests is scored by the rules of the test alone; ``scores`` checks every step.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .conftest import Tryton, day

#: The rules of the other tests stop; they are not to be reckoned with here.
RETIRE = """
select engagement.retire_rule(r.rule_code, p_retroactive => true)
from engagement.score_rule r
where r.rule_code in ('ORDERED', 'INVOICED', 'EVENT', 'COMMITTEE')
"""


class Shop:
    """Invoices of one line for one party, what is credited of them, and the score after each."""

    def __init__(self, tryton: Tryton) -> None:
        self.tryton = tryton
        tryton.session.execute(RETIRE)
        self.ada = tryton("party", name="Ada")

    def rule(self, effective_when: str = "INVOICE_CREATION", **columns: Any) -> None:
        """Add a rule for purchases."""
        arguments = "".join(f", p_{name} => %({name})s" for name in columns)
        self.tryton.session.execute(
            "select engagement.add_rule(%(effective_when)s, 'PURCHASES_DONATIONS',"
            f" 'PRODUCT_PURCHASE', %(effective_when)s{arguments})".encode(),
            {"effective_when": effective_when, **columns},
        )
        self.tryton.session.execute("call engagement.recalculate('FULL')")

    def draft(self, amount: Any, quantity: int = 1) -> int:
        """A draft of an invoice: quantity × amount."""
        lines = [["Book", quantity, amount]]
        invoice: int = self.tryton("invoice", party=self.ada, lines=lines, on=day(3, 3))
        return invoice

    def sell(self, amount: Any, quantity: int = 1) -> int:
        """A posted invoice."""
        invoice = self.draft(amount, quantity)
        self.tryton("post", invoice=invoice)
        return invoice

    def credit(self, invoice: int, on: str = day(6, 10), **line: str) -> int:
        """A posted credit note; *line* is what its draft has otherwise than the wizard made it."""
        note: int = self.tryton("credit", invoice=invoice, with_refund=False, on=on)
        if line:
            self.tryton("set_invoice_line", invoice=note, position=0, **line)
        self.tryton("post", invoice=note)
        return note

    def scores(self, points: Any) -> None:
        """The score is so much: by the triggers, by the next run, and by a FULL one."""
        self.tryton.expect({self.ada: Decimal(points)})


@pytest.fixture
def shop(scored: Tryton) -> Shop:
    """An organisation with one party that buys."""
    return Shop(scored)


def test_credit_of_all_under_a_cap_leaves_nothing(shop: Shop) -> None:
    shop.rule(amount_score=1, cap_points=50, cap_period="MONTH")
    invoice = shop.sell(100)
    shop.scores(50)
    shop.credit(invoice)
    shop.scores(0)


def test_credit_of_a_part_above_the_cap_takes_nothing(shop: Shop) -> None:
    shop.rule(amount_score=1, cap_points=50, cap_period="MONTH")
    shop.credit(shop.sell(100), unit_price="30")
    shop.scores(50)


def test_credit_makes_room_under_the_cap(shop: Shop) -> None:
    shop.rule(amount_score=1, cap_points=50, cap_period="MONTH")
    shop.sell(40)
    second = shop.sell(40)
    shop.scores(50)
    shop.credit(second)
    shop.scores(40)


def test_credit_in_parts_keeps_the_flat_score_until_nothing_is_left(shop: Shop) -> None:
    shop.rule(flat_score=5, amount_score="0.1")
    gift = shop.sell(100)
    shop.scores(15)
    shop.credit(gift, unit_price="40")
    shop.scores(11)
    shop.credit(gift, unit_price="60")
    shop.scores(0)


def test_credit_of_a_part_of_a_fee_keeps_the_membership(shop: Shop) -> None:
    """The subscription itself is an order; the invoice that it makes is what is credited."""
    shop.rule(flat_score=25)
    act = shop.tryton
    membership = act("subscription", party=shop.ada, start=day(1, 1))
    act("click_subscription", subscription=membership, buttons=["quote", "run"])
    invoice = act("bill_subscriptions", on=day(1, 2))
    act("post", invoice=invoice)
    shop.scores(25)
    shop.credit(invoice, unit_price="20")
    shop.scores(25)


def test_credit_of_some_pieces(shop: Shop) -> None:
    shop.rule(flat_score=3)
    invoice = shop.sell(10, quantity=5)
    shop.credit(invoice, quantity="-2")
    shop.scores(3)
    shop.credit(invoice, quantity="-3")
    shop.scores(0)


def test_credit_whose_sign_is_in_the_price(shop: Shop) -> None:
    """The wizard turns the quantity; who edits the draft may turn the price instead."""
    shop.rule(quantity_score=10)
    invoice = shop.sell(100)
    shop.scores(10)
    shop.credit(invoice, quantity="1", unit_price="-100")
    shop.scores(0)


def test_line_with_the_sign_of_its_origin_adds_to_it(shop: Shop) -> None:
    shop.rule(amount_score=1)
    invoice = shop.sell(100)
    shop.credit(invoice, quantity="1", unit_price="30")
    shop.scores(130)


@pytest.mark.parametrize("with_refund", [False, True])
def test_credit_note_that_is_credited_gives_back_with_the_dates_of_the_sale(
    shop: Shop, with_refund: bool
) -> None:
    shop.rule(amount_score=1)
    invoice = shop.sell(100)
    if with_refund:
        note = shop.tryton("credit", invoice=invoice, with_refund=True, on=day(6, 10))
        assert shop.tryton("state_of_invoice", invoice=invoice) == "cancelled"
    else:
        note = shop.credit(invoice)
    shop.scores(0)
    again = shop.credit(note, on=day(9, 1))
    shop.scores(100)
    live = shop.tryton.rows("select document_id from engagement.award where voided_at is null")
    assert live == [(invoice,)]
    on = f"select engagement.score_at({shop.ada}, '{{}} 00:00+00')"
    for date, points in ((day(3, 2), 0), (day(3, 3), 100), (day(6, 11), 100)):
        assert shop.tryton.value(on.format(date)) == points
    shop.credit(again, on=day(9, 2), unit_price="30")
    shop.scores(70)


def test_invoice_credited_and_then_cancelled_is_taken_back_once(shop: Shop) -> None:
    shop.rule(flat_score=5, amount_score=1)
    act = shop.tryton
    act("allow_cancelling_invoices")
    invoice = shop.sell(100)
    shop.credit(invoice, unit_price="40")
    shop.scores(65)
    assert act("cancel_invoice", invoice=invoice) == "cancelled"
    shop.scores(0)


def test_credit_note_that_is_cancelled_takes_nothing_back(shop: Shop) -> None:
    shop.rule(amount_score=1)
    act = shop.tryton
    act("allow_cancelling_invoices")
    note = shop.credit(shop.sell(100))
    shop.scores(0)
    assert act("cancel_invoice", invoice=note) == "cancelled"
    shop.scores(100)


def test_credit_note_of_a_draft_does_nothing(shop: Shop) -> None:
    shop.rule(amount_score=1)
    draft = shop.draft(100)
    shop.credit(draft, unit_price="30")
    shop.scores(0)
    shop.tryton("set_invoice_date", invoice=draft, on=day(6, 11))  # numbers follow the dates
    shop.tryton("post", invoice=draft)
    shop.scores(70)


def test_credits_of_an_amount_that_does_not_divide(shop: Shop) -> None:
    shop.rule(amount_score="0.333")
    invoice = shop.sell(100)
    for amount in ("33.33", "33.33", "33.34"):
        shop.credit(invoice, unit_price=amount)
    shop.scores(0)


# -- returns of sales ----------------------------------------------------------------------------


def returned(shop: Shop, lines: list[list[Any]]) -> tuple[int, int]:
    """A sale, and the draft of its return."""
    sale = shop.tryton("sell", party=shop.ada, lines=lines, on=day(3, 3))
    return sale, shop.tryton("give_back", sale=sale)


def confirm(shop: Shop, sale: int) -> None:
    """Quote and confirm."""
    shop.tryton("quote", sale=sale)
    shop.tryton("confirm", sale=sale)


def test_return_of_some_pieces_keeps_the_flat_score(shop: Shop) -> None:
    shop.rule("ORDER_CREATION", flat_score=3)
    _, back = returned(shop, [["Book", 5]])
    shop.scores(3)
    shop.tryton("set_quantity", sale=back, position=0, quantity=-2)
    confirm(shop, back)
    shop.scores(3)


def test_return_under_a_cap_and_its_return_in_turn(shop: Shop) -> None:
    shop.rule("ORDER_CREATION", amount_score=1, cap_points=50, cap_period="MONTH")
    _, back = returned(shop, [["Book", 1]])
    shop.scores(50)
    confirm(shop, back)
    shop.scores(0)
    confirm(shop, shop.tryton("give_back", sale=back))
    shop.scores(50)
    sold_on = f"select engagement.score_at({shop.ada}, '{day(3, 3)} 00:00+00')"
    assert shop.tryton.value(sold_on) == 50


def test_return_takes_each_line_back_once(shop: Shop) -> None:
    shop.rule("ORDER_CREATION", flat_score=7)
    _, back = returned(shop, [["Book", 1], ["Event", 1], ["Book", 1]])
    shop.scores(21)
    confirm(shop, back)
    shop.scores(0)


def test_return_of_what_was_not_sold_costs_points(shop: Shop) -> None:
    """Which line another product takes back, Tryton does not say."""
    shop.rule("ORDER_CREATION", quantity_score=1)
    _, back = returned(shop, [["Book", 3]])
    shop.tryton("remove_line", sale=back, position=0)
    shop.tryton("add_line", sale=back, name="Event", quantity=-1)
    confirm(shop, back)
    shop.scores(2)
