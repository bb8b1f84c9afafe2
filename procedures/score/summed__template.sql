-- Internal. Template: THE definition of totals: what the awards in hand add up to at an instant,
-- for each holder and category. v_ytd_from, v_ytd_next and v_overview_from are the period_bounds of
-- p_as_of.
-- Reads: what stands in the place of the view.
create or replace function engagement.summed__template(
    p_as_of timestamptz, v_ytd_from timestamptz, v_ytd_next timestamptz, v_overview_from timestamptz
)
returns table (
    holder_id engagement.host_key,
    category_code text,
    score numeric,
    ytd_score numeric,
    overview_score numeric,
    changes_at timestamptz,
    leaves_year_at timestamptz,
    oldest_overview_at timestamptz
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
select
    w.holder_id,
    w.category_code,
    coalesce(sum(engagement.faded_points(w.points, w.effective_at, w.half_life_weeks,
                                         w.inactivity_steps, w.active_in, p_as_of))
             filter (where engagement.counts_at(w.effective_at, w.expires_at, p_as_of)), 0) as score,
    coalesce(sum(w.points) filter (where w.effective_at >= v_ytd_from
                                         and w.effective_at <= p_as_of), 0) as ytd_score,
    coalesce(sum(w.points) filter (where w.effective_at >= v_overview_from
                                         and w.effective_at <= p_as_of), 0) as overview_score,
    least(min(w.effective_at) filter (where w.effective_at > p_as_of),
          min(w.expires_at) filter (where w.expires_at > p_as_of),
          min(engagement.next_fade_at(w.points, w.effective_at, w.half_life_weeks,
                                      w.inactivity_steps, w.active_in, p_as_of))
              filter (where (w.half_life_weeks is not null or w.inactivity_steps is not null)
                            and (w.expires_at is null or w.expires_at > p_as_of))) as changes_at,
    case when bool_or(w.effective_at >= v_ytd_from and w.effective_at < v_ytd_next)
         then v_ytd_next end as leaves_year_at,
    min(w.effective_at) filter (where w.effective_at >= v_overview_from) as oldest_overview_at
from engagement.counting_in_hand__template w
group by w.holder_id, w.category_code
$$;
comment on function engagement.summed__template(
    timestamptz, timestamptz, timestamptz, timestamptz
) is
    'Internal: template: totals of the awards in hand at p_as_of, by holder and category.';
