-- A chamber of commerce that came from MySQL: seconds since 1970, letters for kinds and flags, 0 for
-- none, cents, keys of several columns, badges below bookings.
create schema chamber;
set search_path = chamber;

create table member (
    mid integer primary key,
    cls char(1) not null,
    name varchar(80) not null,
    given varchar(40),
    joined integer not null,
    resigned integer not null default 0,
    merged_into integer not null default 0
);

create table delegate (
    did integer primary key,
    person_mid integer not null references member,
    firm_mid integer not null references member,
    since integer not null,
    until integer not null default 0,
    is_main char(1) not null
);
create index on delegate (person_mid);
create index on delegate (firm_mid);

create table fee (
    fee_code varchar(8) primary key,
    label varchar(60) not null,
    fee_group varchar(12) not null
);

create table dues_invoice (
    inv_id integer primary key,
    mid integer not null references member,
    issued integer not null,
    due integer not null,
    status char(1) not null,
    cur char(3) not null
);

create table dues_invoice_item (
    inv_id integer not null references dues_invoice,
    pos smallint not null,
    fee_code varchar(8) not null references fee,
    qty smallint not null,
    net_cents bigint not null,
    primary key (inv_id, pos)
);

create table payment (
    pay_id integer primary key,
    inv_id integer not null references dues_invoice,
    received integer not null,
    cents bigint not null
);

create table event (
    ev_id integer primary key,
    title varchar(80) not null,
    ev_type varchar(12) not null
);

create table booking (
    bk_id integer primary key,
    ev_id integer not null references event,
    booked_by integer not null references member,
    booked integer not null,
    state varchar(10) not null
);

create table badge (
    badge_id integer primary key,
    bk_id integer not null references booking,
    mid integer not null references member,
    price real not null,
    void char(1) not null default 'N'
);
create index on badge (bk_id);

create table panel (
    panel_code varchar(6) primary key,
    name varchar(60) not null,
    kind varchar(12) not null
);

create table panel_seat (
    panel_code varchar(6) not null references panel,
    mid integer not null references member,
    from_ts integer not null,
    to_ts integer,
    primary key (panel_code, mid, from_ts)
);

insert into member
select
    i, case when i % 4 = 0 then 'O' else 'I' end, 'Name ' || i,
    case when i % 4 > 0 then 'Given ' || i end, 1420070400 + i * 7200,
    case when i % 19 = 0 then 1700000000 else 0 end, case when i % 101 = 0 then i - 4 else 0 end
from generate_series(1, 400) as i;

insert into delegate
select
    i, i * 2 - 1, 4 * (1 + (i * 3) % 100), 1480000000 + i * 1000,
    case when i % 5 = 0 then 1650000000 + i else 0 end, case when i % 7 = 0 then 'N' else 'Y' end
from generate_series(1, 180) as i;

insert into fee values
('BASE', 'Base dues', 'DUES'), ('CERT', 'Certificate of origin', 'SERVICE');

insert into dues_invoice
select
    i, 1 + (i * 4 - 1) % 400, 1577880000 + i * 18000, 1580472000 + i * 18000,
    case when i % 29 = 0 then 'X' else 'P' end, case when i % 9 = 0 then 'USD' else 'EUR' end
from generate_series(1, 700) as i;

insert into dues_invoice_item
select i, p, case p when 1 then 'BASE' else 'CERT' end, 1 + i % 3, 10000 * p + i % 100
from generate_series(1, 700) as i cross join generate_series(1, 2) as p;

insert into payment
select i, i, 1578880000 + i * 18000, 30000 from generate_series(1, 600) as i;

insert into event
select i, 'Event ' || i, case i % 2 when 0 then 'SEMINAR' else 'FAIR' end
from generate_series(1, 30) as i;

insert into booking
select
    i, 1 + i % 30, 1 + (i * 3) % 400, 1579000000 + i * 40000,
    (array['CONFIRMED', 'CONFIRMED', 'WAITLIST', 'CANCELLED'])[1 + i % 4]
from generate_series(1, 350) as i;

insert into badge
select
    i, 1 + (i - 1) / 2, 1 + (i * 5) % 400, case when i % 2 = 0 then 49.5 else 0 end,
    case when i % 33 = 0 then 'Y' else 'N' end
from generate_series(1, 700) as i;

insert into panel
select 'P' || i, 'Panel ' || i, case i % 2 when 0 then 'EXPERT' else 'BOARD' end
from generate_series(1, 20) as i;

insert into panel_seat
select
    'P' || (1 + i % 20), 1 + (i * 13) % 400, 1500000000 + i * 90000,
    case when i % 2 = 0 then 1600000000 + i * 90000 end
from generate_series(1, 90) as i;

reset search_path;
analyze;
