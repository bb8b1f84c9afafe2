-- THE definition of a customer's own totals, by category.
-- Reads: award, score_rule.
create or replace function engagement.sum_own(
    p_customer_ids engagement.host_key[],
    p_as_of timestamptz,
    p_ytd_from timestamptz,
    p_ytd_next timestamptz,
    p_overview_from timestamptz
)
returns setof engagement.period_total
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
begin
    return query
    select w.customer_id, r.category_code,
           coalesce(sum(w.points) filter (
               where w.effective_at <= p_as_of
                     and (w.expires_at is null or w.expires_at > p_as_of)), 0),
           coalesce(sum(w.points) filter (
               where w.effective_at >= p_ytd_from and w.effective_at <= p_as_of), 0),
           coalesce(sum(w.points) filter (
               where w.effective_at >= p_overview_from and w.effective_at <= p_as_of), 0),
           least(min(w.effective_at) filter (where w.effective_at > p_as_of),
                 min(w.expires_at) filter (where w.expires_at > p_as_of),
                 case when bool_or(w.effective_at >= p_ytd_from and w.effective_at < p_ytd_next)
                      then p_ytd_next end,
                 engagement.leaves_overview_at(min(w.effective_at)
                                               filter (where w.effective_at >= p_overview_from)))
    from unnest(p_customer_ids) k (customer_id)
    cross join lateral (
        select w.* from engagement.award w
        where w.customer_id = k.customer_id and w.voided_at is null offset 0
    ) w
    inner join engagement.score_rule r on r.rule_id = w.rule_id
    group by w.customer_id, r.category_code;
end
$$;
comment on function engagement.sum_own(
    engagement.host_key[], timestamptz, timestamptz, timestamptz, timestamptz
) is 'Internal: own points of customers at p_as_of by category; the other instants are those of engagement.calendar.';
