-- Internal. THE definition of caps, as the text of a query over awards. p_from yields rows w with
-- the columns of engagement.award that are live together; p_rules the rules (their name: as
-- score_rule's).
--
-- In the order (effective_at, source, source_id) the awards of a customer, rule and period take the
-- room that is left; negatives give it back, expiry does not. Text is ordered letter by letter,
-- because languages order it otherwise on every server. So the capped sum T after each award
-- is min(cap, T before + points), and what the cap has taken until then is how far the plain
-- running sum has ever been above it: no recursion is needed. Without a cap that is NULL, so
-- nothing.
--
-- Columns: those of w, then category_code, rule_code, cap_points, half_life_weeks, capped_points.
-- Reads: pg_type.
create or replace function engagement.capped_sql(
    p_from text, p_rules text default 'engagement.score_rule'
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_order text := 's.effective_at, s.source collate "C", s.source_id'
        || case when (select t.typbasetype from pg_type t
                      where t.oid = 'engagement.host_key'::regtype) = 'text'::regtype
                then ' collate "C"' else '' end;
begin
    return format($sql$
select s.*, s.points - (s.taken_points - coalesce(lag(s.taken_points) over period, 0))
       as capped_points
from (
    select s.*, greatest(0, max(s.running_points - s.cap_points) over period) as taken_points
    from (
        select s.*, sum(s.points) over period as running_points
        from (
            select w.*, r.category_code, r.rule_code, r.cap_points, r.half_life_weeks,
                   case when r.cap_period <> 'EVER' then date_trunc(
                       r.cap_period, w.effective_at at time zone engagement.parameter('TIME_ZONE'))
                   end as cap_begins
            from %1$s
            inner join %2$s r on r.rule_id = w.rule_id
        ) s
        window period as (partition by s.customer_id, s.rule_id, s.cap_begins order by %3$s)
    ) s
    window period as (partition by s.customer_id, s.rule_id, s.cap_begins order by %3$s)
) s
window period as (partition by s.customer_id, s.rule_id, s.cap_begins order by %3$s)
$sql$, p_from, p_rules, v_order);
end
$$;
comment on function engagement.capped_sql(text, text) is
    'Internal: the query that gives awards (FROM item w) their capped_points.';
