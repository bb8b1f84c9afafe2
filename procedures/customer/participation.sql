-- API. How many of a company's people take part.
-- Definer: the host's views run as the package's owner, whoever asks.
-- Reads: engagement_host.employment, customer_score.
create or replace function engagement.participation(
    p_company_id engagement.host_key default null, p_as_of timestamptz default now()
)
returns table (
    company_id engagement.host_key,
    employee_count bigint,
    engaged_count bigint,
    participation_rate numeric,
    average_score numeric
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set jit = off
as $$
begin
    perform engagement.check_attached();
    -- Of one company its employments are looked up, of all they are read once.
    return query execute format($sql$
        select e.employer_id, count(*), count(*) filter (where s.own_score > 0),
               round(count(*) filter (where s.own_score > 0)::numeric / count(*), 4),
               round(coalesce(max(t.employee_score), 0) / count(*), 2)
        from (
            select distinct m.employer_id::engagement.host_key as employer_id,
                   m.employee_id::engagement.host_key as employee_id
            from engagement_host.employment m
            where m.employee_id <> m.employer_id and %1$s
                  and (m.begin_on is null or m.begin_on <= $2)
                  and (m.end_on is null or m.end_on >= $2)
        ) e
        left join engagement.stored_scores(%2$s) s on s.customer_id = e.employee_id
        left join engagement.stored_scores(%3$s) t on t.customer_id = e.employer_id
        group by e.employer_id$sql$,
        case when p_company_id is null then 'true' else 'm.employer_id = $1' end,
        case when p_company_id is not null then 'array(select m.employee_id::engagement.host_key '
            'from engagement_host.employment m where m.employer_id = $1)' end,
        case when p_company_id is not null then 'array[$1]::engagement.host_key[]' end)
    using p_company_id, (p_as_of at time zone engagement.parameter('TIME_ZONE'))::date;
end
$$;
comment on function engagement.participation(engagement.host_key, timestamptz) is
    'Companies (NULL: all) with employees on the date of p_as_of: how many, how many of them have '
    'own points, the share of these (0 to 1), and employees'' points per employee, by the stored '
    'scores. Raises EG006 (no host).';
