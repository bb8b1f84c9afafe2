-- Internal. Turns a source's queued keys into activities to re-derive. If the source cannot be
-- read, its keys stay queued, and the run goes on without it.
-- Reads: the view and the ledger through activities_of_keys.
-- Writes: pending_activity, recalculation_key, scoring_failure, recalculation_run.
create or replace function engagement.take_keys(p_run engagement.recalculation_run, p_source text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    with taken as (
        delete from engagement.pending_activity p
        where p.source = p_source and p.activity_column is not null
        returning p.activity_column, p.keys
    ),
    key as (
        select distinct t.activity_column, k.key from taken t cross join unnest(t.keys) k (key)
    )
    insert into engagement.recalculation_key (source, source_id)
    select distinct p_source, i
    from (
        select k.activity_column, array_agg(k.key) as keys from key k group by k.activity_column
    ) k
    cross join lateral unnest(
        engagement.activities_of_keys(p_source, k.activity_column, k.keys)) i
    on conflict (source, source_id) do nothing;
    perform engagement.doubt_headers(array[p_source]);
exception
    when connection_exception then
        raise;  -- see run_sources
    when others then
        perform engagement.skip_source(p_run, p_source, sqlstate, sqlerrm);
end
$$;
comment on function engagement.take_keys(engagement.recalculation_run, text) is
    'Internal: moves a source''s queued keys to recalculation_key.';
