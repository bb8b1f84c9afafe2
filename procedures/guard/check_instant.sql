-- Internal. Checks that an instant leaves room for adding and subtracting years.
-- Raises: EG004.
create or replace function engagement.check_instant(p_as_of timestamptz)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if not engagement.is_instant(p_as_of) then
        raise exception 'instant is out of range'
            using errcode = 'EG004', detail = format('as_of %s', p_as_of),
                  hint = 'Give a finite instant between 4000 BC and the year 200000.';
    end if;
end
$$;
comment on function engagement.check_instant(timestamptz) is
    'Internal: raises EG004 for an instant that is infinite or out of range; NULL passes.';
