"""What a draft makes of Tendenci's catalogue, beside the adapter that was written by hand."""

from __future__ import annotations

from typing import Any

from draft.measure import Expected, draft_of, measure

from .host import Driver
from .test_adapter import pass_years

#: The choices of sql/hosts/tendenci.sql. What it takes from the invoice, by way of applications and
#: memberships, no catalogue tells.
CHOICES: Expected = {
    "events_registrant": {
        "source_id": {"events_registrant.id"},
        "customer_id": {"events_registrant.user_id"},
        "employer_id": "null::engagement.host_key",
        "subject_id": {"events_registration.event_id"},
        "quantity": "1::numeric",
        "amount": {"events_registrant.amount"},
        "occurred_at": {"events_registration.create_dt"},
        "ended_at": "null::timestamptz",
        "where": {"h.canceled is not true", "l.cancel_dt is null"},
    },
    "committees_officer": {
        "source_id": {"committees_officer.id"},
        "customer_id": {"committees_officer.user_id"},
        "employer_id": "null::engagement.host_key",
        "subject_id": {"committees_officer.committee_id"},
        "subject_class": {"committees_officer.position_id"},
        "quantity": "1::numeric",
        "occurred_at": {"p.create_dt"},
        "ended_at": {"committees_officer.expire_dt"},
    },
    "donations_donation": {
        "source_id": {"donations_donation.id"},
        "customer_id": {"donations_donation.user_id"},
        "employer_id": "null::engagement.host_key",
        "subject_id": "'DONATION'::text",
        "subject_class": "'DONATION'::text",
        "quantity": "1::numeric",
        "amount": {"donations_donation.donation_amount"},
    },
    "memberships_membershipdefault": {
        "source_id": {"memberships_membershipdefault.id"},
        "customer_id": {"memberships_membershipdefault.user_id"},
        "subject_id": {"memberships_membershipdefault.membership_type_id"},
        "subject_class": "'MEMBERSHIP'::text",
        "quantity": "1::numeric",
    },
}


def test_draft_beside_the_adapter_written_by_hand(
    unscored: tuple[str, Driver, Any], databases: Any
) -> None:
    dsn, acts, keys = unscored
    pass_years(acts, keys)
    session = databases.connect(dsn)
    session.execute("analyze")
    draft = draft_of(session)
    found = measure(draft, "auth_user", CHOICES)
    assert not found.wrong, found
    assert found.share_right >= 0.7, found
