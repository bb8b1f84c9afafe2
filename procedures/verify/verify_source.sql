-- Internal. The awards of one source, derived anew and compared with the ledger row by row.
-- Definer, because only the package derives; so it takes the view's name from its own table.
-- Reads: activity_source, the view, award, score_rule.
create or replace function engagement.verify_source(
    p_source text,
    p_queued_ids engagement.host_key[],
    p_from engagement.host_key,
    p_to engagement.host_key,
    p_sample numeric,
    p_seed integer,
    p_unread_ids engagement.host_key[] default '{}'
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
set enable_nestloop = off
set jit = off
as $$
declare
    v_view text := (select s.view_name from engagement.activity_source s where s.source = p_source);
    v_ids text[];
    v_first_ids text[];
begin
    p_queued_ids := p_queued_ids || p_unread_ids;
    return query execute format($sql$
        with derived as (
            select d.* from (%1$s) d
            where d.is_sane and d.source_id <> all ($1)
        ),
        live as (
            select w.* from %7$s w
            where w.source = %2$L and w.voided_at is null and w.source_id <> all ($1)
                  and engagement.is_in_part(w.customer_id, %3$L, %4$L, %5$L, %6$L)
        )
        select case when l.source_id is null then 'award missing'
                    when d.source_id is null then 'award without activity'
                    else 'award differs' end,
               coalesce(d.customer_id, l.customer_id), %2$L, coalesce(d.source_id, l.source_id),
               coalesce(d.rule_id, l.rule_id),
               row(d.document_id, d.employer_id, d.subject_id, d.subject_class, d.quantity,
                   d.amount, d.points, d.effective_at, d.expires_at)::text,
               row(l.document_id, l.employer_id, l.subject_id, l.subject_class, l.quantity,
                   l.amount, l.points, l.effective_at, l.expires_at)::text
        from derived d
        full join live l
            on l.source_id = d.source_id and l.rule_id = d.rule_id and l.customer_id = d.customer_id
        where (d.document_id, d.employer_id, d.subject_id, d.subject_class, d.quantity, d.amount,
               d.points, d.effective_at, d.expires_at)
              is distinct from
              (l.document_id, l.employer_id, l.subject_id, l.subject_class, l.quantity, l.amount,
               l.points, l.effective_at, l.expires_at)
              or d.source_id is null or l.source_id is null$sql$,
        engagement.derivation_sql(p_source, case
            when p_from is null and p_to is null and p_sample is null and p_unread_ids = '{}'
                then v_view || ' v'
            else format('(select v.* from %s v where engagement.is_in_part('
                        'v.customer_id, %L, %L, %L, %L) and v.source_id <> all (%L)) v',
                        v_view, p_from, p_to, p_sample, p_seed, p_unread_ids) end, true),
        p_source, p_from, p_to, p_sample, p_seed,
        -- A cluster hands its rows over; the host's activities are not there.
        case when engagement.is_distributed()
             then format('engagement.stored_awards(%L)', p_source) else 'engagement.award' end)
    using p_queued_ids;
    select array_agg(o.source_id), array_agg(o.customer_id) into v_ids, v_first_ids
    from (
        select w.source_id::text as source_id, min(w.customer_id::text) as customer_id
        from engagement.award w
        where w.source = p_source and w.voided_at is null and w.source_id <> all (p_queued_ids)
        group by w.source_id
        having min(w.customer_id::text) <> max(w.customer_id::text)
    ) o;
    return query
    with twice as materialized (
        select w.customer_id, w.source, w.source_id, w.rule_id
        from engagement.award w
        where w.source = p_source and w.voided_at is null
              and w.source_id = any (v_ids::engagement.host_key[])
              and engagement.is_in_part(w.customer_id, p_from, p_to, p_sample, p_seed)
    )
    select 'activity live under two customers', t.customer_id, t.source, t.source_id, t.rule_id,
           f.customer_id, t.customer_id::text
    from twice t
    inner join unnest(v_ids, v_first_ids) f (source_id, customer_id)
        on f.source_id = t.source_id::text;
end
$$;
comment on function engagement.verify_source(
    text, engagement.host_key[], engagement.host_key, engagement.host_key, numeric, integer,
    engagement.host_key[]
) is
    'Internal: differences between a source''s activities and its live awards; the given '
    'activities are left out, and p_unread_ids not even read; of the part of the customers that '
    'verify is asked for.';
