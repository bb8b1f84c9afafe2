"""Reversals: what a host takes back, the customer no longer has; what was kept still earns."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from scoring.host import Document, Host, Line

LATER = "2025-06-10+00"


@pytest.fixture(params=["IMMEDIATE", "DEFERRED"])
def shop(host: Host, request: pytest.FixtureRequest) -> Shop:
    """The host with one customer, in both trigger modes."""
    host.set(TRIGGER_MODE=request.param)
    return Shop(host, request.param)


class Shop:
    """Invoices and credit notes for one customer, and what the score must be after each."""

    def __init__(self, host: Host, mode: str) -> None:
        self.host = host
        self.mode = mode
        self.customer = host.customer()

    def rule(self, **columns: Any) -> None:
        """The rule by which invoices score."""
        self.host.rule(effective_when="INVOICE_CREATION", **columns)

    def sell(self, quantity: Any = 1, amount: Any = 0, **options: Any) -> Document:
        """An invoice of one line."""
        return self.host.invoice(self.customer, Line(quantity=quantity, amount=amount), **options)

    def credit(self, what: Document, quantity: Any, amount: Any, **options: Any) -> Document:
        """A credit note of one line, in the month after."""
        return self.sell(quantity, amount, **{"at": LATER, "reverses": what.line} | options)

    def set_status(self, what: Document, status: str) -> None:
        """The state of an invoice or credit note."""
        self.host.run(
            "update crm.invoice set invoice_status = %s where invoice_id = %s", status, what.key
        )

    def scores(self, points: Any) -> None:
        """The score is so much: at once where awards are immediate, and after the next run."""
        if self.mode == "IMMEDIATE":
            assert self.host.score_at(self.customer) == Decimal(str(points))
        self.host.proven()
        assert self.host.agreed(self.customer) == Decimal(str(points))
        with self.host.unchanged_but_runs():
            self.host.proven("FULL")


def test_reversal_of_all_under_a_cap_leaves_nothing(shop: Shop) -> None:
    shop.rule(amount_score=1, cap_points=50, cap_period="MONTH")
    sale = shop.sell(amount=100)
    shop.scores(50)
    shop.credit(sale, -1, -100)
    shop.scores(0)


def test_reversal_of_a_part_above_the_cap_takes_nothing(shop: Shop) -> None:
    shop.rule(amount_score=1, cap_points=50, cap_period="MONTH")
    sale = shop.sell(amount=100)
    shop.credit(sale, 0, -30)
    shop.scores(50)


def test_reversal_makes_room_for_others_of_the_period(shop: Shop) -> None:
    shop.rule(amount_score=1, cap_points=50, cap_period="MONTH")
    first, second = shop.sell(amount=40), shop.sell(amount=40)
    shop.scores(50)
    shop.credit(second, -1, -40)
    shop.scores(40)
    shop.credit(first, -1, -15)
    shop.scores(25)


@pytest.mark.parametrize("pieces", [-1, 0, 1])
def test_reversal_in_parts_keeps_the_flat_score_until_nothing_is_left(
    shop: Shop, pieces: int
) -> None:
    shop.rule(flat_score=5, amount_score="0.1")
    gift = shop.sell(amount=100)
    shop.scores(15)
    shop.credit(gift, pieces, -40)
    shop.scores(11)
    shop.credit(gift, pieces, -60)
    shop.scores(0)


def test_reversal_of_a_part_of_a_fee_keeps_a_flat_score(shop: Shop) -> None:
    shop.rule(flat_score=25)
    shop.credit(shop.sell(amount=80), 0, -20)
    shop.scores(25)


def test_reversal_of_some_pieces(shop: Shop) -> None:
    shop.rule(flat_score=3)
    shop.rule(code="EACH", quantity_score=10)
    sale = shop.sell(quantity=5, amount=50)
    shop.scores(53)
    credit = shop.credit(sale, -2, -20)
    shop.scores(33)
    (row,) = [r for r in shop.host.explain(shop.customer) if r.rule_code == "EACH"]
    assert (row.quantity, row.amount) == (3, 30)
    assert row.arithmetic == f"10 × 3 = 30; 3 of 5 kept, 2 taken back by {credit.key}"


def test_reversal_takes_whichever_sign_the_host_writes(shop: Shop) -> None:
    shop.rule(quantity_score=10)
    shop.credit(shop.sell(quantity=1, amount=100), 1, -100)
    shop.scores(0)
    shop.credit(shop.sell(quantity=2, amount=100), 1, 50)
    shop.scores(10)


def test_reversal_of_a_reversal_gives_back_with_the_dates_of_the_sale(shop: Shop) -> None:
    shop.rule(amount_score=1, valid_for_weeks=20)
    sale = shop.sell(amount=100)
    credit = shop.credit(sale, -1, -100)
    shop.scores(0)
    again = shop.credit(credit, 1, 100, at="2025-06-14+00")
    shop.scores(100)
    (award,) = [a for a in shop.host.awards(shop.customer) if a.voided_at is None]
    assert (award.source_id, str(award.effective_at.date())) == (sale.line, "2025-03-03")
    shop.credit(again, -1, -30, at="2025-06-14+00")
    shop.scores(70)


def test_reversal_and_a_changed_state_take_once(shop: Shop) -> None:
    shop.rule(amount_score=1)
    sale = shop.sell(amount=100)
    shop.credit(sale, -1, -100)
    shop.set_status(sale, "VOID")
    shop.scores(0)
    shop.set_status(sale, "PAID")
    shop.scores(0)


def test_reversal_of_a_draft_does_nothing(shop: Shop) -> None:
    shop.rule(amount_score=1)
    draft = shop.sell(amount=100, status="DRAFT")
    shop.credit(draft, -1, -30)
    shop.scores(0)
    shop.set_status(draft, "POSTED")
    shop.scores(70)


def test_reversals_of_an_amount_that_does_not_divide(shop: Shop) -> None:
    shop.rule(amount_score="0.333")
    sale = shop.sell(amount=100)
    for amount in ("-33.33", "-33.33", "-33.34"):
        shop.credit(sale, 0, amount)
    shop.scores(0)


def test_reversals_of_more_than_was_sold_leave_nothing_negative(shop: Shop) -> None:
    shop.rule(amount_score=1)
    sale = shop.sell(amount=100)
    shop.credit(sale, -1, -80)
    shop.credit(sale, -1, -80)
    shop.scores(0)


def test_reversals_without_pieces_and_money_take_all(shop: Shop) -> None:
    shop.rule(flat_score=4)
    sale = shop.sell(quantity=0)
    credit = shop.credit(sale, 0, 0)
    shop.scores(0)
    shop.credit(credit, 0, 0)
    shop.scores(4)


def _unpost(shop: Shop, credit: Document, _other: Document) -> None:
    shop.set_status(credit, "DRAFT")


def _delete_header(shop: Shop, credit: Document, _other: Document) -> None:
    shop.host.run("delete from crm.invoice where invoice_id = %s", credit.key)


def _delete_line(shop: Shop, credit: Document, _other: Document) -> None:
    shop.host.run("delete from crm.invoice_line where invoice_line_id = %s", credit.line)


def _repoint(shop: Shop, credit: Document, other: Document) -> None:
    shop.host.run(
        "update crm.invoice_line set reverses_line_id = %s where invoice_line_id = %s",
        *(other.line, credit.line),
    )


def _point_nowhere(shop: Shop, credit: Document, _other: Document) -> None:
    shop.host.run(
        "update crm.invoice_line set reverses_line_id = null, amount = 0"
        " where invoice_line_id = %s",
        credit.line,
    )


@pytest.mark.parametrize(
    ("undo", "points"),
    [
        (_unpost, 107),
        (_delete_header, 107),
        (_delete_line, 107),
        (_repoint, 100),
        (_point_nowhere, 107),
    ],
)
def test_reversal_that_is_undone_gives_the_points_back(
    shop: Shop, undo: Callable[[Shop, Document, Document], None], points: int
) -> None:
    shop.rule(amount_score=1)
    sale, other = shop.sell(amount=100), shop.sell(amount=7)
    credit = shop.credit(sale, -1, -40)
    shop.scores(67)
    undo(shop, credit, other)
    shop.scores(points)
    assert "REVERSED" in shop.host.reasons(shop.customer)


@pytest.mark.parametrize("sale_first", [True, False])
def test_reversal_in_the_transaction_of_the_sale(shop: Shop, sale_first: bool) -> None:
    shop.rule(amount_score=1)
    with shop.host.session.transaction():
        sale = shop.sell(amount=100, status="DRAFT")
        credit = shop.credit(sale, -1, -30, status="DRAFT")
        for what in (sale, credit) if sale_first else (credit, sale):
            shop.set_status(what, "POSTED")
    shop.scores(70)


def test_reversal_in_the_statement_of_the_sale(shop: Shop) -> None:
    shop.rule(amount_score=1)
    with shop.host.session.transaction():
        sale, credit = shop.sell(amount=1), shop.sell(amount=1)
        shop.host.run("delete from crm.invoice_line")
        shop.host.run(
            "insert into crm.invoice_line (invoice_line_id, invoice_id, ship_customer_id,"
            " product_id, amount, reverses_line_id) values (%s, %s, %s, 'BOOK', 100, null),"
            " (%s, %s, %s, 'BOOK', -30, %s)",
            *(sale.line, sale.key, shop.customer),
            *(credit.line, credit.key, shop.customer, sale.line),
        )
    shop.scores(70)


def test_reversal_by_another_customer_takes_from_who_bought(shop: Shop) -> None:
    shop.rule(amount_score=1)
    other = shop.host.customer()
    sale = shop.sell(amount=100)
    shop.scores(100)
    shop.host.invoice(other, Line(quantity=-1, amount=-40), at=LATER, reverses=sale.line)
    shop.scores(60)
    assert shop.host.agreed(other) == 0


def test_reversals_at_a_refresh(host: Host) -> None:
    host.set(TRIGGER_MODE="DEFERRED")
    shop = Shop(host, "DEFERRED")
    shop.rule(amount_score=1)
    sale = shop.sell(amount=100)
    credit = shop.credit(sale, -1, -40)
    host.refresh(shop.customer)
    assert host.score(shop.customer).own_score == 60
    shop.set_status(credit, "VOID")
    host.refresh(shop.customer)
    assert host.score(shop.customer).own_score == 100
    host.run("delete from crm.invoice where invoice_id = %s", credit.key)
    shop.scores(100)


def test_reversal_is_the_cause_of_the_change(shop: Shop) -> None:
    shop.rule(flat_score=5, amount_score="0.1")
    sale = shop.sell(amount=100)
    shop.scores(15)
    before = shop.host.clock()
    shop.credit(sale, 0, -40)
    shop.scores(11)
    assert shop.host.change(shop.customer, before, shop.host.clock()) == {"REVERSED": -4}
    assert shop.host.score_at(shop.customer, known_at=before) == 15


def test_reversals_in_a_circle_lead_to_no_sale(shop: Shop) -> None:
    shop.rule(amount_score=1)
    sale = shop.sell(amount=100)
    first = shop.credit(sale, -1, -40)
    second = shop.credit(first, 1, 40)
    shop.scores(100)
    _repoint(shop, first, second)
    shop.scores(100)
    _repoint(shop, first, first)
    shop.scores(100)
    _repoint(shop, first, sale)
    _delete_line(shop, second, sale)
    shop.scores(60)


def test_reversal_with_a_number_that_cannot_be_reckoned_with_is_reported(shop: Shop) -> None:
    shop.rule(amount_score=1)
    sale = shop.sell(amount=100)
    credit = shop.credit(sale, -1, "NaN")
    shop.host.recalculate()
    assert shop.host.live(shop.customer) == []
    assert len(shop.host.failures()) == 1
    shop.host.run("update crm.invoice_line set amount = -1 where invoice_line_id = %s", credit.line)
    shop.scores(99)
    assert shop.host.failures() == []


def test_reversals_stored_wrongly_are_found_and_mended(shop: Shop) -> None:
    shop.rule(amount_score=1)
    sale = shop.sell(amount=100)
    shop.credit(sale, -1, -40)
    shop.scores(60)
    stored, award = {"sum of reversals differs"}, {"award differs"}
    for wrong, checks in (
        ("update engagement.reversal set amount = 1", {"reversal differs"} | stored),
        ("delete from engagement.reversal", {"reversal differs"} | stored),
        ("update engagement.reversed_activity set amount = 1", award | stored),
        ("delete from engagement.reversed_activity", award | stored),
    ):
        shop.host.run(wrong)
        assert {row[0] for row in shop.host.verify()} == checks
        shop.host.proven("FULL")
        assert shop.host.agreed(shop.customer) == 60
