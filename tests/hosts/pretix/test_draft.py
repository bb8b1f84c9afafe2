"""What a draft makes of pretix's catalogue, beside the adapter that was written by hand."""

from __future__ import annotations

from collections.abc import Callable

from draft.measure import Expected, draft_of, measure

from .conftest import Pretix
from .test_adapter import live_years

#: The choices of sql/hosts/pretix.sql. Which classes products are of, no catalogue tells. That a
#: cancelled invoice has the quantity -1 is part of what the draft asks about refers_id.
CHOICES: Expected = {
    "pretixbase_orderposition": {
        "source_id": {"pretixbase_orderposition.id"},
        "document_id": {"pretixbase_order.id"},
        "customer_id": {"pretixbase_order.customer_id"},
        "employer_id": "null::engagement.host_key",
        "subject_id": {"p.event_id"},
        "quantity": "1::numeric",
        "amount": {"pretixbase_orderposition.price"},
        "occurred_at": {"pretixbase_order.datetime"},
        "ended_at": "null::timestamptz",
        "where": {
            "l.canceled is not true",
            "h.status in ('n', 'p')",
            "h.testmode is not true",
            "h.customer_id is not null",
        },
    },
    "pretixbase_invoiceline": {
        "source_id": {"pretixbase_invoiceline.id"},
        "document_id": {"pretixbase_order.id"},
        "customer_id": {"pretixbase_order.customer_id"},
        "employer_id": "null::engagement.host_key",
        "subject_id": {"p.event_id"},
        "amount": {"pretixbase_invoiceline.gross_value"},
        "occurred_at": {"pretixbase_invoice.date"},
        "ended_at": "null::timestamptz",
        "where": {"g.testmode is not true", "g.customer_id is not null"},
    },
    "pretixbase_membership": {
        "source_id": {"pretixbase_membership.id"},
        "customer_id": {"pretixbase_membership.customer_id"},
        "employer_id": "null::engagement.host_key",
        "subject_id": {"pretixbase_membership.membership_type_id"},
        "quantity": "1::numeric",
        "occurred_at": {"pretixbase_membership.date_start"},
        "ended_at": {"pretixbase_membership.date_end"},
        "where": {"l.canceled is not true", "l.testmode is not true"},
    },
}


def test_draft_beside_the_adapter_written_by_hand(
    open_pretix: Callable[[str], Pretix],
) -> None:
    # ANALYZE passes over tables of other owners, so whoever deploys cannot run it.
    pretix = open_pretix("postgres")
    live_years(pretix)
    pretix.session.execute("analyze")
    draft = draft_of(pretix.session)
    found = measure(draft, "pretixbase_customer", CHOICES)
    assert not found.wrong, found
    assert found.share_right >= 0.7, found
