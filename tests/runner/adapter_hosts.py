"""Small hosts that no adapter of the package knows, each with an adapter that is as it should be.

Every host has enough rows that an index is worth something, and is as a host's own tool would have
made it: no view of the package's, and no key of its type by chance.
"""

from __future__ import annotations

from dataclasses import dataclass

CUSTOMER_VIEWS = """\
create view engagement_host.customer as
select {customer} as customer_id, 'INDIVIDUAL'::text as customer_type,
       {name}::text as display_name, true as is_active
from {customers};
create view engagement_host.employment as
select null::engagement.host_key as employee_id, null::engagement.host_key as employer_id,
       true as is_primary, null::date as begin_on, null::date as end_on
where false;
create view engagement_host.subject as
select 'PRODUCT_PURCHASE'::text as engagement_type, {subject}::text as subject_id,
       null::text as subject_class, {label}::text as display_name
from {subjects};
"""


@dataclass(frozen=True)
class ForeignHost:
    """A host and its adapter.

    Attributes:
        key_type: type of the keys.
        tables: its tables and rows.
        adapter: text of the adapter.
    """

    key_type: str
    tables: str
    adapter: str


#: An application in camel case: uuid keys, quoted names, dates without a time.
CAMEL = ForeignHost(
    "uuid",
    """
    create schema app;
    create table app."Member" (id uuid primary key, "fullName" text);
    create table app."Product" (code text primary key, title text);
    create table app."Order" (
        id uuid primary key, "memberId" uuid not null, "orderedOn" date, "isDraft" boolean
    );
    create table app."OrderLine" (
        "lineId" uuid primary key, "orderId" uuid not null, "productCode" text, qty integer,
        price numeric
    );
    create index on app."Order" ("memberId");
    create index on app."OrderLine" ("orderId");
    create index on app."OrderLine" ("productCode");
    insert into app."Member"
    select md5('member' || n)::uuid, 'Member ' || n from generate_series(1, 400) n;
    insert into app."Product" select 'P' || n, 'Product ' || n from generate_series(1, 40) n;
    insert into app."Order"
    select md5('order' || n)::uuid, md5('member' || n % 400 + 1)::uuid,
           '2020-01-01'::date + n % 2000, n % 50 = 0
    from generate_series(1, 2000) n;
    insert into app."OrderLine"
    select md5('line' || n)::uuid, md5('order' || n % 2000 + 1)::uuid, 'P' || n % 40 + 1, 1, n % 90
    from generate_series(1, 6000) n;
    analyze app."Member", app."Product", app."Order", app."OrderLine"
    """,
    CUSTOMER_VIEWS.format(
        customer="id", name='"fullName"', customers='app."Member"',
        subject="code", label="title", subjects='app."Product"',
    )
    + """\
create view engagement_host.order_line as
select l."lineId" as source_id, l."orderId" as document_id, o."memberId" as customer_id,
       null::uuid as employer_id, l."productCode" as subject_id, null::text as subject_class,
       l.qty::numeric as quantity, l.price as amount,
       o."orderedOn"::timestamp at time zone 'Europe/Brussels' as occurred_at,
       null::timestamptz as ended_at
from app."OrderLine" as l
join app."Order" as o on o.id = l."orderId"
join app."Product" as p on p.code = l."productCode"
where not o."isDraft";
call engagement.register_source(
    'order_line', 'PRODUCT_PURCHASE', 'ORDER_CREATION', 'engagement_host.order_line');
call engagement.attach_triggers('order_line', 'app."OrderLine"', '"lineId"');
call engagement.attach_triggers('order_line', 'app."Order"', 'id', 'document_id');
call engagement.attach_triggers('order_line', 'app."Product"', 'code', 'subject_id');
call engagement.attach_triggers('customer', 'app."Member"', '"id"');
""",
)  # fmt: skip

#: An old ledger: keys of two numbers, as text; customers by a code.
COMPOSITE = ForeignHost(
    "text",
    """
    create schema erp;
    create table erp.client (code varchar(12) primary key, name text);
    create table erp.article (article_no integer primary key, name text);
    create table erp.sale (sale_no integer primary key, client_code varchar(12), sold_at timestamp);
    create table erp.sale_line (
        sale_no integer, line_no integer, article_no integer, quantity numeric, amount numeric,
        primary key (sale_no, line_no)
    );
    create index on erp.sale (client_code);
    create index on erp.sale_line ((sale_no::text || '/' || line_no::text));
    create index on erp.sale_line ((sale_no::text));
    insert into erp.client select 'C' || n, 'Client ' || n from generate_series(1, 400) n;
    insert into erp.article select n, 'Article ' || n from generate_series(1, 40) n;
    insert into erp.sale
    select n, 'C' || n % 400 + 1, '2020-01-01'::timestamp + n * interval '13 hours'
    from generate_series(1, 2000) n;
    insert into erp.sale_line
    select s, l, (s + l) % 40 + 1, 1, s % 90
    from generate_series(1, 2000) s, generate_series(1, 3) l;
    analyze erp.client, erp.article, erp.sale, erp.sale_line
    """,
    CUSTOMER_VIEWS.format(
        customer="code::text", name="name", customers="erp.client",
        subject="article_no", label="name", subjects="erp.article",
    )
    + """\
create view engagement_host.sale_line as
select l.sale_no::text || '/' || l.line_no::text as source_id, l.sale_no::text as document_id,
       s.client_code::text as customer_id, null::text as employer_id,
       l.article_no::text as subject_id, null::text as subject_class, l.quantity, l.amount,
       s.sold_at at time zone 'UTC' as occurred_at, null::timestamptz as ended_at
from erp.sale_line as l
join erp.sale as s on s.sale_no = l.sale_no;
call engagement.register_source(
    'sale_line', 'PRODUCT_PURCHASE', 'ORDER_CREATION', 'engagement_host.sale_line');
call engagement.attach_triggers(
    'sale_line', 'erp.sale_line', $$sale_no::text || '/' || line_no::text$$);
call engagement.attach_triggers('sale_line', 'erp.sale', 'sale_no::text', 'document_id');
call engagement.attach_triggers('customer', 'erp.client', 'code');
""",
)  # fmt: skip

#: Bundles: a line may have a parent, and a bundle is found by its first line.
BUNDLE = ForeignHost(
    "bigint",
    """
    create schema desk;
    create table desk.person (person_id bigint primary key, name text);
    create table desk.item (
        item_id bigint primary key, parent_id bigint, person_id bigint, thing text, amount numeric,
        bought_at timestamptz
    );
    create index on desk.item (person_id);
    create index on desk.item ((coalesce(parent_id, item_id)));
    insert into desk.person select n, 'Person ' || n from generate_series(1001, 1400) n;
    insert into desk.item
    select 1000000 + n, case when n % 3 <> 0 then 1000000 + n - n % 3 end, n % 400 + 1001, 'THING',
           n % 90, '2020-01-01 00:00+00'::timestamptz + n * interval '5 hours'
    from generate_series(3, 6002) n;
    analyze desk.person, desk.item
    """,
    CUSTOMER_VIEWS.format(
        customer="person_id", name="name", customers="desk.person",
        subject="'THING'", label="'A thing'",
        subjects="(select from desk.person limit 1) as one",
    )
    + """\
create view engagement_host.item as
select i.item_id as source_id, coalesce(i.parent_id, i.item_id) as document_id,
       i.person_id as customer_id, null::bigint as employer_id, i.thing as subject_id,
       null::text as subject_class, 1::numeric as quantity, i.amount,
       i.bought_at as occurred_at, null::timestamptz as ended_at
from desk.item as i;
call engagement.register_source(
    'item', 'PRODUCT_PURCHASE', 'ORDER_CREATION', 'engagement_host.item');
call engagement.attach_triggers(
    'item', 'desk.item', 'coalesce(parent_id, item_id)', 'document_id');
call engagement.attach_triggers('customer', 'desk.person', 'person_id');
""",
)  # fmt: skip

HOSTS = {"camel": CAMEL, "composite": COMPOSITE, "bundle": BUNDLE}
