-- The proof: everything recomputed from the source and compared, row by row; no row is no
-- difference. What is still queued is nobody's error and is left out: whole sources, activities,
-- and the totals of customers they concern. A part of the customers can be proven at a time: by
-- range, or a sample.
-- Definer: what it compares, it reads as the package's owner.
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
    -- What a session commits meanwhile is in the queue by the time a comparison is done: where a
    -- difference shows, the queue is asked once more.
    for v_source in
        select s.* from engagement.activity_source s
        where s.detached_at is null
              and not exists (select from engagement.pending_activity p
                              where p.source in (s.source, 'employment')
                                    and p.activity_column is null)
              and not exists (select from engagement.recalculation_source r
                              where r.source = s.source)
        order by s.source
    loop
        v_late := null;
        begin
            v_queued := engagement.queued_ids(v_source.source);
            for v_difference in
                select v.* from engagement.verify_source(v_source.source, v_queued, p_from, p_to,
                                                         p_sample, p_seed) v
            loop
                v_late := coalesce(v_late, engagement.queued_ids(v_source.source));
                if v_difference.source_id <> all (v_late) then
                    return query
                    select v_difference.check_name, v_difference.customer_id, v_difference.source,
                           v_difference.source_id, v_difference.rule_id, v_difference.expected,
                           v_difference.found;
                end if;
            end loop;
        exception
            when connection_exception then
                raise;  -- a node of the cluster is away: nothing is proven
            when others then
                return query
                select 'source cannot be read', null::engagement.host_key, v_source.source,
                       null::engagement.host_key, null::integer, null::text,
                       format('%s %s', sqlstate, sqlerrm);
        end;
    end loop;

    return query
    select 'award of an unknown rule', w.customer_id, w.source, w.source_id, w.rule_id, null::text,
           w.points::text
    from engagement.award w
    where w.voided_at is null
          and not exists (select 1 from engagement.score_rule r where r.rule_id = w.rule_id)
          and engagement.is_in_part(w.customer_id, p_from, p_to, p_sample, p_seed);

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
    'Recomputes awards from the source and totals from the ledger (at each row''s calculated_at) '
    'and returns every difference; keys still queued are left out. No rows means proven. Of '
    'customers in [p_from, p_to) and a sample of p_sample percent, which p_seed chooses (NULL: of '
    'all). Raises EG004 for a part that is none.';
