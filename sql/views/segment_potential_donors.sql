-- Segment potential_donors. The instant is materialized; otherwise it would be computed for every
-- award.
create or replace view engagement.segment_potential_donors as
with t as materialized (select engagement.scored_at() as scored_at)

select
    g.customer_id,
    g.this_year - g.year_before as segment_value
from (
    select
        w.customer_id,
        coalesce(sum(w.capped_points) filter (
            where w.effective_at > t.scored_at - interval '365 days'), 0) as this_year,
        coalesce(sum(w.capped_points) filter (
            where w.effective_at <= t.scored_at - interval '365 days'), 0) as year_before
    from t
    join engagement.live_awards() as w
        on w.effective_at <= t.scored_at and w.effective_at > t.scored_at - interval '730 days'
    join engagement.score_rule as r on r.rule_id = w.rule_id
    where r.category_code = 'PURCHASES_DONATIONS'
    group by w.customer_id
) as g
join engagement.customer_score as s on s.customer_id = g.customer_id
where s.ranked_type is not null and g.this_year > g.year_before and g.this_year > 0;

comment on view engagement.segment_potential_donors is
'Segment: active customers who earned more points in PURCHASES_DONATIONS in the last 365 days than
in the 365 before. segment_value: how many more.';
comment on column engagement.segment_potential_donors.customer_id is 'The customer.';
comment on column engagement.segment_potential_donors.segment_value is
'Additional points for purchases and donations, compared with the year before.';
