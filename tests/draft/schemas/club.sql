-- A club: keys of several columns, uuid, enums, days, two prices, terms, seats, employers, and names
-- that need quotes.
create schema "Club Office";
create type "Club Office".invoice_state as enum ('draft', 'posted', 'reversed', 'on hold');
create table "Club Office".member (
    member_no uuid primary key,
    kind text not null,
    full_name text not null,
    active boolean not null default true
);
create table "Club Office".section (section_id integer primary key, title text not null);
create table "Club Office".article (
    code text primary key,
    name text not null,
    article_group text not null
);
create table "Club Office".invoice (
    branch integer not null,
    invoice_no integer not null,
    member_no uuid not null references "Club Office".member,
    invoice_date date,
    state "Club Office".invoice_state not null,
    created_by uuid references "Club Office".member,
    primary key (branch, invoice_no)
);
create index on "Club Office".invoice (member_no);
create table "Club Office"."invoice row" (
    branch integer not null,
    invoice_no integer not null,
    "row" integer not null,
    article_code text not null references "Club Office".article,
    qty numeric not null,
    amount_net numeric not null,
    amount_gross numeric not null,
    primary key (branch, invoice_no, "row"),
    foreign key (branch, invoice_no) references "Club Office".invoice
);
create table "Club Office".membership_plan (plan_id uuid primary key, name text not null);
create table "Club Office".membership (
    membership_id uuid primary key,
    member_no uuid not null references "Club Office".member,
    plan_id uuid not null references "Club Office".membership_plan,
    valid_from date not null,
    valid_to date,
    cancelled boolean not null default false
);
create table "Club Office".donation (
    donation_id bigint primary key,
    member_no uuid not null references "Club Office".member,
    amount double precision not null,
    given_on date,
    created_at timestamptz not null default '2025-01-01'
);
create table "Club Office".committee (
    committee_id uuid primary key,
    name text not null,
    section_id integer not null references "Club Office".section
);
create table "Club Office".committee_seat (
    committee_id uuid not null references "Club Office".committee,
    member_no uuid not null references "Club Office".member,
    from_date date not null,
    to_date date,
    primary key (committee_id, member_no, from_date)
);
create table "Club Office".employment (
    employment_id uuid primary key,
    employee_no uuid not null references "Club Office".member,
    employer_no uuid not null references "Club Office".member,
    start_date date,
    end_date date
);
create table "Club Office".audit_log (
    log_id bigint primary key,
    member_no uuid references "Club Office".member,
    at timestamptz not null
);

insert into "Club Office".member
select
    md5(i::text)::uuid,
    case when i % 10 = 0 then 'organisation' else 'person' end,
    'Member ' || i
from generate_series(1, 300) as i;
insert into "Club Office".section values (1, 'Sport'), (2, 'Youth');
insert into "Club Office".article
values ('BALL', 'Ball', 'SHOP'), ('CAMP', 'Summer camp', 'EVENT');
insert into "Club Office".invoice
select
    1 + i % 2,
    i,
    md5((1 + i % 300)::text)::uuid,
    case when i % 20 > 0 then date '2025-01-01' + i % 300 end,
    (array['posted', 'draft', 'posted', 'reversed', 'on hold'])[1 + i % 5]::"Club Office".invoice_state
from generate_series(1, 600) as i;
insert into "Club Office"."invoice row"
select
    n.branch,
    n.invoice_no,
    r,
    case when r = 1 then 'BALL' else 'CAMP' end,
    r,
    10 * r,
    12 * r
from "Club Office".invoice as n
cross join generate_series(1, 2) as r;
insert into "Club Office".membership_plan
values (md5('year')::uuid, 'A year'), (md5('life')::uuid, 'For life');
insert into "Club Office".membership
select
    md5('m' || i)::uuid,
    md5(i::text)::uuid,
    md5(case when i % 9 = 0 then 'life' else 'year' end)::uuid,
    date '2025-01-01' + i,
    case when i % 9 > 0 then date '2025-12-31' + i end,
    i % 11 = 0
from generate_series(1, 300) as i;
insert into "Club Office".donation
select
    i,
    md5(i::text)::uuid,
    25.5,
    case when i % 5 > 0 then date '2025-03-01' + i end
from generate_series(1, 60) as i;
insert into "Club Office".committee
select
    md5('c' || i)::uuid,
    'Committee ' || i,
    1 + i % 2
from generate_series(1, 6) as i;
insert into "Club Office".committee_seat
select
    md5('c' || 1 + i % 6)::uuid,
    md5(i::text)::uuid,
    '2025-01-01'
from generate_series(1, 40) as i;
insert into "Club Office".employment
select
    md5('e' || i)::uuid,
    md5(i::text)::uuid,
    md5((10 * (1 + i % 30))::text)::uuid
from generate_series(1, 200) as i
where i % 10 > 0;
analyze;
