-- Internal. The rules that cap or fade, so that their awards may count for less than their points.
-- Reads: score_rule.
create or replace function engagement.capping_or_fading_rules()
returns integer[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return array(select r.rule_id from engagement.score_rule r
                 where r.cap_points is not null or r.half_life_weeks is not null);
end
$$;
comment on function engagement.capping_or_fading_rules() is
    'Internal: ids of the rule versions that cap or fade.';
