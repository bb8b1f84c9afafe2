"""Drafts of hosts that name things otherwise: abbreviations, flags of letters, old key types."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from draft.measure import draft_of
from engagement_runner.deploy.adapter import check
from engagement_runner.draft import adapter as drafted
from engagement_runner.draft import reading, roles

PEOPLE = """
create table customer (
    customer_id bigint primary key, first_name text, last_name text, org_name text
);
insert into customer select i, 'First', 'Last' from generate_series(1, 90) as i;
insert into customer (customer_id, org_name) values (91, 'Acme');
"""
GIFTS = """
create table contribution (
    contribution_id bigint primary key, customer_id bigint not null references customer,
    contribution_amt numeric not null, contribution_date date not null, reversed_flag char(1),
    void_yn varchar(1) not null default 'N', is_exchanged boolean not null default false
);
insert into contribution
select i, i, 5, '2026-01-01', case when i < 10 then 'Y' end from generate_series(1, 90) as i;
"""
SEATS = """
create table committee (committee_id bigint primary key, committee_nm text not null);
create table committee_seat (
    seat_id bigint primary key, committee_id bigint not null references committee,
    customer_id bigint not null references customer, joined_on date not null, left_on date
);
insert into committee values (1, 'Board');
insert into committee_seat select i, 1, i, '2026-01-01' from generate_series(1, 90) as i;
create table membership (
    membership_id bigint primary key, customer_id bigint not null references customer,
    start_dt timestamp not null, expiration_dt timestamp, dues_amt numeric
);
insert into membership select i, i, '2026-01-01', '2026-12-31' from generate_series(1, 90) as i;
"""
ORDERS = """
create table product (code char(8) primary key, prod_type_cd text not null);
create table "ORDER_HEADER" (
    "ORDER_NO" bigint primary key, "BILL_TO_CUSTOMER_ID" bigint not null,
    "SHIP_TO_CUSTOMER_ID" bigint, order_dt date not null
);
create table "ORDER_DETAIL" (
    detail_id bigint primary key, "ORDER_NO" bigint not null,
    product_code char(8) references product, qty integer not null, unit_price numeric not null,
    discount_amt numeric
);
insert into product select 'P' || i, 'BOOK' from generate_series(1, 9) as i;
insert into "ORDER_HEADER"
select i, 1 + i % 90, case when i % 4 = 0 then 2 end, '2026-01-01'
from generate_series(1, 900) as i;
insert into "ORDER_DETAIL" select i, i, 'P' || 1 + i % 9, 1, 5 from generate_series(1, 900) as i;
"""


def host_of(databases: Any, *tables: str) -> psycopg.Connection[Any]:
    session: psycopg.Connection[Any] = databases.connect(databases.create())
    for text in (*tables, "analyze"):
        session.execute(text.encode())
    return session


def plain(text: str) -> str:
    """The text without the breaks of its comments."""
    return " ".join(re.sub(r"\n *--  *(?!DECIDE|and |likely|sure|guess)", " ", text).split())


def test_amounts_flags_and_names_of_older_hosts(databases: Any) -> None:
    text = plain(draft_of(host_of(databases, PEOPLE, GIFTS)).text)
    assert "l.contribution_amt as amount" in text
    assert "l.reversed_flag is distinct from 'Y'" in text
    # It has never been true yet.
    assert "l.void_yn is distinct from 'Y'" in text
    assert "l.is_exchanged is not true" in text
    assert "coalesce(nullif(concat_ws(' ', l.first_name, l.last_name), ''), l.org_name)" in text
    assert "'Contribution' as display_name" in text


def test_flag_without_statistics_is_a_question(databases: Any) -> None:
    session = databases.connect(databases.create())
    session.execute((PEOPLE + GIFTS).encode())
    assert "whatever its contribution.void_yn?" in plain(draft_of(session).text)


def test_ends_of_seats_and_terms(databases: Any) -> None:
    text = plain(draft_of(host_of(databases, PEOPLE, SEATS)).text)
    assert "engagement.start_of_day(l.left_on + 1, engagement.parameter('TIME_ZONE'))" in text
    assert "DECIDE: is expiration_dt the last day, inclusive, at its midnight?" in text
    assert "l.dues_amt as amount" in text
    assert "t.committee_nm::text as display_name" in text


def test_end_that_no_name_says_is_a_question(databases: Any) -> None:
    session = host_of(databases, PEOPLE, SEATS, "alter table committee_seat rename left_on to gone")
    assert "DECIDE: does it end by one of these: gone?" in plain(draft_of(session).text)


def test_orders_without_references_are_found_by_the_ends_of_names(databases: Any) -> None:
    draft = draft_of(host_of(databases, PEOPLE, ORDERS))
    text = plain(draft.text)
    assert [source.name for source in draft.sources] == ["order_detail"]
    assert "p.prod_type_cd::text as subject_class" in text
    assert "is unit_price before discount_amt?" in text
    assert "DECIDE: net or gross" not in text


def test_orders_of_keys_of_another_type_have_an_index_for_each_look_up(
    databases: Any, tmp_path: Path
) -> None:
    numbers = PEOPLE.replace("customer_id bigint", "customer_id numeric(10)")
    orders = ORDERS.replace('CUSTOMER_ID" bigint', 'CUSTOMER_ID" numeric(10)')
    session = host_of(databases, numbers, orders)
    draft = draft_of(session)
    assert draft.key_type == "text"
    (nullif,) = re.findall(r"nullif\(.*?\)::text\)::engagement.host_key", plain(draft.text))
    path = tmp_path / "drafted.sql"
    path.write_text(
        draft.text.replace(
            "null::engagement.host_key as employer_id", f"{nullif} as employer_id", 1
        )
    )
    for index in re.findall(r"^-- +(create index .*;)$", draft.text, re.M):
        session.execute(index)
    session.execute("analyze")
    findings = check(session, str(path), draft.key_type).findings.records
    assert not [f for f in findings if f["severity"] != "hint"], findings
    assert not [f for f in findings if f["finding"].startswith("look-ups read small")], findings


def test_gift_is_of_whoever_gives(databases: Any) -> None:
    text = plain(draft_of(host_of(databases, PEOPLE, """
        create table gift (
            gift_id bigint primary key, donor_customer_id bigint not null references customer,
            recipient_customer_id bigint references customer, gift_date date not null,
            amount numeric not null
        );
        insert into gift select i, i, null, '2026-01-01', 5 from generate_series(1, 90) as i
    """)).text)  # fmt: skip
    assert "l.donor_customer_id::engagement.host_key as customer_id" in text
    assert "DECIDE: who earns? l.recipient_customer_id could, too" in text
    assert "employ whoever" not in text


def test_holder_that_most_rows_lack_is_not_sure(databases: Any) -> None:
    session = host_of(databases, PEOPLE, ORDERS)
    session.execute(
        'alter table "ORDER_DETAIL" add holder_customer_id bigint references customer;'
        'update "ORDER_DETAIL" set holder_customer_id = 7 where detail_id % 4 = 0; analyze'
    )
    text = plain(draft_of(session).text)
    assert "likely: ORDER_DETAIL.holder_customer_id refers to customer" in text
    assert "earn nobody anything: 75% of them" in text
    assert "or where the other one is missing: coalesce(l.holder_customer_id, h." in text


def test_person_is_whoever_has_a_first_and_a_last_name(databases: Any) -> None:
    session = host_of(databases, """
        create table per_mast (
            per_id bigint primary key, last_nm text, first_nm text, job_title text
        );
        insert into per_mast select i, 'Last', 'First', 'Engineer' from generate_series(1, 50) as i;
        create table evt_reg_guest (
            evt_id bigint, guest_no integer, per_id bigint, guest_nm text,
            primary key (evt_id, guest_no)
        );
        insert into evt_reg_guest select i, 1, i from generate_series(1, 50) as i
    """)  # fmt: skip
    host = reading.read(session)
    assert [table.name for table in roles.customers(host)] == ["per_mast", "evt_reg_guest"]
    text = plain(draft_of(session).text)
    assert "concat_ws(' ', l.first_nm, l.last_nm)" in text


def test_line_that_is_named_earns_whatever_it_is_called(databases: Any) -> None:
    session = host_of(databases, PEOPLE, """
        create table pledge (
            pledge_id bigint primary key, customer_id bigint not null references customer
        );
        create table pledge_payment (
            payment_id bigint primary key, pledge_id bigint not null references pledge,
            paid_on date not null, amount numeric not null
        );
        create table visit_log (
            visit_id bigint primary key, customer_id bigint not null references customer,
            visited_on date not null
        )
    """)  # fmt: skip
    host = reading.read(session)
    customer = host.find("customer")
    assert customer is not None
    lines = [table for table in host.tables if table.name in ("pledge_payment", "visit_log")]
    assigned = roles.assign(host, customer, lines)
    assert {path.line.name for path in assigned.paths} == {"pledge_payment", "visit_log"}
    text = plain(drafted.write(host, assigned).text)
    assert "l.amount as amount" in text


@pytest.mark.parametrize("kind", ["customer", "contribution"])
def test_index_on_a_partitioned_table_is_not_made_concurrently(databases: Any, kind: str) -> None:
    session = host_of(databases, PEOPLE, f"""
        create table gift (
            gift_id bigint, customer_id bigint not null references customer, {kind}_amount numeric,
            given_on date not null, primary key (gift_id, given_on)
        ) partition by range (given_on);
        create table gift_2026 partition of gift for values from ('2026-01-01') to ('2027-01-01');
        insert into gift select i, i, 5, '2026-02-01' from generate_series(1, 90) as i
    """)  # fmt: skip
    indexes = re.findall(r"^-- +(create index .*;)$", draft_of(session).text, re.M)
    assert [index for index in indexes if " on public.gift " in index]
    for index in indexes:
        session.execute(index.encode())
