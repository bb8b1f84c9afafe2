-- Internal. Casts text to an instant; NULL if it is not one.
create or replace function engagement.as_instant(p_text text)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return p_text::timestamptz;
exception when data_exception then
    return null;
end
$$;
comment on function engagement.as_instant(text) is
    'Internal: a text as an instant, in the session''s time zone; NULL if it is not one.';
