"""What a draft makes of Oscar's catalogue, beside the adapter that was written by hand."""

from __future__ import annotations

from draft.measure import Expected, draft_of, measure

from .conftest import Shop
from .test_adapter import pass_years

#: The choices of sql/hosts/oscar.sql.
CHOICES: Expected = {
    "order_line": {
        "source_id": {"order_line.id"},
        "document_id": {"order_order.id"},
        "customer_id": {"order_order.user_id"},
        "employer_id": "null::engagement.host_key",
        "subject_id": {"p.parent_id", "p.id"},
        "subject_class": {"c.category_id", "c.product_id", "p.parent_id", "p.id"},
        "quantity": {"order_line.quantity"},
        "amount": {"order_line.line_price_excl_tax", "order_order.currency"},
        "occurred_at": {"order_order.date_placed"},
        "ended_at": "null::timestamptz",
        "where": {
            "h.user_id is not null",
            "h.status in ('Pending', 'Being processed', 'Complete', '')",
        },
    },
}


def test_draft_beside_the_adapter_written_by_hand(shop: Shop) -> None:
    pass_years(shop)
    shop.session.execute("analyze")
    draft = draft_of(shop.session)
    found = measure(draft, "auth_user", CHOICES)
    assert not found.wrong, found
    assert found.share_right >= 0.7, found
