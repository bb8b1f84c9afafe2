"""A draft is the adapter that a person would begin with, and says what it does not know."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from draft.measure import Expected, draft_of, measure
from engagement_runner import files
from engagement_runner.deploy import dry_run
from engagement_runner.deploy.adapter import check
from engagement_runner.draft import reading
from engagement_runner.draft.adapter import Draft
from runner.adapter_hosts import HOSTS

#: What a person chose who knows the two hosts.
CHOICES: dict[str, tuple[str, Expected]] = {
    "shop": (
        "user",
        {
            "order_item": {
                "source_id": {"orderItem.id"},
                "document_id": {"order.id"},
                "customer_id": {"order.userId"},
                "employer_id": "null::engagement.host_key",
                "subject_id": {"p.productId"},
                "subject_class": {"f.categoryId"},
                "quantity": {"orderItem.quantity"},
                "amount": {"order.currencyCode", "orderItem.quantity", "orderItem.unitPriceCents"},
                "occurred_at": {"order.orderedAt"},
                "ended_at": "null::timestamptz",
                "where": {
                    'h."userId" is not null',
                    "h.status in ('paid', 'shipped')",
                    'h."testMode" is not true',
                    'l."deletedAt" is null',
                },
            }
        },
    ),
    "academy": (
        "account",
        {
            "purchase_line": {
                "source_id": {"purchase_line.purchase_line_id"},
                "document_id": {"purchase.purchase_id"},
                "customer_id": {"purchase.recipient_id", "purchase.payer_id"},
                "subject_id": {"p.parent_id", "p.product_id"},
                "subject_class": {"c.category_id", "c.product_id", "p.parent_id", "p.product_id"},
                "quantity": {"purchase_line.qty"},
                "amount": {"purchase_line.qty", "purchase_line.unit_price"},
                "occurred_at": {"purchase.purchased_at", "purchase.created_at"},
                "where": {"h.purchase_state in ('paid')"},
            },
            "invoice_line": {
                "source_id": {"invoice_line.invoice_line_id"},
                # The invoice names nobody: the purchase does.
                "document_id": {"purchase.purchase_id"},
                "customer_id": {"purchase.recipient_id", "purchase.payer_id"},
                "amount": {"invoice_line.amount"},
                "occurred_at": {"invoice.invoice_date"},
                "where": {"h.is_void is not true"},
            },
            "course_registration": {
                "customer_id": {"course_registration.account_id"},
                "subject_id": {"course_registration.course_id"},
                "subject_class": {"p.course_type"},
                "occurred_at": {"p.date"},
            },
            "team_account": {
                "customer_id": {"team_account.account_id"},
                "subject_id": {"team_account.team_id"},
                "occurred_at": {"p.created_at"},
            },
        },
    ),
    "club": (
        "member",
        {
            "invoice_row": {
                "source_id": {"invoice row.branch", "invoice row.invoice_no", "invoice row.row"},
                "document_id": {"invoice.branch", "invoice.invoice_no"},
                "customer_id": {"invoice.member_no"},
                "subject_id": {"invoice row.article_code"},
                "subject_class": {"p.article_group"},
                "quantity": {"invoice row.qty"},
                # The board wants points for what was paid.
                "amount": {"invoice row.amount_gross"},
                "occurred_at": {"invoice.invoice_date"},
                "where": {"h.state in ('posted')"},
            },
            "donation": {
                "source_id": {"donation.donation_id"},
                "customer_id": {"donation.member_no"},
                "subject_class": "'DONATION'::text",
                "amount": {"donation.amount"},
                "occurred_at": {"donation.given_on", "donation.created_at"},
            },
            "membership": {
                "source_id": {"membership.membership_id"},
                "customer_id": {"membership.member_no"},
                "subject_id": {"membership.plan_id"},
                "subject_class": "'MEMBERSHIP'::text",
                "quantity": "1::numeric",
                "occurred_at": {"membership.valid_from"},
                "ended_at": {"membership.valid_to"},
                "where": {"l.cancelled is not true"},
            },
            "committee_seat": {
                "source_id": {
                    "committee_seat.committee_id",
                    "committee_seat.member_no",
                    "committee_seat.from_date",
                },
                "customer_id": {"committee_seat.member_no"},
                "subject_id": {"committee_seat.committee_id"},
                "subject_class": {"p.section_id"},
                "occurred_at": {"committee_seat.from_date"},
                "ended_at": {"committee_seat.to_date"},
            },
        },
    ),
    "college": (
        "student",
        {
            "booking_line": {
                "document_id": {"booking.booking_id"},
                "customer_id": {"booking.student_id"},
                "subject_id": {"booking_line.campus", "booking_line.course_no"},
                "subject_class": {"p.course_type"},
                "quantity": {"booking_line.quantity"},
                "amount": {"booking_line.quantity", "booking_line.price"},
                "occurred_at": {"booking.received_on"},
                "where": {"h.cancelled_at is null"},
            },
            "donation": {
                "customer_id": {"donation.student_id"},
                "subject_class": "'DONATION'::text",
                "amount": {"donation.given_amount"},
                "occurred_at": {"donation.posting_day"},
            },
        },
    ),
    "chamber": (
        "member",
        {
            "badge": {
                "source_id": {"badge.badge_id"},
                "document_id": {"booking.bk_id"},
                "customer_id": {"badge.mid"},
                "subject_id": {"booking.ev_id"},
                "subject_class": {"p.ev_type"},
                "amount": {"badge.price"},
                "occurred_at": {"booking.booked"},
                "where": {"h.state in ('CONFIRMED')", "l.void is distinct from 'Y'"},
            },
            "dues_invoice_item": {
                "source_id": {"dues_invoice_item.inv_id", "dues_invoice_item.pos"},
                "document_id": {"dues_invoice.inv_id"},
                "customer_id": {"dues_invoice.mid"},
                "subject_id": {"dues_invoice_item.fee_code"},
                "subject_class": {"p.fee_group"},
                "quantity": {"dues_invoice_item.qty"},
                # It is net of the whole item.
                "amount": {"dues_invoice_item.net_cents", "dues_invoice.cur"},
                "occurred_at": {"dues_invoice.issued"},
                "where": {"h.status in ('P')"},
            },
            "panel_seat": {
                "source_id": {
                    "panel_seat.panel_code",
                    "panel_seat.mid",
                    "panel_seat.from_ts",
                },
                "customer_id": {"panel_seat.mid"},
                "subject_id": {"panel_seat.panel_code"},
                "subject_class": {"p.kind"},
                "occurred_at": {"panel_seat.from_ts"},
                "ended_at": {"panel_seat.to_ts"},
            },
        },
    ),
    "portal": (
        "users",
        {
            "order_items": {
                "source_id": {"order_items.id"},
                "document_id": {"orders.id"},
                "customer_id": {"orders.customer_id"},
                "subject_id": {"order_items.product_id"},
                "subject_class": {"p.category_id"},
                "quantity": {"order_items.quantity"},
                "amount": {"orders.currency", "order_items.quantity", "order_items.unit_price"},
                "occurred_at": {"orders.placed_at"},
                "where": {
                    "h.customer_type = 'App\\Models\\User'",
                    "h.state in ('paid', 'shipped')",
                    "h.deleted_at is null",
                },
            },
            "enrollments": {
                "customer_id": {"enrollments.user_id"},
                "subject_id": {"enrollments.course_id"},
                "quantity": "1::numeric",
                "occurred_at": {"enrollments.enrolled_at"},
                "where": {"l.status in ('active', 'completed')"},
            },
        },
    ),
}


@pytest.mark.parametrize("name", CHOICES)
def test_draft_is_right_or_asks(host: Callable[[str], psycopg.Connection[Any]], name: str) -> None:
    draft = draft_of(host(name))
    found = measure(draft, *CHOICES[name])
    assert not found.wrong, found
    assert found.share_right >= 0.7, found
    assert draft.decision_count <= 3 * len(draft.sources) + 1


#: What the check says of a draft as it is, beside what a file of a person would be told: it is one
#: of the questions that the draft asks.
ASKED = {"club": [("invoice_row", "occurred_at is NULL")]}


def check_with_indexes(session: psycopg.Connection[Any], path: Path) -> tuple[Any, Draft]:
    """Make the indexes that a draft lists, and return what the check says, and the draft."""
    draft = draft_of(session)
    path.write_text(draft.text)
    for index in re.findall(r"^-- +(create index concurrently .*;)$", draft.text, re.M):
        session.execute(index)
    session.execute("analyze")
    return check(session, str(path), draft.key_type), draft


def unserved(report: Any) -> list[str]:
    """Return what look-ups read from end to end: hints, for the tables here are small."""
    return [
        finding["finding"]
        for finding in report.findings.records
        if finding["finding"].startswith(("look-ups read small tables", "no index serves"))
    ]


@pytest.mark.parametrize("name", CHOICES)
def test_draft_with_its_indexes_passes_the_check_where_nothing_needs_a_decision(
    host: Callable[[str], psycopg.Connection[Any]], name: str, tmp_path: Path
) -> None:
    report, draft = check_with_indexes(host(name), tmp_path / "drafted.sql")
    found = [
        (finding["place"], finding["finding"])
        for finding in report.findings.records
        if finding["severity"] != "hint"
    ]
    assert found == ASKED.get(name, [])
    assert unserved(report) == []
    (undecided,) = [
        finding for finding in report.findings.records if "DECIDE" in finding["finding"]
    ]
    assert undecided["row_count"] == draft.decision_count
    rows = {view["view"]: view["row_count"] for view in report.views.records}
    assert all(rows[source.name] for source in draft.sources)


def test_keys_of_enums_and_instants_have_indexes(
    host: Callable[[str], psycopg.Connection[Any]], tmp_path: Path
) -> None:
    session = host("college")
    session.execute("""
        create type seat_role as enum ('chair', 'it''s new');
        create table committee (committee_id bigint primary key, name text not null);
        create table committee_seat (
            committee_id bigint references committee, student_id bigint references student,
            role seat_role, since timestamptz, joined_at timestamp not null,
            primary key (committee_id, student_id, role, since)
        );
        create table committee_meeting (
            committee_id bigint references committee, held_at timestamp, name text not null,
            primary key (committee_id, held_at)
        );
        create table meeting_attendance (
            attendance_id bigint primary key, student_id bigint not null references student,
            committee_id bigint not null, held_at timestamp not null, attended_at timestamptz,
            foreign key (committee_id, held_at) references committee_meeting
        );
        insert into committee values (1, 'Debate'), (2, 'Rowing');
        insert into committee_seat
        select
            1 + i % 2, i, case i % 2 when 0 then 'chair' else 'it''s new' end::seat_role,
            now(), now()
        from generate_series(1, 200) as i;
        insert into committee_meeting
        select 1 + i % 2, timestamp '2026-01-01' + i * interval '1 day', 'Meeting ' || i
        from generate_series(1, 100) as i;
        insert into meeting_attendance
        select i, i, m.committee_id, m.held_at, now()
        from generate_series(1, 100) as i
        join committee_meeting as m on m.name = 'Meeting ' || i;
        analyze
    """)
    report, draft = check_with_indexes(session, tmp_path / "drafted.sql")
    assert "a later label of role is to be added to the list" in " ".join(draft.text.split())
    assert "committee_seat" in {source.name for source in draft.sources}
    assert unserved(report) == []
    assert "problem" not in {finding["severity"] for finding in report.findings.records}


def test_draft_is_deployed_with_the_key_type_that_it_states(
    host: Callable[[str], psycopg.Connection[Any]], tmp_path: Path
) -> None:
    session = host("club")
    draft = draft_of(session)
    path = tmp_path / "drafted.sql"
    path.write_text(draft.text)
    assert dry_run(session, str(path)).key_type == draft.key_type == "text"
    named = dry_run(session, str(path), key_type="uuid")
    assert named.key_type == "uuid"
    assert "the adapter says --key-type text, and the key type is uuid" in named.warnings


@pytest.mark.parametrize("name", HOSTS)
def test_draft_of_a_small_host_earns_by_its_only_lines(databases: Any, name: str) -> None:
    session = databases.connect(databases.create())
    session.execute(HOSTS[name].tables)
    draft = draft_of(session)
    assert len(draft.sources) == 1
    assert draft.key_type == HOSTS[name].key_type


def test_draft_asks_about_what_a_name_leaves_open(
    host: Callable[[str], psycopg.Connection[Any]],
) -> None:
    drafted = draft_of(host("college")).text
    for question in (
        "does a row count whose booking.refunded_at is set?",
        "does a row count whose booking_line.attended is not true?",
        "is quantity what is left, or less returned_quantity?",
    ):
        assert f"-- DECIDE: {question}" in drafted
    # An empty state is a question too, and no condition; what would leave it out is at hand.
    assert "\n    --     and h.refunded_at is null\n" in drafted
    assert "    and h.refunded_at is null" not in drafted.replace("--     and", "")


def test_draft_asks_about_states_in_a_table_of_their_own(
    host: Callable[[str], psycopg.Connection[Any]],
) -> None:
    session = host("college")
    session.execute(
        "create table booking_status (status_id integer primary key, name text);"
        "insert into booking_status values (1, 'basket');"
        "alter table booking add status_id integer references booking_status;"
        "alter table booking_line add cancelled smallint, add refund_amount numeric; analyze"
    )
    drafted = " ".join(draft_of(session).text.replace("\n    --", "").split())
    assert "DECIDE: does booking count whatever its status_id? booking_status has" in drafted
    assert "DECIDE: does a row count whatever its booking_line.cancelled?" in drafted
    assert "DECIDE: is price what is left, or less refund_amount?" in drafted


def test_draft_reads_flags_states_and_quantities_of_other_spellings(
    host: Callable[[str], psycopg.Connection[Any]],
) -> None:
    session = host("college")
    session.execute("""
        alter table booking add cancelled varchar(1) not null default 'N';
        alter table booking add is_test smallint not null default 0;
        alter table booking add archived text;
        alter table booking add status_code text not null default 'CONFIRMED';
        alter table booking add booked_at timestamp, drop received_on;
        alter table booking_line rename quantity to seats;
        alter table booking_line add paid varchar(3) not null default 'yes';
        update booking set cancelled = 'Y', is_test = 1, archived = 'shelf' where booking_id < 50;
        update booking set booked_at = '2026-01-01', status_code = 'DRAFT' where booking_id > 90;
        update booking_line set paid = 'no' where line_id < 50;
        analyze
    """)
    draft = draft_of(session)
    (booking,) = [each for each in draft.sources if each.name == "booking_line"]
    assert booking.columns["quantity"].sql == "l.seats::numeric"
    for condition in (
        "h.cancelled is distinct from 'Y'",
        "h.is_test is distinct from 1",
        "h.status_code in ('CONFIRMED')",
        "-- DECIDE: does a row count whose booking_line.paid is not 'yes'? It does now; if not:",
        "--     and l.paid = 'yes'",
    ):
        assert condition in booking.where
    assert "archived" not in " ".join(booking.where)
    assert "no zone: booking.booked_at." in " ".join(draft.text.replace("\n-- ", " ").split())


def test_draft_asks_where_names_of_tables_tell_and_columns_do_not(
    host: Callable[[str], psycopg.Connection[Any]],
) -> None:
    session = host("college")
    session.execute("""
        create table firm (firm_no bigint primary key);
        create table student_employer (
            student_id bigint references student, firm_no bigint references firm, since date,
            primary key (student_id, firm_no)
        );
        create table exam (exam_no bigint primary key);
        create table exam_booking (
            exam_booking_no bigint primary key, student_id bigint not null references student,
            exam_no bigint references exam, booked_on date not null, fee numeric
        );
        create table credit_note (note_no bigint primary key, booking_id bigint references booking);
        insert into firm values (1);
        insert into student_employer select student_id, 1 from student;
        insert into exam values (1);
        insert into exam_booking select student_id, student_id, 1, '2026-01-01', 5 from student;
        analyze
    """)
    drafted = " ".join(draft_of(session).text.replace("\n    --", "").split())
    assert "DECIDE: or does student_employer say who works where?" in drafted
    assert "DECIDE: or is it what it refers to: exam?" in drafted
    assert "DECIDE: do rows of credit_note lower what this view shows?" in drafted


def test_draft_does_not_take_unpaid_for_paid(
    host: Callable[[str], psycopg.Connection[Any]],
) -> None:
    session = host("shop")
    session.execute("update \"order\" set status = 'unpaid' where status = 'awaiting'")
    session.execute("analyze")
    drafted = draft_of(session).text
    assert "-- order.status decide: 'unpaid' 250" in drafted
    assert "h.status in ('paid', 'shipped')" in drafted


def test_key_of_a_table_refers_to_no_other_table_of_the_same_last_word(
    host: Callable[[str], psycopg.Connection[Any]],
) -> None:
    session = host("club")
    session.execute(
        "create table ticket_type (type_id integer primary key, name text);"
        "create table seat_type (type_id integer primary key, name text);"
        "create table profile (member_no uuid primary key, name text)"
    )
    found = reading.read(session)
    tables = {table.name: table for table in found.tables}
    assert tables["ticket_type"].links == tables["seat_type"].links == []
    # One row each: a key that is another table's, too.
    assert [link.target.name for link in tables["profile"].links] == ["member"]


def test_draft_takes_a_date_that_says_nothing_as_a_guess(
    host: Callable[[str], psycopg.Connection[Any]],
) -> None:
    session = host("college")
    session.execute("alter table donation rename column posting_day to day")
    (donation,) = [each for each in draft_of(session).sources if each.name == "donation"]
    assert donation.columns["occurred_at"].why == "guess: day is the only date of donation"
    assert donation.columns["occurred_at"].decide == ["does day say when it happened?"]


def test_states_are_written_as_the_check_looks_for_them(
    host: Callable[[str], psycopg.Connection[Any]], tmp_path: Path
) -> None:
    session = host("shop")
    draft = draft_of(session)
    path = tmp_path / "drafted.sql"
    path.write_text(draft.text)
    findings = check(session, str(path), draft.key_type).findings.records
    assert not [f for f in findings if "is in no list" in f["finding"]]


def test_draft_of_the_reference_host_is_its_adapter(deployed: psycopg.Connection[Any]) -> None:
    deployed.execute("analyze")
    draft = draft_of(deployed)
    lines = {"source_id", "document_id", "customer_id", "employer_id", "occurred_at"}
    found = measure(
        draft,
        "customer",
        {
            "order_line": {
                "source_id": {"order_line.order_line_id"},
                "document_id": {"sales_order.order_id"},
                "customer_id": {"order_line.ship_customer_id"},
                "employer_id": {"sales_order.employer_id"},
                "subject_id": {"order_line.product_id"},
                "subject_class": {"p.product_class"},
                "quantity": {"order_line.quantity"},
                "amount": {"order_line.amount"},
                "occurred_at": {"sales_order.ordered_at"},
                # The constraints of the columns list their values.
                "where": {"h.order_status in ('PLACED')", "l.line_status in ('ACTIVE')"},
            },
            "invoice_line": {
                "source_id": {"invoice_line.invoice_line_id"},
                "document_id": {"invoice.invoice_id"},
                "customer_id": {"invoice_line.ship_customer_id"},
                "employer_id": {"invoice.employer_id"},
                "reverses_id": {"invoice_line.reverses_line_id"},
                "occurred_at": {"invoice.invoiced_at"},
                "where": {"h.invoice_status in ('POSTED', 'PAID')"},
            },
            "committee_member": {
                "source_id": {"committee_member.committee_member_id"},
                "customer_id": {"committee_member.customer_id"},
                "subject_id": {"committee_member.committee_id"},
                "subject_class": {"p.committee_class"},
                "occurred_at": {"committee_member.begin_on"},
                "ended_at": {"committee_member.end_on"},
            },
        },
    )
    assert not found.decide + found.wrong, found
    assert lines <= set(draft.sources[0].columns)
    assert draft.roles.employment is not None
    assert draft.roles.employment[0].name == "employment"


def test_draft_reads_no_row_and_is_the_same_twice(
    host: Callable[[str], psycopg.Connection[Any]],
) -> None:
    session = host("club")
    scans = """
        select sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0)) from pg_stat_xact_user_tables
    """
    with session.transaction():
        before = session.execute(scans).fetchone()
        first = draft_of(session)
        assert session.execute(scans).fetchone() == before
    assert draft_of(session).text == first.text


def test_page_about_adapters_quotes_a_draft_as_it_is(
    host: Callable[[str], psycopg.Connection[Any]],
) -> None:
    page = (files.root() / "docs/write-an-adapter.md").read_text()
    blocks = re.findall(r"^```sql\n(.*?)^```", page, re.M | re.S)
    quotes = [block for block in blocks if "DECIDE" in block]
    drafted = re.sub(r"^ +", "", draft_of(host("shop")).text, flags=re.M)
    assert len(quotes) == 2
    for quote in quotes:
        assert quote in drafted
