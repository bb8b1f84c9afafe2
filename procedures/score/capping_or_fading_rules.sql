-- Internal. The rules that cap or fade, so that their awards may count for less than their points.
-- Where points fade with inactivity in a category (inactivity_categories), all its rules are meant:
-- their awards are the activity. It is one statement, because every sum begins with it. It gets no
-- workers of its own, although sum_points__all makes them seem to cost nothing.
-- Reads: score_rule, category.
create or replace function engagement.capping_or_fading_rules()
returns integer[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set max_parallel_workers_per_gather = 0
as $$
begin
    return array(
        select r.rule_id
        from engagement.score_rule r
        where r.cap_points is not null or r.half_life_weeks is not null
              or r.category_code in (
                  select c.category_code
                  from engagement.category c
                  where c.inactivity_steps <> '{}'
                  union all
                  select o.category_code
                  from engagement.score_rule o
                  where o.inactivity_steps <> '{}')
    );
end
$$;
comment on function engagement.capping_or_fading_rules() is
    'Internal: ids of the rule versions that cap or fade, or whose activity keeps points from '
    'fading.';
