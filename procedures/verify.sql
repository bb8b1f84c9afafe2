-- The proof: everything recomputed from the source and compared, row by row; no row is no
-- difference. What is still queued is nobody's error and is left out: whole sources, activities,
-- and the totals of customers they concern.
-- Reads: everything. Writes: nothing. Raises: EG006.
create or replace function engagement.verify()
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
set search_path = pg_catalog, pg_temp
as $$
declare
    v_source engagement.activity_source;
    v_queued_ids engagement.host_key[];
    v_late_ids engagement.host_key[];
    v_difference record;
    v_queued_customers engagement.host_key[] := '{}';
    v_is_everybody_queued boolean;
    v_as_of timestamptz;
    v_ids engagement.host_key[];
begin
    perform engagement.check_attached();
    v_is_everybody_queued := exists (select from engagement.pending_activity p
                                     where p.activity_column is null)
        or exists (select from engagement.recalculation_source);

    for v_source in
        select s.* from engagement.activity_source s where s.detached_at is null
        order by s.source
    loop
        v_queued_ids := engagement.queued_ids(v_source.source);
        v_queued_customers := v_queued_customers || array(
            select c.id
            from unnest(v_queued_ids) k (id)
            inner join engagement.award w on w.source_id = k.id and w.source = v_source.source
            cross join lateral (values (w.customer_id), (w.employer_id)) c (id)
            where c.id is not null
        );
        continue when exists (select from engagement.pending_activity p
                              where p.source in (v_source.source, 'employment')
                                    and p.activity_column is null)
                      or exists (select from engagement.recalculation_source s
                                 where s.source = v_source.source);
        -- What a session commits meanwhile is in the queue by the time the comparison is done:
        -- asked for once more.
        v_late_ids := null;
        begin
            for v_difference in
                select v.* from engagement.verify_source(v_source, v_queued_ids) v
            loop
                v_late_ids := coalesce(v_late_ids, engagement.queued_ids(v_source.source));
                if v_difference.source_id <> all (v_late_ids) then
                    return query
                    select v_difference.check_name, v_difference.customer_id, v_difference.source,
                           v_difference.source_id, v_difference.rule_id, v_difference.expected,
                           v_difference.found;
                end if;
            end loop;
        exception when others then
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
          and not exists (select from engagement.score_rule r where r.rule_id = w.rule_id);

    if v_is_everybody_queued then
        return;
    end if;
    v_queued_customers := v_queued_customers
        || array(select c.customer_id from engagement.recalculation_customer c)
        || array(select k.key::engagement.host_key
                 from engagement.pending_activity p cross join unnest(p.keys) k (key)
                 where p.source in ('customer', 'employment'));
    if engagement.parameter('EMPLOYER_ATTRIBUTION') = 'CURRENT' then
        v_queued_customers := v_queued_customers || array(
            select e.employer_id from engagement_host.employment e
            where e.employee_id = any (v_queued_customers) and e.employer_id is not null);
        if exists (select from engagement.pending_activity p where p.source = 'employment') then
            return;
        end if;
    end if;
    for v_as_of, v_ids in
        select s.calculated_at, array_agg(s.customer_id)
        from engagement.customer_score s
        where s.customer_id not in (select q from unnest(v_queued_customers) q)
        group by s.calculated_at
    loop
        return query select t.* from engagement.verify_totals(v_as_of, v_ids) t;
    end loop;
    return query
    select 'score missing', w.customer_id, null::text, null::engagement.host_key, null::integer,
           sum(w.points)::text, null::text
    from engagement.award w
    where w.voided_at is null
          and not exists (select from engagement.customer_score s
                          where s.customer_id = w.customer_id)
          and w.customer_id not in (select q from unnest(v_queued_customers) q)
    group by w.customer_id;
    -- Without triggers on the host's customers nobody tells of new ones before the next run.
    if exists (select from engagement.attached_table a where a.source = 'customer') then
        return query
        select 'score missing', h.customer_id::engagement.host_key, null::text,
               null::engagement.host_key, null::integer, '0', null::text
        from engagement_host.customer h
        where h.customer_id is not null
              and not exists (select from engagement.customer_score s
                              where s.customer_id = h.customer_id)
              and not exists (select from engagement.award w
                              where w.customer_id = h.customer_id and w.voided_at is null)
              and h.customer_id not in (select q from unnest(v_queued_customers) q);
    end if;
    return query
    select 'score of nobody', c.customer_id, null::text, null::engagement.host_key, null::integer,
           null::text, c.score::text
    from engagement.category_score c
    where not exists (select from engagement.customer_score s where s.customer_id = c.customer_id);
end
$$;
comment on function engagement.verify() is
    'Recomputes awards from the source and totals from the ledger (at each row''s calculated_at) '
    'and returns every difference; keys still queued are left out. No rows means proven.';
