-- Internal. The first run of each source that could score it: the first that read it after there
-- was a rule for it.
-- Reads: activity_source, recalculation_run, setup_change.
create or replace function engagement.first_runs()
returns table (source text, begun_at timestamptz, ended_at timestamptz)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select s.source, f.started_at, f.finished_at
    from engagement.activity_source s
    left join lateral (
        select r.started_at, r.finished_at
        from engagement.recalculation_run r
        where r.run_status = 'COMPLETED' and r.run_mode <> 'ROLL_UP'
              and s.source <> all (r.failed_sources)
              and r.started_at > coalesce((
                  select min(c.changed_at)
                  from engagement.setup_change c
                  where c.object_type = 'RULE'
                        and c.new_value ->> 'engagement_type' = s.engagement_type
                        and c.new_value ->> 'effective_when' is not distinct from s.effective_when
              ), '-infinity')
        order by r.run_id
        limit 1
    ) f on true;
end
$$;
comment on function engagement.first_runs() is
    'Internal: when the first run that could score a source began and ended; NULL: there was none '
    'yet.';
