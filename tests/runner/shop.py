"""A small host and its adapter, which tests break: tables in schema shop, one source."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import removal
from engagement_runner.embedded import EmbeddedServer

Connection = psycopg.Connection[Any]

#: A host with one table; its adapter is ADAPTER, in which tests replace expressions.
HOST = """
create schema shop;
create table shop.client (client_id bigint primary key, client_name text);
create table shop.job (
    job_id bigint primary key, client_id bigint, firm_id bigint, begin_on date, end_on date
);
create index on shop.job (client_id);
create index on shop.job (firm_id);
create table shop.deal (
    deal_id bigint primary key, client_id bigint, thing text, amount numeric, done_at timestamptz
);
create index on shop.deal (client_id);
insert into shop.client values (1, 'Ada'), (2, 'Bob'), (3, 'Analytical Engines');
insert into shop.job values (1, 1, 3, '2020-01-01', null);
insert into shop.deal values
    (11, 1, 'book', 10, '2024-01-02 10:00+00'),
    (12, 2, 'book', 20, '2025-03-04 10:00+00')
"""

ADAPTER = """\
-- A comment; with a semicolon.
create view engagement_host.customer as
select client_id as customer_id,
       case when client_id = 3 then 'COMPANY' else 'INDIVIDUAL' end as customer_type,
       client_name as display_name, true as is_active
from shop.client;
create view engagement_host.employment as
select client_id as employee_id, firm_id as employer_id, true as is_primary, begin_on, end_on
from shop.job;
create view engagement_host.subject as
select 'PRODUCT_PURCHASE'::text as engagement_type, 'book'::text as subject_id,
       null::text as subject_class, 'A book'::text as display_name;
create view engagement_host.deal as
select deal_id as source_id, null::bigint as document_id, client_id as customer_id,
       null::bigint as employer_id, thing as subject_id, null::text as subject_class,
       1::numeric as quantity, amount as amount, done_at as occurred_at,
       null::timestamptz as ended_at
from shop.deal;

call engagement.register_source(
    'deal', 'PRODUCT_PURCHASE', 'ORDER_CREATION', 'engagement_host.deal');
call engagement.attach_triggers('deal', 'shop.deal', 'deal_id');
call engagement.attach_triggers('customer', 'shop.client', 'client_id');
call engagement.attach_triggers('employment', 'shop.job', 'client_id');
"""

RULE = """
select engagement.add_rule('BOUGHT', 'PURCHASES_DONATIONS', 'PRODUCT_PURCHASE', 'ORDER_CREATION',
                           p_amount_score => 1)
"""

#: A function that a view may ask, and that answers as soon as nobody holds the lock.
GATE = """
create function {schema}.gate() returns boolean language plpgsql set lock_timeout = 0 as
'begin perform pg_advisory_xact_lock_shared(1, 1); return true; end'
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """``write((old, new), …)``: path of ADAPTER with replacements, each of which must occur."""

    def make(*replacements: tuple[str, str]) -> str:
        text = ADAPTER
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "shop.sql"
        path.write_text(text)
        return str(path)

    return make


@pytest.fixture
def shop(deployed: Connection) -> Connection:
    """A deployment beside a small host of two clients and a firm, and a rule for all it sells."""
    removal.detach_host(deployed)
    for source in ("order_line", "invoice_line", "committee_seat", "profile"):
        deployed.execute("call engagement.unregister_source(%s)", (source,))
    deployed.execute(HOST)
    deployed.execute(RULE)
    return deployed


@pytest.fixture
def contents(server: EmbeddedServer) -> Callable[[Connection], str]:
    """``contents(session)``: the catalogue and all rows of a database."""

    def get(session: Connection) -> str:
        text = server.run("pg_dump", "--dbname", server.dsn(session.info.dbname))
        return re.sub(r"^\\(un)?restrict .*\n", "", text, flags=re.M)

    return get
