-- Internal. Checks the mode of a recalculation.
-- Raises: EG004.
create or replace function engagement.check_mode(p_mode text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_mode is null or p_mode not in ('INCREMENTAL', 'FULL') then
        raise exception 'unknown mode'
            using errcode = 'EG004', detail = format('mode %L', p_mode),
                  hint = 'Use INCREMENTAL or FULL.';
    end if;
end
$$;
comment on function engagement.check_mode(text) is
    'Internal: raises EG004 for a mode that is neither INCREMENTAL nor FULL.';
