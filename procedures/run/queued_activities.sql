-- Internal. The activities of a source that wait in the queue or in an unfinished run.
-- Reads: pending_activity, recalculation_key, the view and the ledger through activities_of_keys.
create or replace function engagement.queued_activities(p_source text)
returns engagement.host_key[]
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
    v_column text;
    v_keys text[];
    v_ids engagement.host_key[];
begin
    v_ids := array(select k.source_id from engagement.recalculation_key k
                   where k.source = p_source);
    for v_column, v_keys in
        select case when p.source = 'employment' then 'customer_id' else p.activity_column end,
               array_agg(distinct k.key)
        from engagement.pending_activity p
        cross join unnest(p.keys) k (key)
        where p.source in (p_source, 'employment')
        group by 1
    loop
        v_ids := v_ids || engagement.activities_of_keys(p_source, v_column, v_keys);
    end loop;
    return v_ids;
end
$$;
comment on function engagement.queued_activities(text) is
    'Internal: keys of a source''s activities that are still queued.';
