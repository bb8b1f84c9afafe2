-- Internal. Template: the activities that have these keys in the view, or ever had them in the
-- ledger. A trigger may have voided their awards already, and a run must still sum the customers
-- who had them. What an activity takes back belongs to it. For subjects only the view is read here,
-- see activities_of_keys.
--
-- A trigger may afford only so many activities. With p_limit each look-up ends at the first row too
-- many, and voided awards do not count. An activity has several awards in the ledger, one for each
-- rule and for each change, so ten rows are read there for each activity that is allowed.
-- Definer, because the host's role has no right here.
-- Reads: the view, award, reversal.
create or replace function engagement.activities_of_keys__template(
    p_activity_column text, p_keys text[], p_limit integer default null
)
returns engagement.host_key[]
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
    v_keys engagement.host_key[];
    v_ids engagement.host_key[];
    v_read_count bigint;
    v_summed_count bigint;
    v_ledger_limit constant integer := 10 * (p_limit + 1);
begin
    if p_activity_column in ('document_id', 'customer_id') then
        v_keys := p_keys;
    end if;
    case
        when p_activity_column is null then
            v_ids := array(
                select v.source_id::engagement.host_key from engagement.activity__template v
                union
                select w.source_id from engagement.awards_of_source('template') w
                union
                select r.source_id from engagement.reversal r
                where 'TEMPLATE_REVERSES' <> 'N' and r.source = 'template');
        when p_activity_column = 'source_id' then
            v_ids := array(select distinct k.key::engagement.host_key from unnest(p_keys) k (key));
        when p_activity_column = 'document_id' then
            select array_agg(distinct f.source_id) filter (where f.is_found), count(*)
            into v_ids, v_read_count
            from (
                (select v.source_id::engagement.host_key, true as is_found
                 from unnest(v_keys) k (key)
                 cross join lateral (
                     select v.source_id from engagement.activity__template v
                     where v.document_id = k.key
                     limit p_limit + 1
                 ) v
                 where v.source_id is not null
                 limit p_limit + 1)
                union all
                (select w.source_id,
                        w.source = 'template' and (p_limit is null or w.voided_at is null)
                 from engagement.awards_of_documents(null, v_keys, null, v_ledger_limit) w
                 limit v_ledger_limit)
                union all
                (select r.source_id, true
                 from engagement.reversal r
                 where 'TEMPLATE_REVERSES' <> 'N' and r.source = 'template'
                       and r.document_id = any (v_keys)
                 limit p_limit + 1)
            ) f;
        when p_activity_column = 'customer_id' then
            select array_agg(distinct f.source_id) filter (where f.is_found), count(*)
            into v_ids, v_read_count
            from (
                (select v.source_id::engagement.host_key, true as is_found
                 from unnest(v_keys) k (key)
                 cross join lateral (
                     select v.source_id from engagement.activity__template v
                     where v.customer_id = k.key
                     limit p_limit + 1
                 ) v
                 where v.source_id is not null
                 limit p_limit + 1)
                union all
                (select w.source_id,
                        w.source = 'template' and (p_limit is null or w.voided_at is null)
                 from engagement.awards_of_customers(null, v_keys, null, v_ledger_limit) w
                 limit v_ledger_limit)
                union all
                (select r.source_id, true
                 from engagement.reversal r
                 where 'TEMPLATE_REVERSES' <> 'N' and r.source = 'template'
                       and r.customer_id = any (v_keys)
                 limit p_limit + 1)
            ) f;
        when p_activity_column = 'subject_id' then
            v_ids := array(
                select distinct v.source_id
                from (
                    select v.source_id::engagement.host_key
                    from unnest(p_keys) k (key)
                    cross join lateral (
                        select v.source_id from engagement.activity__template v
                        where v.subject_id = k.key
                        limit p_limit + 1
                    ) v
                    where v.source_id is not null
                    limit p_limit + 1
                ) v);
    end case;
    v_ids := coalesce(v_ids, '{}');
    if 'TEMPLATE_REVERSES' <> 'N' and (cardinality(v_ids) <= p_limit) is not false then
        v_ids := engagement.with_reversed__template(v_ids, p_limit);
        if p_limit is not null then
            -- All that takes from these is summed.
            v_summed_count := (
                select count(*)
                from (
                    select
                    from unnest(v_ids) k (key)
                    cross join lateral (
                        select from engagement.reversal r
                        where r.source = 'template' and r.reverses_id = k.key
                        limit p_limit + 1
                    ) r
                    limit p_limit + 1
                ) r);
        end if;
    end if;
    if greatest(cardinality(v_ids), v_summed_count) > p_limit or v_read_count >= v_ledger_limit then
        return null;
    end if;
    return v_ids;
end
$$;
comment on function engagement.activities_of_keys__template(text, text[], integer) is
    'Internal: template: keys of the activities that have, or ever had, one of these keys (as '
    'text) in p_activity_column (NULL: of all), and of what they take back. p_limit: NULL is '
    'returned if there are more.';
