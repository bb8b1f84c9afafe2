-- Internal. Template: the awards that counted_awards counts, each with what its rule says.
-- Reads: award, score_rule.
create or replace function engagement.awards_in_question__template(
    v_ids engagement.host_key[], p_known_at timestamptz, p_rule_ids integer[]
)
returns setof record
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
select w.*, r.category_code, r.engagement_type, r.rule_code, r.cap_points, r.cap_period,
       r.half_life_weeks, r.inactivity_steps
from engagement.awards_of_customers(null, v_ids, null) w
inner join engagement.score_rule r on r.rule_id = w.rule_id
where w.recorded_at <= p_known_at
      and (w.voided_at is null or w.voided_at > p_known_at)
      and (p_rule_ids is null or w.rule_id = any (p_rule_ids))
$$;
comment on function engagement.awards_in_question__template(
    engagement.host_key[], timestamptz, integer[]
) is
    'Internal: template: awards of customers on record at p_known_at, with their rules.';
