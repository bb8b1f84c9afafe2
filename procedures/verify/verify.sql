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
    v_source engagement.activity_source;
    v_difference record;
    v_queued engagement.host_key[];
    v_late engagement.host_key[];
    v_is_late_known boolean := false;
    v_unread engagement.host_key[];
    v_message text;
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
    -- A change that another session commits meanwhile is in the queue when the comparison is done.
    -- So the queue is read again if there is a difference.
    for v_source in
        select s.* from engagement.activity_source s where s.detached_at is null order by s.source
    loop
        v_late := null;
        v_unread := '{}';
        if exists (select from engagement.pending_activity p
                   where p.source in (v_source.source, 'employment') and p.activity_column is null)
           or exists (select from engagement.recalculation_source r
                      where r.source = v_source.source) then
            -- The source is left out until the next run. One that cannot be read is reported,
            -- because it would be left out for ever.
            return query
            select 'source cannot be read', null::engagement.host_key, v_source.source,
                   null::engagement.host_key, null::integer, null::text, u
            from engagement.unread_source(v_source.source) u
            where u is not null;
            continue;
        end if;
        for v_attempt in 1 .. 2 loop
            begin
                v_queued := engagement.queued_activities(v_source.source);
                for v_difference in
                    select v.* from engagement.verify_source(
                        v_source.source, v_queued, p_from, p_to, p_sample, p_seed, v_unread) v
                loop
                    v_late := coalesce(v_late, engagement.queued_activities(v_source.source));
                    if v_difference.source_id <> all (v_late) then
                        return query
                        select v_difference.check_name, v_difference.customer_id,
                               v_difference.source, v_difference.source_id, v_difference.rule_id,
                               v_difference.expected, v_difference.found;
                    end if;
                end loop;
                exit;
            exception
                when connection_exception then
                    raise;  -- a node of the cluster is away: verify proves nothing
                when others then
                    v_message := format('%s %s', sqlstate, sqlerrm);
            end;
            -- A row of the host is bad. It is reported, and the others are verified.
            if v_attempt = 1 and v_message like '22%' then
                begin
                    for v_difference in
                        select u.* from engagement.unread_activities(
                            v_source.source, p_from, p_to, p_sample, p_seed) u
                    loop
                        v_unread := v_unread || v_difference.source_id;
                        return query
                        select 'activity cannot be read', v_difference.customer_id, v_source.source,
                               v_difference.source_id, null::integer, null::text,
                               v_difference.message;
                    end loop;
                exception
                    when connection_exception then
                        raise;
                    when others then
                        v_message := format('%s %s', sqlstate, sqlerrm);
                end;
            end if;
            if v_attempt = 2 or v_unread = '{}' then
                return query
                select 'source cannot be read', null::engagement.host_key, v_source.source,
                       null::engagement.host_key, null::integer, null::text, v_message;
                exit;
            end if;
        end loop;
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
    select v.* from engagement.verify_ranks(p_from, p_to, p_sample, p_seed) v;

    v_queued := engagement.queued_customers();
    if v_queued is null then
        return;
    end if;
    for v_difference in
        select v.* from engagement.verify_scores(v_queued, p_from, p_to, p_sample, p_seed) v
    loop
        if not v_is_late_known then
            v_late := engagement.queued_customers();
            v_is_late_known := true;
        end if;
        exit when v_late is null;
        if v_difference.customer_id <> all (v_late) then
            return query
            select v_difference.check_name, v_difference.customer_id, v_difference.source,
                   v_difference.source_id, v_difference.rule_id, v_difference.expected,
                   v_difference.found;
        end if;
    end loop;
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
