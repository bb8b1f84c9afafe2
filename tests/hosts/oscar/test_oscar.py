"""What happens in a shop, by Oscar's own code, and the points that a person would expect of it.

Without tax a novel costs 80, a membership 120, a place at the congress 450; conftest.RULES says
what earns points. Tax of 20 % comes on top.
"""

from __future__ import annotations

from .conftest import Shop

NOVEL, MEMBERSHIP = 80, 120
PLACE = 10000 + 450
DAY = "2025-03-01T10:00+00:00"


def test_order_counts_when_it_is_placed(scored: Shop) -> None:
    ada = scored("user", name="ada")
    lines = [["Novel", 2], ["Congress, hall", 1]]
    order = scored("order", user=ada, lines=lines, on=DAY)
    points = 2 * NOVEL + PLACE
    scored.expect((ada, points))
    before, after = "2025-03-01 09:59+00", "2025-03-01 10:00+00"
    at = f"select engagement.score_at({ada}, %s)"
    assert [scored.value(at, before), scored.value(at, after)] == [0, points]
    for status in ("Being processed", "Complete"):
        scored("set_order_status", order=order, status=status)
    scored("debit", order=order)
    scored("pay", order=order, type="Settled", quantities=[2, 1])
    scored("ship", order=order, type="Shipped", quantities=[2, 1])
    scored("log_in", user=ada)
    scored("rename_product", title="Novel", to="Long novel")
    scored.expect((ada, points))


def test_order_or_line_that_is_cancelled_counts_nothing(scored: Shop) -> None:
    ada = scored("user", name="ada")
    lines = [["Novel", 1], ["Congress, hall", 1], ["Membership", 1]]
    order = scored("order", user=ada, lines=lines, on=DAY)
    scored("set_line_status", order=order, position=0, status="Cancelled")
    scored.expect((ada, PLACE + MEMBERSHIP))
    for status in ("Being processed", "Shipped"):
        scored("set_line_status", order=order, position=1, status=status)
    scored.expect((ada, PLACE + MEMBERSHIP))
    scored("set_order_status", order=order, status="Cancelled")  # a shipped line stays shipped
    scored.expect((ada, 0))


def test_line_or_order_that_is_edited_or_deleted(scored: Shop) -> None:
    ada = scored("user", name="ada")
    order = scored("order", user=ada, lines=[["Congress, hall", 1]], on=DAY)
    scored("set_quantity", order=order, position=0, quantity=3)
    scored.expect((ada, 30000 + 450))  # the price of the line is another column
    scored("delete_order", order=order)
    scored.expect((ada, 0))


def test_order_of_a_guest_earns_nobody_anything_until_it_is_given_to_a_user(scored: Shop) -> None:
    ada, bob = scored("user", name="ada"), scored("user", name="bob")
    order = scored("order", user=None, lines=[["Novel", 1]], on=DAY)
    scored.expect((ada, 0), (bob, 0))
    scored("give_order", order=order, user=ada)
    scored.expect((ada, NOVEL), (bob, 0))
    scored("give_order", order=order, user=bob)
    scored.expect((ada, 0), (bob, NOVEL))
    scored("delete_user", user=bob)
    scored.expect((ada, 0))


def test_event_takes_pieces_of_a_line_back(scored: Shop) -> None:
    ada = scored("user", name="ada")
    order = scored("order", user=ada, lines=[["Congress, hall", 4], ["Novel", 1]], on=DAY)
    scored("ship", order=order, type="Cancelled", quantities=[1, 0])
    scored.expect((ada, 3 * PLACE + NOVEL))
    returned = scored("ship", order=order, type="Returned", quantities=[1, 1])
    scored("pay", order=order, type="Refunded", quantities=[1, 1])  # the same pieces
    scored.expect((ada, 2 * PLACE))
    scored("pay", order=order, type="Refunded", quantities=[2, 0])
    scored.expect((ada, PLACE))
    scored("delete_shipping_event", order=order, event=returned)
    scored.expect((ada, PLACE))
    scored("recode_payment_event_type", name="Refunded", code="something-else")
    scored.session.execute("call engagement.recalculate()")  # any line may be concerned
    scored.expect((ada, 3 * PLACE + NOVEL))
    placed = f"select engagement.score_at({ada}, '2025-03-01 10:00+00')"
    assert scored.value(placed) == 3 * PLACE + NOVEL


def test_money_refunded_lowers_nothing_until_all_is_refunded(scored: Shop) -> None:
    ada, bob = scored("user", name="ada"), scored("user", name="bob")
    paid, unpaid = (
        scored("order", user=user, lines=[["Novel", 1], ["Congress, hall", 1]], on=DAY)
        for user in (ada, bob)
    )
    scored("debit", order=paid)
    scored("refund", order=paid, amount="635.99")
    scored("pay", order=unpaid, type="Refunded")  # of the order as a whole: no line is named
    scored.expect((ada, NOVEL + PLACE), (bob, NOVEL + PLACE))
    scored("refund", order=paid, amount="0.01")
    scored.expect((ada, 0), (bob, NOVEL + PLACE))


def test_amount_is_what_the_voucher_leaves_in_the_shops_currency(scored: Shop) -> None:
    ada, bob = scored("user", name="ada"), scored("user", name="bob")
    scored("order", user=ada, lines=[["Congress, hall", 2]], on=DAY, voucher="HALF")
    scored("price", title="Congress, hall", price=500, currency="EUR")
    scored("order", user=bob, lines=[["Congress, hall", 2]], on=DAY)
    scored.expect((ada, 20000 + 450), (bob, 20000))


def test_product_moved_in_the_catalogue_moves_its_points(scored: Shop) -> None:
    ada = scored("user", name="ada")
    lines = [["Novel", 1], ["Congress, hall", 1], ["Congress, stream", 1]]
    scored("order", user=ada, lines=lines, on=DAY)
    scored.expect((ada, NOVEL + 2 * PLACE))
    subjects = scored.rows(
        "select display_name, count(*) from engagement.award"
        " join engagement_host.subject using (subject_id) group by display_name order by 1"
    )
    assert subjects == [("Congress", 4), ("Novel", 1)]
    scored("categorize", title="Novel", category="Offers")  # the oldest one counts
    scored.expect((ada, NOVEL + 2 * PLACE))
    scored("recategorize", title="Novel", category="Events")
    scored.expect((ada, 10000 + NOVEL + 2 * PLACE))
    scored("recategorize", title="Novel", category="Fiction")
    scored("make_parent", title="Recordings")
    scored("move_variant", title="Congress, stream", parent="Recordings")
    scored.expect((ada, NOVEL + PLACE + 450))
    scored("delete_product", title="Congress")  # and its variants: there is no class any more
    scored.expect((ada, NOVEL + 2 * 450))


def test_category_moved_below_another_one_takes_its_products_along(scored: Shop) -> None:
    ada = scored("user", name="ada")
    scored("order", user=ada, lines=[["Novel", 1]], on=DAY)
    scored("move_category", name="Books", below="Events")
    scored.session.execute("call engagement.recalculate()")  # any line may be concerned
    scored.expect((ada, 10000 + NOVEL))
