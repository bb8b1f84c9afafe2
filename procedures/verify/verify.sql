-- API. The proof: recomputes everything from the source and compares it row by row. No rows: no
-- difference. Work that is still queued is not an error and is left out: whole sources, activities,
-- and the totals of the customers concerned. A source or activity that cannot be read proves
-- nothing and is reported as a row. A call can verify part of the customers: a range or a sample.
-- Definer: it reads everything as the package's owner.
-- Reads: everything. Writes: nothing. Raises: EG004, EG006.
create or replace function engagement.verify(
    p_from engagement.host_key default null,
    p_to engagement.host_key default null,
    p_sample numeric default null,
    p_seed integer default 0
)
returns table (
    check_name text,
    customer_id engagement.host_key,
    source text,
    source_id engagement.host_key,
    rule_id integer,
    expected text,
    found text
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
declare
    v_source text;
begin
    perform engagement.check_attached();
    if p_to <= p_from or p_sample <= 0 or p_sample > 100 or p_seed is null then
        raise exception 'part is not valid'
            using errcode = 'EG004',
                  detail = format('from %L to %L, sample %s percent, seed %L', p_from, p_to, p_sample,
                                  p_seed),
                  hint = 'p_to must be later than p_from, the sample above 0 and at most 100, and '
                         'the seed a number.';
    end if;
    for v_source in
        select s.source from engagement.activity_source s
        where s.detached_at is null order by s.source
    loop
        return query
        select v.* from engagement.verify_activities(v_source, p_from, p_to, p_sample, p_seed) v;
    end loop;

    return query
    select 'award of an unknown rule', w.customer_id, w.source, w.source_id, w.rule_id, null::text,
           w.points::text
    from engagement.award w
    where w.voided_at is null
          and not exists (select 1 from engagement.score_rule r where r.rule_id = w.rule_id)
          and engagement.is_in_part(w.customer_id, p_from, p_to, p_sample, p_seed);

    -- The queue does not matter here: ranks are compared with the stored scores.
    return query
    select v.* from engagement.verify_ranks(p_from, p_to, p_sample, p_seed) v
    union all
    select v.* from engagement.verify_part_ranks(p_from, p_to, p_sample, p_seed) v;

    return query
    select v.* from engagement.verify_customers(p_from, p_to, p_sample, p_seed) v;
end
$$;
comment on function engagement.verify(
    engagement.host_key, engagement.host_key, numeric, integer
) is
    'Recomputes awards from the source, totals from the ledger (at each row''s calculated_at), '
    'percentiles and bands from the last run''s thresholds, and returns every difference. Keys '
    'still queued are left out. Sources and activities that cannot be read are returned as rows. '
    'No rows: everything is proven, except what is queued. Covers customers in [p_from, p_to) and '
    'a sample of p_sample percent, which p_seed chooses (NULL: all). Raises EG004 for bounds, a '
    'sample or a seed that are not valid.';
