-- Internal. Template: THE definition of caps, over awards that are live together.
--
-- The awards of a customer, rule and period use up the room under the cap in the order
-- (effective_at, source, source_id). Negative awards give room back; expiry does not. Text is
-- ordered by code point, because the order of a language may differ between servers. The capped sum
-- after each award is min(cap, capped sum before + points). What the cap has taken by then is the
-- furthest that the plain running sum has been above the cap, so no recursion is needed. Without a
-- cap that is NULL, and greatest() makes it 0.
-- Reads: what stands in the place of the view.
create or replace function engagement.capped__template()
returns table (
    customer_id engagement.host_key,
    source text,
    source_id engagement.host_key,
    rule_id integer,
    document_id engagement.host_key,
    employer_id engagement.host_key,
    subject_id text,
    subject_class text,
    quantity numeric,
    amount numeric,
    points numeric,
    capped_points numeric,
    effective_at timestamptz,
    expires_at timestamptz,
    recorded_at timestamptz,
    voided_at timestamptz,
    void_reason text,
    category_code text,
    rule_code text,
    half_life_weeks integer,
    inactivity_steps integer[]
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
select
    s.customer_id, s.source, s.source_id, s.rule_id, s.document_id, s.employer_id, s.subject_id,
    s.subject_class, s.quantity, s.amount, s.points,
    s.points - (s.taken_points - coalesce(lag(s.taken_points) over period, 0)) as capped_points,
    s.effective_at, s.expires_at, s.recorded_at, s.voided_at, s.void_reason, s.category_code,
    s.rule_code, s.half_life_weeks, s.inactivity_steps
from (
    select s.*, greatest(0, max(s.running_points - s.cap_points) over period) as taken_points
    from (
        select s.*, sum(s.points) over period as running_points
        from (
            select w.*,
                   case when w.cap_period <> 'EVER' then date_trunc(
                       w.cap_period, w.effective_at at time zone engagement.parameter('TIME_ZONE'))
                   end as cap_begins
            from engagement.capping_in_hand__template w
        ) s
        window period as (
            partition by s.customer_id, s.rule_id, s.cap_begins
            order by s.effective_at, s.source collate "C", engagement.key_order(s.source_id))
    ) s
    window period as (
        partition by s.customer_id, s.rule_id, s.cap_begins
        order by s.effective_at, s.source collate "C", engagement.key_order(s.source_id))
) s
window period as (
    partition by s.customer_id, s.rule_id, s.cap_begins
    order by s.effective_at, s.source collate "C", engagement.key_order(s.source_id))
$$;
comment on function engagement.capped__template() is
    'Internal: template: the awards in hand with capped_points, the points that the caps of their '
    'rules leave.';
