-- Internal. Derives the awards of one source again and compares them with the ledger row by row.
-- What is stored of its reversals is compared with the view. Definer, because only the package
-- derives.
-- Reads: activity_source, the view, award, score_rule.
create or replace function engagement.verify_source(
    p_source text,
    p_queued_ids engagement.host_key[],
    p_from engagement.host_key,
    p_to engagement.host_key,
    p_sample numeric,
    p_seed integer,
    p_unread_ids engagement.host_key[] default '{}',
    p_only_ids engagement.host_key[] default null
)
returns setof engagement.verify_difference
language plpgsql
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
    v_ids text[];
    v_first_ids text[];
begin
    return query execute format('select d.* from engagement.%I($1, $2, $3, $4, $5, $6, $7) d',
                                'differing_awards__' || p_source)
    using p_queued_ids || p_unread_ids, p_unread_ids, p_from, p_to, p_sample, p_seed, p_only_ids;
    if (select s.has_reversals from engagement.activity_source s where s.source = p_source) then
        return query execute format('select d.* from engagement.%I($1, $2, $3, $4, $5, $6, $7) d',
                                    'differing_reversals__' || p_source)
        using p_queued_ids || p_unread_ids, p_unread_ids, p_from, p_to, p_sample, p_seed,
              p_only_ids;
    end if;
    select array_agg(o.source_id), array_agg(o.customer_id) into v_ids, v_first_ids
    from (
        select w.source_id::text as source_id, min(w.customer_id::text) as customer_id
        from engagement.award w
        where w.source = p_source and w.voided_at is null
              and w.source_id <> all (p_queued_ids || p_unread_ids)
              and (p_only_ids is null or w.source_id = any (p_only_ids))
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
    engagement.host_key[], engagement.host_key[]
) is
    'Internal: differences between a source''s activities and its live awards, for the customers '
    'that is_in_part selects. p_queued_ids are not compared; p_unread_ids are not even read. '
    'p_only_ids: no others are compared (NULL: all).';
