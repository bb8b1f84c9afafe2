-- THE definition of what a company's people earn for it: other people's awards that carry it as
-- employer or, with EMPLOYER_ATTRIBUTION = CURRENT, all awards of those whose primary employer it
-- is on p_as_of's date.
-- Reads: award, engagement_host.employment.
create or replace function engagement.sum_employees(
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
as $$
declare
    v_zone text := engagement.parameter('TIME_ZONE');
    v_today date := (p_as_of at time zone v_zone)::date;
begin
    if engagement.parameter('EMPLOYER_ATTRIBUTION') = 'AT_ACTIVITY' then
        return query
        select w.employer_id, null::text,
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
                                                   filter (where w.effective_at
                                                           >= p_overview_from)))
        from unnest(p_customer_ids) k (customer_id)
        cross join lateral (
            select w.* from engagement.award w
            where w.employer_id = k.customer_id and w.voided_at is null offset 0
        ) w
        where w.customer_id <> w.employer_id
        group by w.employer_id;
        return;
    end if;

    return query
    with person as (  -- everybody who has, had or will have a primary job there
        select distinct m.employee_id
        from engagement_host.employment m
        where m.is_primary and m.employer_id = any (p_customer_ids)
    ),
    job as (
        select distinct on (m.employee_id) m.employee_id, m.employer_id
        from engagement_host.employment m
        inner join person p on p.employee_id = m.employee_id
        where m.is_primary and (m.begin_on is null or m.begin_on <= v_today)
              and (m.end_on is null or m.end_on >= v_today)
        order by m.employee_id, m.begin_on desc nulls last, m.employer_id
    ),
    total as (
        select j.employer_id,
               coalesce(sum(w.points) filter (
                   where w.effective_at <= p_as_of
                         and (w.expires_at is null or w.expires_at > p_as_of)), 0) as score,
               coalesce(sum(w.points) filter (
                   where w.effective_at >= p_ytd_from and w.effective_at <= p_as_of),
                         0) as ytd_score,
               coalesce(sum(w.points) filter (
                   where w.effective_at >= p_overview_from and w.effective_at <= p_as_of),
                         0) as overview_score,
               least(min(w.effective_at) filter (where w.effective_at > p_as_of),
                     min(w.expires_at) filter (where w.expires_at > p_as_of),
                     case when bool_or(w.effective_at >= p_ytd_from and w.effective_at < p_ytd_next)
                          then p_ytd_next end,
                     engagement.leaves_overview_at(min(w.effective_at)
                                                   filter (where w.effective_at
                                                           >= p_overview_from))) as next_change_at
        from job j
        inner join engagement.award w on w.customer_id = j.employee_id
        where j.employer_id = any (p_customer_ids) and w.voided_at is null
              and w.customer_id <> j.employer_id
        group by j.employer_id
    ),
    -- Any date on which a job of these people begins or has ended may move their points.
    moved as (
        select t.employer_id, min(d.moved_on::timestamp at time zone v_zone) as next_change_at
        from engagement_host.employment t
        inner join engagement_host.employment m on m.employee_id = t.employee_id and m.is_primary
        cross join lateral (values (m.begin_on), (m.end_on + 1)) d (moved_on)
        where t.is_primary and t.employer_id = any (p_customer_ids) and d.moved_on > v_today
        group by t.employer_id
    )
    select coalesce(t.employer_id, m.employer_id), null::text, coalesce(t.score, 0),
           coalesce(t.ytd_score, 0), coalesce(t.overview_score, 0),
           least(t.next_change_at, m.next_change_at)
    from total t
    full join moved m on m.employer_id = t.employer_id;
end
$$;
comment on function engagement.sum_employees(
    engagement.host_key[], timestamptz, timestamptz, timestamptz, timestamptz
) is 'Internal: points of the employees of companies at p_as_of (category NULL); other instants as in calendar.';
