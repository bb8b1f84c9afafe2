-- API. Ends an outcome. Its view stays.
-- Definer, as register_outcome is.
-- Writes: outcome_source. Locks: the setup lock. Raises: EG017.
create or replace procedure engagement.unregister_outcome(p_outcome text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform engagement.lock_setup();
    delete from engagement.outcome_source s where s.outcome = p_outcome;
    if not found then
        raise exception 'unknown outcome'
            using errcode = 'EG017', detail = format('outcome %L', p_outcome),
                  hint = 'select outcome, description from engagement.outcome_source lists them.';
    end if;
end
$$;
comment on procedure engagement.unregister_outcome(text) is
    'Ends an outcome; its view stays. Raises EG017 for an unknown outcome.';
