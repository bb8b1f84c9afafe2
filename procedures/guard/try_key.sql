-- Internal. Text that may be a key of the host; NULL where it is none.
create or replace function engagement.try_key(p_text text)
returns engagement.host_key
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return p_text::engagement.host_key;
exception when data_exception then
    return null;
end
$$;
comment on function engagement.try_key(text) is
    'Internal: the host''s key that a text says; NULL where it says none.';
