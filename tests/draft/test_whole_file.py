"""What a draft says besides its sources: who the people are, and what it leaves out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from draft.measure import draft_of
from draft.test_unlike_hosts import host_of, plain

PEOPLE = """
create table person (person_id integer primary key, name text not null, status text);
insert into person
select i, 'Person ' || i, case when i % 9 = 0 then 'inactive' else 'active' end
from generate_series(1, 90) as i;
"""
TICKETS = """
create table order_status (code smallint primary key, label text not null);
create table ticket_order (
    order_no integer primary key, person_id integer not null references person,
    placed_at timestamptz not null, order_status smallint not null references order_status,
    total_pence integer not null
);
create table price_type (price_type_id integer primary key, name text not null);
create table ticket (
    ticket_no integer primary key, order_no integer not null references ticket_order,
    price_type_id integer references price_type, fee_pence integer not null,
    price_pence integer not null
);
insert into order_status values (1, 'open'), (2, 'sold');
insert into ticket_order
select i, 1 + i % 90, '2026-01-01', 1 + i % 2, 900 from generate_series(1, 300) as i;
insert into price_type values (1, 'Full');
insert into ticket select i, 1 + i % 300, 1, 50, 450 from generate_series(1, 600) as i;
"""
PLEDGES = """
create table pledge (
    pledge_id integer primary key, person_id integer not null references person,
    pledged_on date not null, total numeric not null
);
create table pledge_payment (
    pledge_payment_id integer primary key, pledge_id integer not null references pledge,
    due_on date not null, paid_on date, amount numeric not null
);
insert into pledge select i, i, '2026-01-01', 100 from generate_series(1, 90) as i;
insert into pledge_payment
select i, 1 + i % 90, '2026-02-01', '2026-02-03', 25 from generate_series(1, 300) as i;
"""
TEAMS = """
create table team (team_id integer primary key, name text not null);
create table team_person (
    team_id integer not null references team, person_id integer not null references person,
    joined_on date not null, primary key (team_id, person_id)
);
insert into team values (1, 'Garden');
insert into team_person select 1, i, '2026-01-01' from generate_series(1, 40) as i;
"""
COURSES = """
create table course (course_id integer primary key, title text not null);
create table enrolment (
    enrolment_id integer primary key, course_id integer not null references course,
    person_id integer not null references person, seen_at timestamptz, read_at timestamptz
);
insert into course values (1, 'Latin');
insert into enrolment select i, 1, i, '2026-01-01', '2026-01-02' from generate_series(1, 90) as i;
"""


def test_people_of_a_host_that_writes_letters_and_numbers(
    host: Callable[[str], psycopg.Connection[Any]],
) -> None:
    text = plain(draft_of(host("chamber")).text)
    assert "case when l.cls = 'O' then 'COMPANY' else 'INDIVIDUAL' end as customer_type" in text
    assert "DECIDE: what is a company? cls has 'I' 75%, 'O' 25%" in text
    assert "concat_ws(' ', l.given, l.name) as display_name" in text
    assert "coalesce(l.merged_into, 0) = 0 as is_active" in text
    assert "DECIDE: is whoever has resigned gone? If so: coalesce(l.resigned, 0) = 0" in text
    assert "l.merged_into::text::engagement.host_key as into_id" in text
    assert "l.firm_mid::text::engagement.host_key as employer_id" in text
    assert "l.is_main is not distinct from 'Y' as is_primary" in text
    assert "(to_timestamp(nullif(l.until, 0)) at time zone" in text
    assert "case when h.cur = 'EUR' then" in text
    assert "chamber.payment, 600 rows: payments do not earn" in text


def test_companies_of_a_table_of_their_own_are_asked_about(
    host: Callable[[str], psycopg.Connection[Any]],
) -> None:
    text = plain(draft_of(host("portal")).text)
    assert "identity.companies holds them" in text
    assert "does identity.company_user say who works where?" in text
    assert r"rows whose customer_type is 'App\Models\Company' earn nobody anything?" in text
    assert "sales.invoices, 600 rows: it belongs to a document that earns" in text


def test_keys_whose_table_stands_beside_them_are_named_where_nothing_says_which(
    host: Callable[[str], psycopg.Connection[Any]],
) -> None:
    session = host("portal")
    session.execute("update sales.orders set customer_type = 'x' || md5(customer_id::text)")
    session.execute("analyze")
    text = plain(draft_of(session).text)
    assert "sales.order_items" not in text.partition("Nothing in this file reads them")[0]
    assert (
        "sales.orders, 700 rows: customer_id is a key of the table that the column beside it names"
        in text
    )


def test_money_of_an_order_and_of_its_tickets_counts_once(databases: Any) -> None:
    draft = draft_of(host_of(databases, PEOPLE, TICKETS))
    assert [source.name for source in draft.sources] == ["ticket"]
    text = plain(draft.text)
    assert "(l.price_pence::numeric / 100.0) as amount" in text
    assert "ticket_order.order_status decide: 1 150, 2 150" in text
    assert "status in ('inactive') is not true as is_active" in text
    assert "who is gone, of status? It has 'active' 89%, 'inactive' 11%" in text


def test_promise_is_asked_about_and_its_payments_have_their_own_day(databases: Any) -> None:
    session = host_of(databases, PEOPLE, PLEDGES)
    text = plain(draft_of(session).text)
    assert "DECIDE: do rows of pledge earn?" in text
    assert "pledge_payment, 300 rows: payments do not earn" in text
    assert "p_effective_when => 'ORDER_CREATION'" in text


def test_table_that_alone_makes_all_keys_text_is_asked_about(databases: Any) -> None:
    text = plain(draft_of(host_of(databases, PEOPLE, PLEDGES, TEAMS)).text)
    assert "DECIDE: does team_person have to earn? Its keys alone make all keys text" in text
    assert "have to earn?" not in plain(draft_of(host_of(databases, PEOPLE, PLEDGES)).text)


def test_dates_that_say_nothing_are_listed_to_choose_from(databases: Any) -> None:
    text = plain(draft_of(host_of(databases, PEOPLE, COURSES)).text)
    assert "DECIDE: when did it happen? One of these: l.seen_at; l.read_at?" in text


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        ("bigint not null default 1735689600", "to_timestamp(nullif(l.given_at, 0))"),
        ("bigint not null default 1735689600000", "to_timestamp(nullif(l.given_at, 0) / 1000.0)"),
        ("integer not null default 12", "null::timestamptz"),
    ],
)
def test_number_is_an_instant_by_its_name_and_its_values(
    databases: Any, column: str, shown: str
) -> None:
    session = host_of(
        databases,
        PEOPLE,
        f"""
        create table donation (
            donation_id integer primary key, person_id integer not null references person,
            amount numeric not null, given_at {column}, noted_on date, sent_on date
        );
        insert into donation (donation_id, person_id, amount)
        select i, i, 5 from generate_series(1, 90) as i;
        """,
    )
    assert f"{shown} as occurred_at" in plain(draft_of(session).text)


def test_states_are_found_by_the_columns_that_hold_their_keys(databases: Any) -> None:
    session = host_of(
        databases,
        PEOPLE,
        """
        create table participant_status_type (id integer primary key, name text not null);
        create table event (id integer primary key, title text not null);
        create table participant (
            id integer primary key, person_id integer not null references person,
            event_id integer not null references event,
            status_id integer not null references participant_status_type,
            fee_amount numeric not null, register_date timestamptz not null
        );
        create table contribution (
            id integer primary key, person_id integer not null references person,
            amount numeric not null, receive_date timestamptz not null, receipt_date timestamptz,
            contribution_status_id integer not null
        );
        create table participant_payment (
            id integer primary key, participant_id integer not null references participant,
            contribution_id integer not null references contribution
        );
        insert into participant_status_type values (1, 'Attended'), (2, 'No-show');
        insert into event values (1, 'Fair');
        insert into participant
        select i, i, 1, 1 + i % 2, 5, '2026-01-01' from generate_series(1, 90) as i;
        insert into contribution
        select i, i, 5, '2026-01-01', '2026-02-01', 1 + i % 3 from generate_series(1, 90) as i;
        """,
    )
    text = plain(draft_of(session).text)
    assert "participant.status_id decide: 1 45, 2 45" in text
    assert "does participant count whatever its status_id?" in text
    assert "values of contribution.contribution_status_id say nothing by their names" in text
    assert "l.receive_date as occurred_at" in text
    assert "status_id)::text as subject_class" not in text
    assert "both earn? participant_payment joins them." in text


def test_custom_fields_of_a_copied_host_refer_to_its_tables(databases: Any) -> None:
    session = host_of(
        databases,
        """
        create table contact (
            id varchar(18) primary key, first_name text, last_name text, email text,
            master_record_id varchar(18), is_deleted boolean not null, _fivetran_deleted boolean
        );
        create table donation (
            id varchar(18) primary key, contact_id varchar(18), npsp_primary_contact_c varchar(18),
            amount numeric, close_date date, stage_name text, is_won boolean
        );
        insert into contact
        select 'C' || i, 'First', 'Last', 'a@example.org', null, false, false
        from generate_series(1, 120) as i;
        insert into donation
        select
            'D' || i, null, 'C' || i, 5, '2026-01-01',
            case when i % 3 = 0 then 'Closed Lost' else 'Posted' end, i % 3 > 0
        from generate_series(1, 120) as i;
        """,
    )
    text = plain(draft_of(session).text)
    assert "l.npsp_primary_contact_c::text::engagement.host_key as customer_id" in text
    assert "l.stage_name in ('Posted')" in text
    assert "does a row count whose donation.is_won is not true?" in text
    assert "l._fivetran_deleted is not true" in text
    assert "l.master_record_id::text::engagement.host_key as into_id" in text


def test_names_of_another_language_are_no_guess_at_the_customers(databases: Any) -> None:
    session = host_of(
        databases,
        """
        create table mitglied (id integer primary key, vorname text, nachname text);
        create table ansprechpartner (id integer primary key, mitglied_id integer not null);
        create table anmeldung (
            id integer primary key, mitglied_id integer not null references mitglied,
            angemeldet_am date not null
        );
        insert into mitglied select i, 'A', 'B' from generate_series(1, 90) as i;
        insert into anmeldung select i, i, '2026-01-01' from generate_series(1, 90) as i;
        """,
    )
    text = plain(draft_of(session).text)
    assert "Are they in ansprechpartner?" in text
    assert "The words of names are taken for English. Others refer most to mitglied." in text


def test_key_that_two_tables_of_people_may_have_is_asked_about(databases: Any) -> None:
    session = host_of(
        databases,
        """
        create table users (id bigint primary key, user_login text, user_email text);
        create table customer_lookup (
            customer_id bigint primary key, first_name text, last_name text, email text
        );
        create table orders (
            id bigint primary key, customer_id bigint, parent_order_id bigint,
            total_amount numeric, coupon_amount numeric, date_created timestamptz
        );
        create table order_stats (
            order_id bigint primary key, customer_id bigint, total_sales numeric,
            date_paid timestamptz, status text
        );
        insert into users select i, 'u' || i, 'u@example.org' from generate_series(1, 90) as i;
        insert into customer_lookup
        select i, 'First', 'Last', 'c@example.org' from generate_series(1, 90) as i;
        insert into orders select i, i, 0, 9, 1, '2026-01-01' from generate_series(1, 90) as i;
        insert into order_stats select i, i, 9, '2026-01-01', 'paid' from generate_series(1, 90) i;
        """,
    )
    text = plain(draft_of(session).text)
    assert "is orders.customer_id a key of customer_lookup, or of users?" in text
    assert "l.total_amount as amount" in text
    assert "example.org" not in text


def test_what_is_proposed_is_sql_where_it_stands(databases: Any) -> None:
    session = host_of(
        databases,
        PEOPLE,
        """
        create table membership (
            id integer primary key, person_id integer not null references person,
            start_date date not null, end_date date, cancelled_at timestamptz
        );
        insert into membership
        select i, i, '2026-01-01', '2026-12-31', case when i = 1 then now() end
        from generate_series(1, 90) as i;
        """,
    )
    draft = draft_of(session)
    text = draft.text.replace("--     and ", "and ")
    assert text.count("and l.cancelled_at is null") == 1
    view = text[text.index("create or replace view engagement_host.membership") :]
    select = view[view.index("select") : view.index("comment on view")]
    for name in ("host_key", "parameter('TIME_ZONE')", "start_of_day"):
        select = select.replace(f"::engagement.{name}", "").replace(
            f"engagement.{name}", "coalesce"
        )
    select = select.replace("coalesce, ", "coalesce(").replace(", coalesce)", ")")
    assert session.execute(select.encode()).fetchall()
