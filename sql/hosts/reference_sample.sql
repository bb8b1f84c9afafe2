-- A sample association in the reference CRM: about 2,000 people and 60 companies with three years
-- of orders, invoices, credit notes, committee seats and jobs, up to the instant in the setting
-- crm.sample_until (for example: set crm.sample_until = '2025-06-14 05:30:00+00').
--
-- The same instant gives the same rows, on every server and for every key type: chance is an md5 of
-- a salt and a number, and calendar arithmetic is in UTC. Expects schema crm to be empty.
--
-- Life in it: conference registrations in spring, a quiet summer, donations in December, members
-- who join, lapse and renew once a year, a few very active ones and many who hardly stir, people
-- who change jobs, and a handful who turned active in the last weeks.

create function pg_temp.chance(p_salt text, p_number bigint) returns double precision
language sql immutable as $$
    select ('x' || substr(md5(p_salt || ':' || p_number), 1, 8))::bit(32)::bigint
        / 4294967296.0::float8
$$;

create function pg_temp.sample_until() returns timestamp
language sql stable as $$
    select current_setting('crm.sample_until')::timestamptz at time zone 'UTC'
$$;

-- Customers: numbers 1 to 60 are companies, 61 to 2060 people.

insert into crm.customer (customer_id, customer_type, display_name, is_active)
select
    crm.key_of(n),
    'COMPANY',
    (array['Alder', 'Beacon', 'Cobalt', 'Dovetail', 'Elmwood', 'Fairlight', 'Granite', 'Harbour',
        'Ironbridge', 'Juniper', 'Keystone', 'Lantern', 'Meridian', 'Northgate', 'Orchard',
        'Pinnacle', 'Quayside', 'Riverstone', 'Summit', 'Thornfield'])[1 + (n - 1) % 20]
    || ' '
    || (array['Engineering', 'Health Partners', 'Consulting'])[1 + (n - 1) / 20],
    n <> 57
from generate_series(1, 60) as n;

create temporary table sample_person as
select
    n,
    crm.key_of(n) as customer_id,
    -- How often this person does anything, per slot of ten days.
    case
        when c.kind < 0.05 then 0.180
        when c.kind < 0.25 then 0.060
        when c.kind < 0.70 then 0.018
        else 0.004
    end as keenness,
    -- A quarter joined during the three years, an eighth left again.
    case
        when c.joined < 0.25 then pg_temp.sample_until()::date - (c.joined * 4 * 1090)::integer
        else pg_temp.sample_until()::date - 1100 - (c.joined * 4000)::integer
    end as joined_on,
    case
        when c.lapsed < 0.12 then pg_temp.sample_until()::date - (c.lapsed * 8 * 1000)::integer
    end as lapsed_on,
    pg_temp.chance('awoken', n) < 0.03 as is_awoken
from generate_series(61, 2060) as n
cross join lateral (
    select
        pg_temp.chance('kind', n) as kind,
        pg_temp.chance('joined', n) as joined,
        pg_temp.chance('lapsed', n) as lapsed
) as c;

-- 1009 and the 2,400 pairs of names have no common divisor, so no two people share a name.
insert into crm.customer (customer_id, customer_type, display_name, is_active)
select
    p.customer_id,
    'INDIVIDUAL',
    (array['Ada', 'Amina', 'Anders', 'Beatriz', 'Benedict', 'Carmen', 'Chidi', 'Clara', 'Daniel',
        'Dorothy', 'Elena', 'Emeka', 'Farah', 'Felix', 'Grace', 'Hana', 'Hector', 'Ingrid',
        'Isaac', 'Jasmine', 'Jonas', 'Karen', 'Kofi', 'Laila', 'Leo', 'Magda', 'Marcus', 'Mei',
        'Nadia', 'Nils', 'Olga', 'Omar', 'Paula', 'Peter', 'Priya', 'Quentin', 'Rosa', 'Ruth',
        'Samuel', 'Sofia', 'Tariq', 'Thea', 'Ulrich', 'Vera', 'Walter', 'Wen', 'Yusuf', 'Zoe']
    )[1 + (p.n * 1009 % 2400) % 48]
    || ' '
    || (array['Abbott', 'Adeyemi', 'Alvarez', 'Andersen', 'Baker', 'Banerjee', 'Bauer', 'Bennett',
        'Bianchi', 'Brandt', 'Carter', 'Castillo', 'Chen', 'Cohen', 'Costa', 'Dalton', 'Diallo',
        'Dubois', 'Eriksen', 'Farouk', 'Fischer', 'Flores', 'Garcia', 'Gupta', 'Hansen', 'Hughes',
        'Ibrahim', 'Ito', 'Jensen', 'Kaplan', 'Keller', 'Kim', 'Kowalski', 'Larsen', 'Lindqvist',
        'Mbeki', 'Meyer', 'Moreau', 'Nakamura', 'Novak', 'Okafor', 'Olsen', 'Patel', 'Quinn',
        'Rossi', 'Santos', 'Silva', 'Tanaka', 'Varga', 'Weiss']
    )[1 + (p.n * 1009 % 2400) / 48],
    p.lapsed_on is null or pg_temp.chance('still active', p.n) < 0.5
from sample_person as p;

-- Products: the list price, the most that is bought at once, and how sought after a product is in
-- each month from January to December.

create temporary table sample_product (
    product_id text,
    product_class text,
    display_name text,
    price numeric,
    most integer,
    demand integer[]
);

insert into sample_product values
('MEM-IND', 'MEMBERSHIP', 'Individual Membership, one year', 180, 1, null),
('MEM-STU', 'MEMBERSHIP', 'Student Membership, one year', 45, 1, null),
('MEM-COR', 'MEMBERSHIP', 'Corporate Membership, one year', 2400, 1, null),
('CONF', 'EVENT', 'Annual Conference: Registration', 590, 1,
    array[4, 10, 22, 30, 26, 2, 0, 0, 0, 0, 0, 2]),
('CONF-WS', 'EVENT', 'Annual Conference: Workshop Day', 240, 1,
    array[1, 4, 9, 14, 13, 1, 0, 0, 0, 0, 0, 0]),
('SYMP', 'EVENT', 'Autumn Symposium', 280, 1,
    array[0, 0, 0, 0, 1, 2, 2, 7, 18, 20, 2, 0]),
('GALA', 'EVENT', 'Winter Gala: Seat', 150, 4,
    array[0, 0, 0, 0, 0, 0, 0, 0, 3, 9, 16, 6]),
('MEETUP', 'EVENT', 'Regional Meetup', 25, 2,
    array[8, 9, 9, 8, 8, 6, 2, 2, 9, 10, 9, 4]),
('WEB-BASIC', 'TRAINING', 'Webinar: Foundations', 0, 1,
    array[14, 14, 12, 9, 9, 7, 3, 3, 12, 14, 12, 5]),
('WEB-ADV', 'TRAINING', 'Webinar: Advanced Practice', 60, 1,
    array[9, 9, 8, 6, 6, 5, 2, 2, 8, 9, 8, 3]),
('CERT-1', 'TRAINING', 'Certificate Course, Part One', 420, 1,
    array[7, 5, 3, 2, 1, 1, 1, 3, 8, 4, 2, 1]),
('CERT-2', 'TRAINING', 'Certificate Course, Part Two', 460, 1,
    array[3, 4, 4, 3, 2, 1, 1, 1, 3, 4, 3, 1]),
('ETHICS', 'TRAINING', 'Ethics Refresher', 95, 1,
    array[3, 3, 3, 3, 3, 3, 2, 2, 4, 5, 8, 9]),
('JOURNAL', 'PUBLICATION', 'Quarterly Journal, one year', 72, 1,
    array[9, 5, 3, 3, 2, 2, 2, 2, 4, 4, 5, 7]),
('HANDBOOK', 'PUBLICATION', 'Practitioner''s Handbook', 65, 5,
    array[5, 5, 5, 5, 4, 3, 2, 4, 8, 6, 5, 5]),
('YEARBOOK', 'PUBLICATION', 'Yearbook', 38, 3,
    array[8, 6, 3, 2, 1, 1, 1, 1, 1, 2, 5, 9]),
('EBOOK', 'PUBLICATION', 'Case Studies, e-book', 24, 2,
    array[5, 5, 5, 5, 5, 6, 7, 7, 6, 5, 5, 6]),
('STANDARD', 'PUBLICATION', 'Standards Collection', 310, 2,
    array[4, 4, 4, 3, 3, 2, 1, 1, 4, 4, 4, 3]),
('FUND', 'DONATION', 'Annual Fund', 50, 1,
    array[3, 2, 2, 2, 2, 2, 1, 1, 2, 3, 14, 34]),
('SCHOLAR', 'DONATION', 'Scholarship Fund', 100, 1,
    array[1, 1, 1, 2, 5, 3, 1, 1, 2, 2, 6, 15]),
('LIBRARY', 'DONATION', 'Library Appeal', 30, 1,
    array[1, 1, 4, 4, 1, 1, 1, 1, 1, 1, 3, 7]),
('MUG', 'MERCHANDISE', 'Mug', 12, 4,
    array[1, 1, 2, 3, 3, 1, 1, 1, 2, 2, 4, 6]),
('TOTE', 'MERCHANDISE', 'Tote Bag', 18, 3,
    array[1, 1, 2, 4, 4, 2, 1, 1, 2, 2, 3, 3]),
('PIN', 'MERCHANDISE', 'Lapel Pin', 6, 10,
    array[2, 1, 1, 2, 3, 1, 1, 1, 2, 2, 2, 3]),
('BOOTH', 'SPONSORSHIP', 'Exhibition Booth', 3200, 1, null),
('SPONSOR', 'SPONSORSHIP', 'Conference Sponsorship', 7500, 1, null);

insert into crm.product (product_id, product_class, display_name)
select product_id, product_class, display_name
from sample_product;

-- What a chance between 0 and 1 buys in a month, and how busy that month is.
create temporary table sample_demand as
select
    d.month_number,
    p.product_id,
    sum(d.weight) over (running) - d.weight as weight_from,
    sum(d.weight) over (running) as weight_to,
    sum(d.weight) over (partition by d.month_number) as weight_total
from sample_product as p
cross join lateral unnest(p.demand) with ordinality as d (weight, month_number)
window running as (partition by d.month_number order by p.product_id collate "C");

-- Jobs. Seven people in ten have one; big companies have many more people than small ones.

create temporary table sample_job as
select
    p.n,
    p.customer_id,
    1 + floor(60 * pg_temp.chance('company', p.n) * pg_temp.chance('company', p.n))::integer
        as company_number,
    1 + floor(60 * pg_temp.chance('next company', p.n))::integer as next_company_number,
    1 + floor(60 * pg_temp.chance('second company', p.n))::integer as second_company_number,
    pg_temp.sample_until()::date - 30 - floor(1000 * pg_temp.chance('left on', p.n))::integer
        as left_on,
    pg_temp.chance('career', p.n) as career
from sample_person as p
where pg_temp.chance('employed', p.n) < 0.70;

create temporary table sample_employment as
-- the first job: one in seven has left it
select
    j.n * 3 as n, j.customer_id, j.company_number, true as is_primary,
    case
        when j.career between 0.30 and 0.90
            then j.left_on - 200 - floor(3000 * pg_temp.chance('hired', j.n))::integer
    end as begin_on,
    case when j.career < 0.15 then j.left_on end as end_on
from sample_job as j
union all
-- the job after it
select
    j.n * 3 + 1, j.customer_id, j.next_company_number, true,
    j.left_on + 1 + floor(20 * pg_temp.chance('gap', j.n))::integer, null
from sample_job as j
where j.career < 0.12
union all
-- a second employer at the same time
select
    j.n * 3 + 2, j.customer_id, j.second_company_number, false,
    pg_temp.sample_until()::date - 500, null
from sample_job as j
where j.career > 0.985 and j.second_company_number <> j.company_number;

insert into crm.employment (
    employment_id, employee_id, employer_id, is_primary, begin_on, end_on
)
select
    crm.key_of(10000 + row_number() over (order by n)),
    customer_id,
    crm.key_of(company_number),
    is_primary,
    begin_on,
    end_on
from sample_employment;

-- Orders: what people do of their own accord, what companies book for their people, and what
-- companies sponsor. Yearly memberships follow.

create temporary table sample_order as
select
    'P' as kind,
    c.who,
    c.n,
    c.bill_customer_id,
    null::crm.key as employer_id,
    t.ordered_at
from (
    -- who could order in a slot, before the season has its say
    select
        p.n as who,
        p.n::bigint * 1000 + s.slot as n,
        p.customer_id as bill_customer_id,
        p.joined_on,
        p.lapsed_on,
        p.keenness * case when p.is_awoken and s.slot < 6 then 12 else 1 end as likelihood,
        s.slot,
        pg_temp.chance('order', p.n::bigint * 1000 + s.slot) as luck
    from sample_person as p
    cross join generate_series(0, 107) as s (slot)
    offset 0
) as c
cross join lateral (
    select
        date_trunc('day', pg_temp.sample_until())
        - make_interval(days => floor(10.15 * (c.slot + pg_temp.chance('day', c.n)))::integer)
        + make_interval(mins => 480 + floor(660 * pg_temp.chance('minute', c.n))::integer)
        as ordered_at
) as t
join (select distinct month_number, weight_total from sample_demand) as m
    on m.month_number = extract(month from t.ordered_at)
where
    c.luck < c.likelihood * 2
    and c.luck < c.likelihood * m.weight_total / 80.0
    and t.ordered_at < pg_temp.sample_until()
    and t.ordered_at::date >= c.joined_on
    and (c.lapsed_on is null or t.ordered_at::date <= c.lapsed_on)
union all
-- group bookings: the company pays and is the employer chosen on the order
select
    'G', c.n, c.n * 1000 + m.months_back, crm.key_of(c.n), crm.key_of(c.n), t.ordered_at
from generate_series(1, 60) as c (n)
cross join generate_series(0, 35) as m (months_back)
cross join lateral (
    select
        date_trunc('day', pg_temp.sample_until())
        - make_interval(days => 3 + m.months_back * 30 + floor(
            29 * pg_temp.chance('group day', c.n * 1000 + m.months_back))::integer)
        + make_interval(mins => 500 + floor(
            480 * pg_temp.chance('group hour', c.n * 1000 + m.months_back))::integer)
        as ordered_at
) as t
where
    pg_temp.chance('group', c.n * 1000 + m.months_back)
    < case when extract(month from t.ordered_at) in (2, 3, 4, 9, 10) then 0.42 else 0.12 end
union all
-- corporate membership in January, sponsorship and booths in February
select
    'S', c.n, c.n * 10 + y.year_back, crm.key_of(c.n), null, t.ordered_at
from generate_series(1, 60) as c (n)
cross join generate_series(0, 3) as y (year_back)
cross join lateral (
    select
        date_trunc('year', pg_temp.sample_until())
        - make_interval(years => y.year_back)
        + make_interval(
            days => 6 + floor(50 * pg_temp.chance('sponsor day', c.n * 10 + y.year_back))::integer,
            hours => 10)
        as ordered_at
) as t
where
    t.ordered_at < pg_temp.sample_until()
    and t.ordered_at >= pg_temp.sample_until() - interval '3 years'
    and pg_temp.chance('sponsor', c.n * 10 + y.year_back) < 0.70;

-- Memberships of people fall on the day of joining, give or take a fortnight. Whether a member
-- renews depends on engagement: of 100 who ordered nothing of their own accord in the year that
-- ended 100 days before, 60 renew; with one order 75, with two 90, with more 95. Two kinds do not
-- depend on it: students, of whom 80 in 100 renew, and companies (above), of whom 70 in 100 do. In
-- the first year of the sample nothing is known of the year before, so 84 in 100 renew.

create index on sample_order (who, ordered_at) where kind = 'P';

insert into sample_order (kind, who, n, bill_customer_id, ordered_at)
select 'M', m.who, m.n, m.customer_id, m.ordered_at
from (
    select
        p.n as who,
        p.n::bigint * 10 + y.year_back as n,
        p.customer_id,
        p.joined_on,
        p.lapsed_on,
        t.is_joining,
        p.joined_on
        + make_interval(years => y.year_back + greatest(
            extract(year from pg_temp.sample_until())::integer
            - extract(year from p.joined_on)::integer - 3, 0))
        + make_interval(days => case
            when t.is_joining then 0
            else floor(28 * pg_temp.chance('renewal', p.n::bigint * 10 + y.year_back))::integer
                - 14
        end)
        + make_interval(mins => 540 + floor(
            500 * pg_temp.chance('hour', p.n::bigint * 10 + y.year_back))::integer)
        as ordered_at
    from sample_person as p
    cross join generate_series(0, 3) as y (year_back)
    cross join lateral (
        select p.joined_on >= pg_temp.sample_until()::date - 1095 and y.year_back = 0 as is_joining
    ) as t
) as m
cross join lateral (
    select count(*) as order_count
    from sample_order as o
    where
        o.kind = 'P'
        and o.who = m.who
        and o.ordered_at >= m.ordered_at - interval '465 days'
        and o.ordered_at < m.ordered_at - interval '100 days'
) as d
where
    m.ordered_at < pg_temp.sample_until()
    and m.ordered_at >= pg_temp.sample_until() - interval '3 years'
    and (m.lapsed_on is null or m.ordered_at::date <= m.lapsed_on)
    and pg_temp.chance('renews', m.n) < case
        when m.is_joining then 1
        when m.ordered_at < pg_temp.sample_until() - interval '2 years' then 0.84
        when pg_temp.chance('student', m.who) < 0.10 then 0.80
        else least(0.60 + 0.15 * d.order_count, 0.95)
    end;

alter table sample_order add order_number bigint;

update sample_order as o
set order_number = r.order_number
from (
    select
        kind, n,
        100000 + row_number() over (order by ordered_at, kind, n) as order_number
    from sample_order
) as r
where r.kind = o.kind and r.n = o.n;

-- People with two employers choose the second one on half of their orders.
update sample_order as o
set employer_id = crm.key_of(e.company_number)
from sample_employment as e
where
    o.kind = 'P'
    and not e.is_primary
    and e.n / 3 = o.who
    and o.ordered_at::date >= e.begin_on
    and pg_temp.chance('chosen employer', o.n) < 0.5;

-- One in six of the employed has the employer pay.
update sample_order as o
set bill_customer_id = crm.key_of(e.company_number)
from sample_employment as e
where
    o.kind = 'P'
    and e.is_primary
    and e.n / 3 = o.who
    and o.ordered_at::date between coalesce(e.begin_on, '-infinity')
    and coalesce(e.end_on, 'infinity')
    and pg_temp.chance('employer pays', o.n) < 0.16;

create temporary table sample_line as
-- one to three products on an order of one's own
select
    o.order_number, l.line_number, crm.key_of(o.who) as ship_customer_id, d.product_id
from sample_order as o
cross join generate_series(1, 3) as l (line_number)
join sample_demand as d
    on d.month_number = extract(month from o.ordered_at)
    and pg_temp.chance('product ' || l.line_number, o.n) * d.weight_total >= d.weight_from
    and pg_temp.chance('product ' || l.line_number, o.n) * d.weight_total < d.weight_to
where
    o.kind = 'P'
    and pg_temp.chance('line ' || l.line_number, o.n)
    < (array[1.0, 0.40, 0.15])[l.line_number]
union all
-- memberships; a tenth are students
select
    o.order_number, 1, crm.key_of(o.who),
    case when pg_temp.chance('student', o.who) < 0.10 then 'MEM-STU' else 'MEM-IND' end
from sample_order as o
where o.kind = 'M'
union all
-- places for up to five people who work there at the time
select e.order_number, e.line_number::integer, e.customer_id, e.product_id
from (
    select
        o.order_number,
        j.customer_id,
        row_number() over (partition by o.order_number order by md5(o.n || ':' || j.n))
            as line_number,
        2 + floor(4 * pg_temp.chance('places', o.n))::integer as places,
        case extract(month from o.ordered_at)
            when 2 then 'CONF' when 3 then 'CONF' when 4 then 'CONF-WS'
            when 9 then 'SYMP' when 10 then 'SYMP'
            else (array['CERT-1', 'CERT-2', 'WEB-ADV', 'ETHICS'])[
                1 + floor(4 * pg_temp.chance('course', o.n))::integer]
        end as product_id
    from sample_order as o
    join sample_employment as j
        on j.company_number = o.who
        and j.is_primary
        and o.ordered_at::date between coalesce(j.begin_on, '-infinity')
        and coalesce(j.end_on, 'infinity')
    where o.kind = 'G'
) as e
where e.line_number <= e.places
union all
select
    o.order_number, l.line_number, crm.key_of(o.who),
    (array['MEM-COR', 'BOOTH', 'SPONSOR'])[l.line_number]
from sample_order as o
cross join generate_series(1, 3) as l (line_number)
where
    o.kind = 'S'
    and pg_temp.chance('sponsor ' || l.line_number, o.n)
    < (array[1.0, 0.35, 0.12])[l.line_number];

delete from sample_order as o
where not exists (
    select
    from sample_line as l
    where l.order_number = o.order_number
);

-- One order in fifty was cancelled; a few of the last days are drafts still.
insert into crm.sales_order (order_id, order_status, ordered_at, bill_customer_id, employer_id)
select
    crm.key_of(order_number),
    case
        when
            ordered_at > pg_temp.sample_until() - interval '5 days'
            and pg_temp.chance('draft', order_number) < 0.3 then 'DRAFT'
        when pg_temp.chance('cancelled', order_number) < 0.02 then 'CANCELLED'
        else 'PLACED'
    end,
    ordered_at at time zone 'UTC',
    bill_customer_id,
    employer_id
from sample_order
order by order_number;

insert into crm.order_line (
    order_line_id, order_id, ship_customer_id, product_id, quantity, amount, line_status
)
select
    crm.key_of(s.n),
    crm.key_of(s.order_number),
    s.ship_customer_id,
    s.product_id,
    s.quantity,
    case
        -- gifts: mostly small, now and then a large one
        when s.product_class = 'DONATION'
            then s.price * (array[0.5, 0.5, 1, 1, 1, 2, 2, 5, 10, 20])[
                1 + floor(10 * pg_temp.chance('gift', s.n))::integer]
        -- early birds get a tenth off
        when s.product_class = 'EVENT' and pg_temp.chance('early', s.n) < 0.3
            then round(s.quantity * s.price * 0.9, 2)
        else s.quantity * s.price
    end,
    case when pg_temp.chance('line cancelled', s.n) < 0.01 then 'CANCELLED' else 'ACTIVE' end
from (
    select
        200000 + row_number() over (order by l.order_number, l.line_number) as n,
        l.order_number,
        l.ship_customer_id,
        p.product_id,
        p.product_class,
        p.price,
        -- mostly one, seldom as many as possible
        case
            when pg_temp.chance('several', l.order_number * 10 + l.line_number) < 0.7 then 1
            else 1 + floor(
                p.most * pg_temp.chance('quantity', l.order_number * 10 + l.line_number))::integer
        end as quantity
    from sample_line as l
    join sample_product as p on p.product_id = l.product_id
) as s
order by s.n;

-- Invoices follow their order after two days, in the order's lines; nearly all are paid in time.

create temporary table sample_invoice as
select
    300000 + row_number() over (order by o.ordered_at, o.order_id) as n,
    o.order_id,
    o.employer_id,
    date_trunc('day', o.ordered_at at time zone 'UTC') + interval '2 days 16 hours'
        as invoiced_at
from crm.sales_order as o
where
    o.order_status = 'PLACED'
    and date_trunc('day', o.ordered_at at time zone 'UTC') + interval '2 days 16 hours'
    < pg_temp.sample_until();

insert into crm.invoice (invoice_id, invoice_status, invoiced_at, employer_id)
select
    crm.key_of(n),
    case
        when pg_temp.chance('void', n) < 0.01 then 'VOID'
        when invoiced_at > pg_temp.sample_until() - interval '1 day' then 'DRAFT'
        when
            invoiced_at > pg_temp.sample_until() - interval '21 days'
            or pg_temp.chance('unpaid', n) < 0.03 then 'POSTED'
        else 'PAID'
    end,
    invoiced_at at time zone 'UTC',
    employer_id
from sample_invoice
order by n;

insert into crm.invoice_line (
    invoice_line_id, invoice_id, order_line_id, ship_customer_id, product_id, quantity, amount
)
select
    crm.key_of(400000 + row_number() over (order by i.n, l.order_line_id)),
    crm.key_of(i.n),
    l.order_line_id,
    l.ship_customer_id,
    l.product_id,
    l.quantity,
    l.amount
from sample_invoice as i
join crm.order_line as l on l.order_id = i.order_id
where l.line_status = 'ACTIVE';

-- Credit notes: of one paid invoice in fifty the first line is taken back, twenty days later.

create temporary table sample_credit as
select
    500000 + row_number() over (order by s.n) as n,
    l.*,
    s.invoiced_at + interval '20 days' as credited_at,
    i.employer_id
from sample_invoice as s
join crm.invoice as i on i.invoice_id = crm.key_of(s.n)
cross join lateral (
    select *
    from crm.invoice_line as il
    where il.invoice_id = i.invoice_id
    order by il.invoice_line_id
    limit 1
) as l
where
    i.invoice_status = 'PAID'
    and pg_temp.chance('credited', s.n) < 0.022
    and s.invoiced_at + interval '20 days' < pg_temp.sample_until();

insert into crm.invoice (invoice_id, invoice_status, invoiced_at, employer_id)
select crm.key_of(n), 'POSTED', credited_at at time zone 'UTC', employer_id
from sample_credit
order by n;

insert into crm.invoice_line (
    invoice_line_id, invoice_id, order_line_id, ship_customer_id, product_id, quantity, amount,
    reverses_line_id
)
select
    crm.key_of(n + 100000), crm.key_of(n), order_line_id, ship_customer_id, product_id,
    -quantity, -amount, invoice_line_id
from sample_credit
order by n;

-- Committees: boards with long terms, working groups with short ones, a task force to come.

insert into crm.committee (committee_id, committee_class, display_name)
values
('BOARD', 'GOVERNANCE', 'Board of Directors'),
('FINANCE', 'GOVERNANCE', 'Finance and Audit Committee'),
('NOMINATE', 'GOVERNANCE', 'Nominations Committee'),
('PROGRAM', 'STANDING', 'Conference Program Committee'),
('STANDARDS', 'STANDING', 'Standards Committee'),
('EDUCATE', 'STANDING', 'Education Committee'),
('MEMBERS', 'STANDING', 'Membership Committee'),
('YOUNG', 'WORKING_GROUP', 'Young Professionals Group'),
('DIGITAL', 'WORKING_GROUP', 'Digital Practice Group'),
('FUTURE', 'WORKING_GROUP', 'Future of the Profession Task Force');

-- Four rounds of terms, the last one still to begin; the keener somebody is, the likelier a seat.
insert into crm.committee_member (
    committee_member_id, committee_id, customer_id, begin_on, end_on, position
)
select
    crm.key_of(20000 + row_number() over (order by s.committee_id, s.round, s.seat)),
    s.committee_id,
    s.customer_id,
    s.begin_on,
    case
        when s.seat = 3 and s.round < 4 then s.begin_on + 170
        when s.committee_id = 'FUTURE' then null
        else s.begin_on + 364
    end,
    case s.seat when 1 then 'Chair' when 2 then 'Secretary' end
from (
    select
        c.committee_id,
        r.round,
        p.customer_id,
        (date_trunc('month', pg_temp.sample_until()) - make_interval(months => 34 - 12 * r.round))
            ::date as begin_on,
        row_number() over (
            partition by c.committee_id, r.round
            order by pg_temp.chance(c.committee_id || r.round, p.n) / p.keenness
        ) as seat
    from crm.committee as c
    cross join generate_series(0, 3) as r (round)
    cross join sample_person as p
    where
        p.lapsed_on is null
        and p.joined_on < pg_temp.sample_until()::date - 1095
        and (c.committee_id <> 'FUTURE' or r.round >= 2)
) as s
where s.seat <= case when s.committee_id = 'BOARD' then 9 else 5 end;

-- Attributes: who is certified, the keener the likelier, and whose profile is complete.

insert into crm.attribute (attribute_id, display_name)
values
('CERTIFIED', 'Certified professional'),
('COMPLETE_PROFILE', 'Complete profile');

insert into crm.customer_attribute (customer_attribute_id, customer_id, attribute_id, since)
select
    crm.key_of(30000 + row_number() over (order by a.attribute_id, p.n)),
    p.customer_id,
    a.attribute_id,
    (
        p.joined_on + interval '30 days 9 hours'
        + floor(300 * pg_temp.chance(a.attribute_id || ' since', p.n)) * interval '1 day'
    ) at time zone 'UTC'
from sample_person as p
cross join crm.attribute as a
where
    p.lapsed_on is null and p.joined_on + 330 < pg_temp.sample_until()::date
    and pg_temp.chance(a.attribute_id, p.n) < case a.attribute_id
        when 'CERTIFIED' then 0.02 + 2 * p.keenness
        else 0.3 + 2 * p.keenness
    end;

select setval('crm.key_number', 1000000);

drop table sample_person, sample_product, sample_demand, sample_job, sample_employment,
sample_order, sample_line, sample_invoice, sample_credit;
drop function pg_temp.chance(text, bigint);
drop function pg_temp.sample_until();
