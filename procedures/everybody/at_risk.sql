-- API. Customers who will fall out of their band if nothing happens; if there are no bands,
-- customers who will lose points.
-- Definer: the host's views run as the package's owner, whoever asks.
-- Reads: customer_score, sum_points__all, score_band, engagement_host.customer.
-- Raises: EG004, EG005, EG006.
create or replace function engagement.at_risk(
    p_weeks integer default 8,
    p_fall numeric default null,
    p_as_of timestamptz default null,
    p_category_code text default null
)
returns table (
    customer_id engagement.host_key,
    display_name text,
    score numeric,
    future_score numeric,
    fall numeric,
    band_code text,
    future_band_code text
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
declare
    v_zone text := engagement.parameter('TIME_ZONE');
    v_as_of timestamptz := coalesce(p_as_of, engagement.scored_at());
    v_scale engagement.band_scale := engagement.band_scale(p_category_code);
    v_at timestamptz;
    v_ids engagement.host_key[];
    v_has_bands boolean := exists (
        select from engagement.score_band b
        where b.category_code is not distinct from p_category_code);
begin
    perform engagement.check_attached();
    perform engagement.check_category(p_category_code);
    perform engagement.check_instant(v_as_of);
    if p_weeks is null or p_weeks not between 1 and 5200 then
        raise exception 'number of weeks is out of range'
            using errcode = 'EG004', detail = format('weeks %L', p_weeks),
                  hint = 'Use 1 to 5200.';
    elsif p_fall <= 0 or p_fall = 'NaN' then
        raise exception 'fall is not above zero'
            using errcode = 'EG004', detail = format('fall %s', p_fall),
                  hint = 'Give points above 0; NULL: only those who fall out of their band, or, '
                         'where there are no bands, lose any points.';
    end if;
    v_at := (v_as_of at time zone v_zone + make_interval(weeks => p_weeks)) at time zone v_zone;
    select array_agg(s.customer_id) into v_ids from engagement.customer_score s;
    return query
    select n.customer_id, c.display_name::text, n.score, l.score, n.score - l.score, n.band_code,
           l.band_code
    from engagement.total_scores_at(v_ids, v_as_of, p_category_code) n
    inner join engagement.total_scores_at(v_ids, v_at, p_category_code) l
        on l.customer_id = n.customer_id
    inner join engagement_host.customer c on c.customer_id = n.customer_id and c.is_active
    where engagement.band_rank(v_scale, l.band_code)
          < engagement.band_rank(v_scale, n.band_code)
          or n.score - l.score >= p_fall
          or (p_fall is null and not v_has_bands and n.score > l.score)
    order by n.score - l.score desc, n.customer_id;
end
$$;
comment on function engagement.at_risk(integer, numeric, timestamptz, text) is
    'Active customers who will have fallen out of their band p_weeks after p_as_of (NULL: the last '
    'run) if nothing happens, because they lose points or others overtake them, or who will have '
    'lost at least p_fall points by then. Without bands and with p_fall NULL: customers who will '
    'have lost any points. p_category_code: points and bands of a category instead of the total. '
    'Largest fall first. Raises EG004 for weeks outside 1 to 5200 or a fall not above zero, EG005 '
    'for an unknown category.';
