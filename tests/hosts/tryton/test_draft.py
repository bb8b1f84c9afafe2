"""What a draft makes of Tryton's catalogue, beside the adapter that was written by hand."""

from __future__ import annotations

from draft.measure import Expected, draft_of, measure

from .conftest import Tryton
from .test_adapter import live_years

#: The choices of sql/hosts/tryton.sql.
CHOICES: Expected = {
    "sale_line": {
        "source_id": {"sale_line.id"},
        "document_id": {"sale_sale.id"},
        "customer_id": {"sale_sale.shipment_party", "sale_sale.party"},
        "employer_id": {"sale_sale.shipment_party", "sale_sale.party"},
        "subject_id": {"p.template"},
        "subject_class": {"c.category", "c.template", "p.template"},
        "quantity": {"sale_line.quantity"},
        "amount": {"sale_line.quantity", "sale_line.unit_price", "sale_sale.currency"},
        "occurred_at": {"sale_sale.sale_date"},
        "where": {"h.state in ('confirmed', 'processing', 'done')", "l.type in ('line')"},
    },
    "account_invoice_line": {
        "source_id": {"account_invoice_line.id"},
        "document_id": {"account_invoice.id"},
        "customer_id": {"account_invoice.party"},
        "employer_id": "null::engagement.host_key",
        "subject_id": {"p.template"},
        "subject_class": {"c.category", "c.template", "p.template"},
        "quantity": {"account_invoice_line.quantity"},
        "amount": {
            "account_invoice_line.quantity",
            "account_invoice_line.unit_price",
            "account_invoice.currency",
        },
        "occurred_at": {"account_invoice.invoice_date"},
        "where": {"h.state in ('posted', 'paid')", "h.type in ('out')", "l.type in ('line')"},
    },
    "sale_subscription_line": {
        "source_id": {"sale_subscription_line.id"},
        "document_id": {"sale_subscription.id"},
        "customer_id": {"sale_subscription.party"},
        "employer_id": "null::engagement.host_key",
        "subject_id": {"p.product"},
        "quantity": {"sale_subscription_line.quantity"},
        "amount": {
            "sale_subscription_line.quantity",
            "sale_subscription_line.unit_price",
            "sale_subscription.currency",
        },
        "occurred_at": {"sale_subscription_line.start_date"},
        "ended_at": {"sale_subscription_line.end_date", "sale_subscription.end_date"},
        "where": {"h.state in ('running', 'closed')"},
    },
    "party_party_party_category": {
        "source_id": {"party_party-party_category.id"},
        "document_id": "null::engagement.host_key",
        "customer_id": {"party_party-party_category.party"},
        "subject_id": {"party_party-party_category.category"},
        "subject_class": {"p.parent"},
        "occurred_at": {"party_party-party_category.create_date"},
        "ended_at": "null::timestamptz",
    },
}


def test_draft_beside_the_adapter_written_by_hand(tryton: Tryton) -> None:
    live_years(tryton)
    tryton.session.execute("analyze")
    draft = draft_of(tryton.session)
    found = measure(draft, "party_party", CHOICES)
    assert not found.wrong, found
    assert found.share_right >= 0.7, found
