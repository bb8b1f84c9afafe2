"""What the product's own code does, act by act, and what it is worth.

The rules are in conftest.py. After every act ``proves`` checks everybody's points.
"""

from __future__ import annotations

from decimal import Decimal

from hosts.tendenci.host import COMPANY, Association

#: A place for 450 of which 45 were let off: 10, and 2 per cent of 405.
POINTS_OF_405 = Decimal("18.1")


def test_membership_applied_approved_and_renewed_counts_from_approval(
    association: Association,
) -> None:
    acts, keys = association.acts, association.keys
    ann = acts.person(name="Ann")
    association.proves({})
    applied = acts.apply(user=ann, membership_type=keys.membership_type)
    association.proves({})
    acts.approve(membership=applied.memberships[0])
    association.proves({ann: 37})
    acts.pay(invoice=applied.invoice)
    association.proves({ann: 37})
    renewed = acts.renew(membership=applied.memberships[0])
    association.proves({ann: 37 + 35})
    acts.void(invoice=renewed.invoice)
    association.proves({ann: 37})
    acts.expire(membership=renewed.membership)
    association.proves({ann: 37})
    acts.delete_membership(membership=applied.memberships[0])
    association.proves({})


def test_membership_disapproved_though_tendered_counts_never(association: Association) -> None:
    acts, keys = association.acts, association.keys
    ann = acts.person(name="Ann")
    refused = acts.apply(user=ann, membership_type=keys.membership_type)
    acts.disapprove(membership=refused.memberships[0])
    association.proves({})
    # Entered by staff: its invoice refers to it without an application; the old one is archived.
    entered = acts.enter(user=ann, membership_type=keys.membership_type)
    association.proves({ann: 37})
    acts.disapprove(membership=entered.membership)
    association.proves({})


def test_membership_of_two_in_one_application_is_the_first_ones(association: Association) -> None:
    acts, keys = association.acts, association.keys
    ann = acts.person(name="Ann")
    applied = acts.apply(user=ann, membership_type=keys.membership_type, count=2)
    first, second = applied.memberships
    acts.approve(membership=second)
    association.proves({ann: 25 + 24})
    acts.approve(membership=first)
    association.proves({ann: 25 + 24})
    acts.delete_membership(membership=first)
    association.proves({ann: 25 + 24})
    acts.delete_membership(membership=second)
    association.proves({})


def test_corporate_membership_counts_for_the_company(association: Association) -> None:
    acts, keys = association.acts, association.keys
    ann, acme = acts.person(name="Ann"), acts.company(name="Acme")
    key = COMPANY + acme
    applied = acts.apply_company(company=acme, corporate_type=keys.corporate_type, user=ann)
    association.proves({})
    acts.approve_company(contract=applied.contract)
    association.proves({key: 55})
    renewed = acts.renew_company(contract=applied.contract, user=ann)
    association.proves({key: 55})
    acts.approve_company_renewal(contract=renewed.contract)
    association.proves({key: 55 + 40 + 14})
    acts.void(invoice=applied.invoice)
    association.proves({key: 54})
    acts.delete_company(company=acme)
    association.proves({key: 54})
    assert association.rows(
        "select is_active from engagement_host.customer where customer_id = %s", key
    ) == [(False,)]


def test_registration_counts_for_each_place_until_it_is_cancelled(
    association: Association,
) -> None:
    acts, keys = association.acts, association.keys
    ann, bob = acts.person(name="Ann"), acts.person(name="Bob")
    # Ann books for herself, for Bob and for two guests.
    registration = acts.book(event=keys.event, user=ann)
    hers = acts.add_registrant(registration=registration, user=ann)
    his = acts.add_registrant(registration=registration, user=bob)
    guest = acts.add_registrant(registration=registration)
    association.proves({})
    invoice = acts.invoice_registration(registration=registration)
    association.proves({ann: 19 + 19, bob: 19})
    acts.add_registrant(registration=registration)
    acts.invoice_registration(registration=registration)
    association.proves({ann: 19 + 19 + 19, bob: 19})
    acts.pay(invoice=invoice)
    acts.check_in(registrant=his)
    association.proves({ann: 19 + 19 + 19, bob: 19})
    acts.cancel_registrant(registrant=guest)
    association.proves({ann: 19 + 19, bob: 19})
    acts.cancel_registrant(registrant=hers)
    association.proves({ann: 19, bob: 19})
    acts.cancel_registration(registration=registration)
    association.proves({})


def test_registration_adjusted_counts_what_is_to_be_paid(association: Association) -> None:
    acts, keys = association.acts, association.keys
    ann = acts.person(name="Ann")
    booked = acts.register(event=keys.event, user=ann, guests=1)
    association.proves({ann: 38})
    acts.adjust(invoice=booked.invoice, variance=-90)
    association.proves({ann: 2 * POINTS_OF_405})
    free = acts.register(event=keys.event, user=ann, amount=0)
    association.proves({ann: 2 * POINTS_OF_405 + 10})
    acts.cancel_registration(registration=free.registration)
    association.proves({ann: 2 * POINTS_OF_405})


def test_invoice_paid_unpaid_and_void_counts_until_it_is_void(association: Association) -> None:
    acts, keys = association.acts, association.keys
    ann = acts.person(name="Ann")
    booked = acts.register(event=keys.event, user=ann)
    acts.pay(invoice=booked.invoice)
    association.proves({ann: 19})
    acts.void_payment(invoice=booked.invoice)
    association.proves({ann: 19})
    acts.delete_invoice(invoice=booked.invoice)
    association.proves({ann: 19})
    acts.void(invoice=booked.invoice)
    association.proves({})


def test_donation_counts_for_the_donor_until_it_is_void(association: Association) -> None:
    acts = association.acts
    ann = acts.person(name="Ann")
    given = acts.donate(user=ann, amount=50)
    association.proves({ann: 10})
    acts.pay(invoice=given.invoice)
    association.proves({ann: 10})
    acts.adjust(invoice=given.invoice, variance=30)
    association.proves({ann: 13})
    acts.pay(invoice=given.invoice)
    acts.refund(invoice=given.invoice, amount=60)
    association.proves({ann: 7})
    acts.void(invoice=given.invoice)
    association.proves({})


def test_officer_counts_until_the_last_day_is_over(association: Association) -> None:
    acts, keys = association.acts, association.keys
    ann, bob = acts.person(name="Ann"), acts.person(name="Bob")
    chair = acts.seat(user=ann, committee=keys.committee, position=keys.chair)
    clerk = acts.position(title="Clerk")
    member = acts.seat(user=bob, committee=keys.committee, position=clerk)
    association.proves({ann: 50, bob: 30})
    (today,), (yesterday,) = association.rows(
        "select ((now() at time zone 'UTC')::date - d)::text from unnest(array[0, 1]) d"
    )
    acts.end_seat(officer=chair, last_day=today)
    association.proves({ann: 50, bob: 30})
    assert association.one("select engagement.score_at(%s, now() + interval '1 day')", ann) == 0
    acts.end_seat(officer=chair, last_day=yesterday)
    association.proves({bob: 30})
    assert association.one("select engagement.score_at(%s, now() - interval '2 days')", ann) == 50
    acts.rename_position(position=clerk, title="Chair")
    association.proves({bob: 50})
    acts.unseat(officer=member)
    association.proves({})


def test_member_moved_to_another_company_takes_the_points_along(association: Association) -> None:
    acts, keys = association.acts, association.keys
    ann, acme, other = acts.person(name="Ann"), acts.company(name="Acme"), acts.company(name="B")
    (its_contract, others_contract) = [
        acts.apply_company(company=company, corporate_type=keys.corporate_type, user=ann).contract
        for company in (acme, other)
    ]
    acts.approve_company(contract=its_contract)
    applied = acts.apply(
        user=ann, membership_type=keys.membership_type, company=acme, contract=its_contract
    )
    association.proves({COMPANY + acme: 55})
    (membership,) = applied.memberships
    acts.approve(membership=membership)
    association.proves({ann: 37, COMPANY + acme: (55, 37)})
    acts.register(event=keys.event, user=ann)
    association.proves({ann: 56, COMPANY + acme: (55, 56)})
    acts.move_membership(membership=membership, company=other, contract=others_contract)
    association.proves({ann: 56, COMPANY + acme: 55, COMPANY + other: (0, 56)})
    acts.move_membership(membership=membership, company=0)
    association.proves({ann: 56, COMPANY + acme: 55})


def test_member_renewed_under_another_company_leaves_the_past_there(
    association: Association,
) -> None:
    acts, keys = association.acts, association.keys
    ann, acme, other = acts.person(name="Ann"), acts.company(name="Acme"), acts.company(name="B")
    entered = acts.enter(user=ann, membership_type=keys.membership_type, company=acme)
    acts.set_membership_dates(
        membership=entered.membership,
        join_dt="2024-01-01T12:00Z",
        expire_dt="2024-12-31T12:00Z",
    )
    # What was bought today does not belong to the membership of 2024 …
    association.proves({ann: 37})
    renewed = acts.renew(membership=entered.membership)
    acts.move_membership(membership=renewed.membership, company=other)
    # … but to the new one, which began today.
    association.proves({ann: 37 + 35, COMPANY + other: (0, 37 + 35)})
    assert association.rows(
        "select employer_id, begin_on::text, end_on::text from engagement_host.employment"
        " where employee_id = %s and end_on < '2025-01-01'",
        ann,
    ) == [(COMPANY + acme, "2024-01-01", "2024-12-31")]


def test_representative_works_for_the_company_while_the_row_is_there(
    association: Association,
) -> None:
    acts, keys = association.acts, association.keys
    ann, acme, other = acts.person(name="Ann"), acts.company(name="Acme"), acts.company(name="B")
    acts.donate(user=ann, amount=50)
    association.proves({ann: 10})
    rep = acts.represent(user=ann, company=acme)
    association.proves({ann: 10, COMPANY + acme: (0, 10)})
    # A membership under another company goes first, from its beginning.
    acts.enter(user=ann, membership_type=keys.membership_type, company=other)
    association.proves({ann: 47, COMPANY + other: (0, 47)})
    acts.stop_representing(rep=rep)
    association.proves({ann: 47, COMPANY + other: (0, 47)})


def test_user_edited_or_logged_in_leaves_the_points(association: Association) -> None:
    acts, keys = association.acts, association.keys
    ann = acts.person(name="Ann")
    acts.register(event=keys.event, user=ann)
    association.proves({ann: 19})
    acts.log_in(user=ann)
    assert association.one("select count(*) from engagement.pending_activity") == 0
    acts.edit_user(user=ann, last_name="Smith")
    association.proves({ann: 19})
    assert association.one("select engagement.score_card(%s) ->> 'display_name'", ann) == (
        "Ann Smith"
    )


def test_user_deleted_by_the_product_keeps_the_points_and_is_inactive(
    association: Association,
) -> None:
    acts, keys = association.acts, association.keys
    ann = acts.person(name="Ann")
    acts.register(event=keys.event, user=ann)
    acts.delete_user(user=ann)
    association.proves({ann: 19})
    assert association.rows(
        "select is_active from engagement_host.customer where customer_id = %s", ann
    ) == [(False,)]


def test_user_purged_leaves_no_points_but_those_of_a_host(association: Association) -> None:
    acts, keys = association.acts, association.keys
    ann, bob = acts.person(name="Ann"), acts.person(name="Bob")
    acts.enter(user=bob, membership_type=keys.membership_type)
    acts.seat(user=bob, committee=keys.committee, position=keys.chair)
    acts.donate(user=bob, amount=50)
    registration = acts.book(event=keys.event, user=ann)
    acts.add_registrant(registration=registration, user=bob)
    acts.invoice_registration(registration=registration)
    association.proves({bob: 37 + 50 + 10 + 19})
    acts.purge_user(user=bob)
    # Bob's place is now a guest's, whom Ann registered.
    association.proves({ann: 19})


def test_users_merged_bring_their_points_together(association: Association) -> None:
    acts, keys = association.acts, association.keys
    ann, anna, acme = acts.person(name="Ann"), acts.person(name="Anna"), acts.company(name="Acme")
    acts.enter(user=ann, membership_type=keys.membership_type)
    acts.register(event=keys.event, user=anna, guests=1)
    acts.donate(user=anna, amount=50)
    acts.seat(user=anna, committee=keys.committee, position=keys.secretary)
    acts.represent(user=anna, company=acme)
    association.proves({ann: 37, anna: 38 + 10 + 30, COMPANY + acme: (0, 38 + 10 + 30)})
    acts.merge_users(keep=ann, merge=anna)
    association.proves({ann: 37 + 38 + 10 + 30, COMPANY + acme: (0, 37 + 38 + 10 + 30)})
