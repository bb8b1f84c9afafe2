-- Internal. The activities of a source that queued keys lead to, now or ever. The activities of a
-- subject take a sequential scan of the ledger. It has no index by subject: products and committees
-- seldom change, and every award would pay for the index.
-- Reads: award, reversal, the view and the ledger through activities_of_keys__SOURCE.
create or replace function engagement.activities_of_keys(
    p_source text, p_activity_column text, p_keys text[]
)
returns engagement.host_key[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_ids engagement.host_key[];
    v_others engagement.host_key[];
begin
    execute format('select engagement.%I($1, $2)', 'activities_of_keys__' || p_source)
        into v_ids using p_activity_column, p_keys;
    if p_activity_column = 'subject_id' then
        select array_agg(distinct w.source_id) into v_others
        from engagement.award w
        where w.source = p_source and w.subject_id = any (p_keys);
        select v_others || array_agg(r.source_id) into v_others
        from engagement.reversal r
        where r.source = p_source and r.subject_id = any (p_keys);
        -- What they take back belongs to them.
        execute format('select $1 || engagement.%I($2, $3)', 'activities_of_keys__' || p_source)
            into v_ids using v_ids, 'source_id', v_others::text[];
    end if;
    return v_ids;
end
$$;
comment on function engagement.activities_of_keys(text, text, text[]) is
    'Internal: keys of the activities of a source that have, or ever had, one of these keys in an '
    'activity column.';
