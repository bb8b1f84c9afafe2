-- Internal. Removes the outcomes that an adapter no longer registers. A deployment calls it after
-- the adapter's file, in the same transaction, whose setting lists the calls of register_outcome.
-- Outcomes that were registered by hand stay.
-- Writes: outcome_source.
create or replace procedure engagement.forget_outcomes()
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    delete from engagement.outcome_source s
    where s.made_by = 'ADAPTER'
          and s.outcome <> all (string_to_array(
              coalesce(current_setting('engagement.registered_outcomes', true), ''), ','));
end
$$;
comment on procedure engagement.forget_outcomes() is
    'Internal: removes outcomes that an adapter registered earlier and has not registered in this '
    'transaction.';
