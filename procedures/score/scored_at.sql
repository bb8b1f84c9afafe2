-- Internal. The instant that the stored scores are for.
-- Reads: recalculation_run.
create or replace function engagement.scored_at()
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce((
        select r.as_of
        from engagement.recalculation_run r
        where r.run_status = 'COMPLETED' and r.run_mode <> 'ROLL_UP'
        order by r.run_id desc
        limit 1
    ), now());
end
$$;
comment on function engagement.scored_at() is
    'Internal: as_of of the latest completed run over everybody; now() if there was none. Segments '
    'and views of points are as of this instant.';
