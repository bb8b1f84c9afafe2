-- Internal. Decides why an award counts at other times than before if nothing else about it
-- differs: because TIME_ZONE was changed, or because the host changed its row. The parameter can be
-- the reason until a completed run that took the queue after the change has compared the source.
-- Later differences are the host's. Until then, a row that keeps its instant or its local date may
-- have moved by the zone alone, because a view may make instants of dates. A row on another date
-- was changed by the host.
-- Reads: setup_change, recalculation_run.
create or replace function engagement.is_moved_by_zone(
    p_source text,
    p_recorded_at timestamptz,
    p_effective_at timestamptz,
    p_occurred_at timestamptz
)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (
        select from engagement.setup_change s
        where s.object_type = 'PARAMETER' and s.object_name = 'TIME_ZONE'
              and s.changed_at > p_recorded_at
              and case
                  when p_effective_at = p_occurred_at then true
                  when engagement.is_instant(p_occurred_at)
                      then (p_effective_at at time zone (s.old_value #>> '{}'))::date
                           = (p_occurred_at at time zone engagement.parameter('TIME_ZONE'))::date
                  else false end
              and not exists (
                  select from engagement.recalculation_run r
                  where r.run_status = 'COMPLETED' and r.taken_at > s.changed_at
                        and p_source <> all (r.failed_sources)
              )
    );
end
$$;
comment on function engagement.is_moved_by_zone(text, timestamptz, timestamptz, timestamptz) is
    'Internal: whether an award of a source, recorded at p_recorded_at and effective at '
    'p_effective_at, may count at other times because TIME_ZONE was changed. p_occurred_at: the '
    'present instant of its activity.';
