-- THE definition of caps, as the text of a query over awards. p_from yields rows w with the columns
-- of engagement.award that are live together; p_rules the rules (their name: as score_rule's).
--
-- In the order (effective_at, source, source_id) the awards of a customer, rule and period take the
-- room that is left; negatives give it back, expiry does not. So the capped sum T after each award
-- is min(cap, T before + points), and what the cap has taken until then is how far the plain
-- running sum has ever been above it: no recursion is needed. Without a cap that is NULL, so
-- nothing.
--
-- Columns: those of w, then category_code, rule_code, cap_points, half_life_weeks, capped_points.
-- Reads: nothing.
create or replace function engagement.capped_sql(
    p_from text, p_rules text default 'engagement.score_rule'
)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return format($sql$
select t.*, t.points - (t.taken_points - coalesce(lag(t.taken_points) over period, 0))
       as capped_points
from (
    select s.*, greatest(0, max(s.running_points - s.cap_points) over period) as taken_points
    from (
        select b.*, sum(b.points) over (partition by b.customer_id, b.rule_id, b.cap_begins
                                        order by b.effective_at, b.source, b.source_id)
                    as running_points
        from (
            select w.*, r.category_code, r.rule_code, r.cap_points, r.half_life_weeks,
                   case when r.cap_period <> 'EVER' then date_trunc(
                       r.cap_period, w.effective_at at time zone engagement.parameter('TIME_ZONE'))
                   end as cap_begins
            from %s
            inner join %s r on r.rule_id = w.rule_id
        ) b
    ) s
    window period as (partition by s.customer_id, s.rule_id, s.cap_begins
                      order by s.effective_at, s.source, s.source_id)
) t
window period as (partition by t.customer_id, t.rule_id, t.cap_begins
                  order by t.effective_at, t.source, t.source_id)
$sql$, p_from, p_rules);
end
$$;
comment on function engagement.capped_sql(text, text) is
    'Internal: the query that gives awards (FROM item w) their capped_points.';
