-- An academy: two customers on an order, product families, refunds in a table of their own, invoices
-- that name the one they take back, places in courses without a date, an account as customer.
create schema academy;
create table academy.account (
    account_id bigint primary key,
    email text not null,
    first_name text not null,
    last_name text not null,
    is_company boolean not null default false,
    company_id bigint references academy.account,
    is_active boolean not null default true
);
create table academy.category (category_id bigint primary key, name text not null);
create table academy.product (
    product_id bigint primary key,
    parent_id bigint references academy.product,
    title text not null
);
create table academy.product_category (
    product_id bigint not null references academy.product,
    category_id bigint not null references academy.category,
    primary key (product_id, category_id)
);
create table academy.purchase (
    purchase_id bigint primary key,
    payer_id bigint not null references academy.account,
    recipient_id bigint references academy.account,
    created_by bigint references academy.account,
    purchased_at timestamptz,
    created_at timestamptz not null,
    purchase_state text not null
    constraint purchase_state check (purchase_state in ('open', 'paid', 'cancelled'))
);
create index on academy.purchase (payer_id);
create table academy.purchase_line (
    purchase_line_id bigint primary key,
    purchase_id bigint not null references academy.purchase,
    product_id bigint not null references academy.product,
    qty numeric not null,
    unit_price numeric not null,
    tax_amount numeric not null,
    shipping_cancelled boolean not null default false
);
create index on academy.purchase_line (purchase_id);
create table academy.refund (
    refund_id bigint primary key,
    purchase_id bigint not null references academy.purchase,
    amount numeric not null
);
create table academy.invoice (
    invoice_id bigint primary key,
    purchase_id bigint not null references academy.purchase,
    refers_id bigint references academy.invoice,
    invoice_date date not null,
    is_void boolean not null default false
);
create table academy.invoice_line (
    invoice_line_id bigint primary key,
    invoice_id bigint not null references academy.invoice,
    product_id bigint not null references academy.product,
    amount numeric not null
);
create index on academy.invoice_line (invoice_id);
create table academy.course (
    course_id bigint primary key,
    title text not null,
    course_type text not null,
    date timestamptz not null
);
create table academy.course_registration (
    course_registration_id bigint primary key,
    account_id bigint not null references academy.account,
    course_id bigint not null references academy.course,
    noticed_at timestamptz
);
create table academy.team (team_id bigint primary key, name text not null, created_at timestamptz);
create table academy.team_account (
    team_account_id bigint primary key,
    team_id bigint not null references academy.team,
    account_id bigint not null references academy.account
);

insert into academy.account (account_id, email, first_name, last_name, is_company, company_id)
select
    i,
    'a' || i || '@example.org',
    'Ann',
    'Lee ' || i,
    i <= 20,
    case when i > 20 then 1 + i % 20 end
from generate_series(1, 400) as i;
insert into academy.category values (1, 'Book'), (2, 'Course');
insert into academy.product
select
    i,
    case when i > 20 then 1 + i % 20 end,
    'Product ' || i
from generate_series(1, 60) as i;
insert into academy.product_category
select
    i,
    1 + i % 2
from generate_series(1, 20) as i;
insert into academy.purchase
select
    i,
    1 + i % 400,
    case when i % 3 = 0 then 1 + (i + 7) % 400 end,
    1,
    case when i % 4 > 0 then timestamptz '2025-01-01 00:00+00' + i * interval '3 hours' end,
    timestamptz '2025-01-01 00:00+00' + i * interval '3 hours',
    (array['open', 'paid', 'paid', 'cancelled'])[1 + i % 4]
from generate_series(1, 2000) as i;
insert into academy.purchase_line
select
    i,
    1 + i % 2000,
    1 + i % 60,
    1 + i % 2,
    10,
    2
from generate_series(1, 4000) as i;
insert into academy.refund
select
    i,
    i * 3,
    5
from generate_series(1, 100) as i;
insert into academy.invoice
select
    i,
    i,
    case when i % 20 = 0 then i - 1 end,
    date '2025-01-02' + i % 300
from generate_series(1, 1500) as i;
insert into academy.invoice_line
select
    i,
    1 + i % 1500,
    1 + i % 60,
    12
from generate_series(1, 3000) as i;
insert into academy.course
select
    i,
    'Course ' || i,
    (array['EVENT', 'TRAINING'])[1 + i % 2],
    timestamptz '2025-05-01 00:00+00' + i * interval '1 day'
from generate_series(1, 30) as i;
insert into academy.course_registration
select
    i,
    21 + i % 380,
    1 + i % 30
from generate_series(1, 900) as i;
insert into academy.team
select
    i,
    'Team ' || i,
    '2024-01-01 00:00+00'
from generate_series(1, 5) as i;
insert into academy.team_account
select
    i,
    1 + i % 5,
    21 + i
from generate_series(1, 50) as i;
analyze;
