-- Internal. Casts text to a key of the host; NULL if it is not one.
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
    'Internal: a text as a key of the host; NULL if it is not one.';
