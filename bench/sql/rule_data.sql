-- The rules, as the contenders read them and as ours are added from: each class of products has
-- one, twenty products one more. And what every contender sums up.

create table bench.rule (
    rule_code text primary key,
    category_code text not null,
    subject_id text,
    subject_class text,
    flat_score numeric not null default 0,
    quantity_score numeric not null default 0,
    amount_score numeric not null default 0,
    valid_for_weeks integer,
    valid_for interval generated always as (make_interval(weeks => valid_for_weeks)) stored
);

insert into bench.rule (
    rule_code, category_code, subject_class, quantity_score, amount_score, valid_for_weeks
)
select
    'CLASS_' || n, 'PURCHASES_DONATIONS', 'CLASS_' || n, n + 1, 0.1,
    case n % 3 when 0 then 52 when 1 then 104 end
from generate_series(0, 9) as n;

insert into bench.rule (rule_code, category_code, subject_id, flat_score)
select 'PRODUCT_' || n, 'INVOLVEMENT', 'P' || n * 25, 5
from generate_series(1, 20) as n;

-- The instant that sums are made for: the setting bench.until, or now.
create function bench.as_of() returns timestamptz
language sql stable parallel safe as $$
    select coalesce(nullif(current_setting('bench.until', true), '')::timestamptz, now())
$$;

-- The sums of the weekly job by a single statement. Which rules apply to which product is worked
-- out first, so that the big join is by equality.
create view bench.customer_sum as
with product_rule as (
    select
        p.product_id, r.flat_score, r.quantity_score, r.amount_score, r.valid_for
    from crm.product as p
    join bench.rule as r
        on (r.subject_id is null or r.subject_id = p.product_id)
        and (r.subject_class is null or r.subject_class = p.product_class)
)

select
    l.ship_customer_id as customer_id,
    coalesce(sum(round(
        r.flat_score * sign(l.quantity) + r.quantity_score * l.quantity
        + r.amount_score * l.amount, 2
    )) filter (
        where o.ordered_at <= (select bench.as_of())
        and (r.valid_for is null or o.ordered_at + r.valid_for > (select bench.as_of()))
    ), 0) as score,
    coalesce(sum(round(
        r.flat_score * sign(l.quantity) + r.quantity_score * l.quantity
        + r.amount_score * l.amount, 2
    )) filter (
        where o.ordered_at >= (select date_trunc('year', bench.as_of()))
        and o.ordered_at <= (select bench.as_of())
    ), 0) as ytd_score
from crm.order_line as l
join crm.sales_order as o on o.order_id = l.order_id
join product_rule as r on r.product_id = l.product_id
where l.line_status = 'ACTIVE' and o.order_status = 'PLACED'
group by l.ship_customer_id;

-- What one line is worth, and to whom: the queue's application asks for one line, the contenders
-- with running totals begin with the sum of all.
create view bench.line_point as
select
    l.order_line_id,
    l.ship_customer_id as customer_id,
    (
        select e.employer_id
        from crm.employment as e
        where e.employee_id = l.ship_customer_id
        and e.is_primary
        and (e.begin_on is null or e.begin_on <= o.ordered_at::date)
        and (e.end_on is null or e.end_on >= o.ordered_at::date)
        order by e.begin_on desc nulls last, e.employer_id
        limit 1
    ) as employer_id,
    (
        select
            sum(round(
                r.flat_score * sign(l.quantity) + r.quantity_score * l.quantity
                + r.amount_score * l.amount, 2
            ))
        from bench.rule as r
        where (r.subject_id is null or r.subject_id = p.product_id)
        and (r.subject_class is null or r.subject_class = p.product_class)
        and (r.valid_for is null or o.ordered_at + r.valid_for > bench.as_of())
    ) as points
from crm.order_line as l
join crm.sales_order as o on o.order_id = l.order_id
join crm.product as p on p.product_id = l.product_id
where l.line_status = 'ACTIVE' and o.order_status = 'PLACED' and o.ordered_at <= bench.as_of();
