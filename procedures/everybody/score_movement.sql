-- Internal. Everybody's own points at the last run and RAISED_RECENTLY_DAYS before it, and what
-- happened in between and in the year before. The segments of movement are made from this.
-- Reads: live_awards, score_rule, category, recalculation_run.
create or replace function engagement.score_movement()
returns table (
    customer_id engagement.host_key,
    score_before numeric,
    score_now numeric,
    earned_points numeric,
    last_earned_at timestamptz,
    was_active boolean,
    is_seated boolean
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_category constant text := engagement.chosen_category();
    v_zone text := engagement.parameter('TIME_ZONE');
    v_now timestamptz := engagement.scored_at();
    v_before timestamptz := engagement.recent_from(v_now);
    v_year_before timestamptz := (v_before at time zone v_zone - interval '1 year')
        at time zone v_zone;
begin
    return query
    select p.customer_id,
           sum(case when v_category is not null then p.score_before
                    else engagement.counted_part(p.score_before, c.counts_in_total, c.cap_points)
               end),
           sum(case when v_category is not null then p.score_now
                    else engagement.counted_part(p.score_now, c.counts_in_total, c.cap_points) end),
           sum(p.earned_points), max(p.last_earned_at), bool_or(p.was_active), bool_or(p.is_seated)
    from (
        select w.customer_id, r.category_code,
               coalesce(sum(engagement.faded_points(w.capped_points, w.effective_at,
                                                    w.half_life_weeks, w.inactivity_steps,
                                                    w.active_in, v_before)) filter (
                   where engagement.counts_at(w.effective_at, w.expires_at, v_before)), 0)
                   as score_before,
               coalesce(sum(engagement.faded_points(w.capped_points, w.effective_at,
                                                    w.half_life_weeks, w.inactivity_steps,
                                                    w.active_in, v_now)) filter (
                   where w.expires_at is null or w.expires_at > v_now), 0) as score_now,
               coalesce(sum(w.capped_points) filter (
                   where w.effective_at > v_before and w.capped_points > 0
                         and not engagement.is_by_hand(r.engagement_type)), 0) as earned_points,
               max(w.effective_at) filter (
                   where w.capped_points > 0 and not engagement.is_by_hand(r.engagement_type))
                   as last_earned_at,
               coalesce(bool_or(w.effective_at > v_year_before and w.effective_at <= v_before
                                and w.capped_points > 0 and not engagement.is_by_hand(r.engagement_type)),
                        false) as was_active,
               coalesce(bool_or(r.engagement_type = 'COMMITTEE_PARTICIPATION'
                                and (w.expires_at is null or w.expires_at > v_now)), false)
                   as is_seated
        from engagement.live_awards() w
        inner join engagement.score_rule r on r.rule_id = w.rule_id
        where w.effective_at <= v_now
              and (v_category is null or r.category_code = v_category)
        group by w.customer_id, r.category_code
    ) p
    left join engagement.category c on c.category_code = p.category_code
    group by p.customer_id;
end
$$;
comment on function engagement.score_movement() is
    'Internal: for each customer with awards (of the category that segment was asked for; else of '
    'any): own points RAISED_RECENTLY_DAYS before the last run and at the last run, points earned '
    'by activity in between, when activity last earned points, whether it earned any in the year '
    'before, and whether the customer sits on a committee.';
