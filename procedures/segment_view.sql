-- The view of a segment, if it is one: an organisation writes its name by hand.
-- Reads: pg_catalog.
create or replace function engagement.segment_view(p_view_name text)
returns regclass
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_view regclass;
begin
    begin
        v_view := to_regclass(p_view_name);
    exception when invalid_name or syntax_error or feature_not_supported then
        return null;  -- a name that no relation can have; as an error only before PostgreSQL 16
    end;
    if (select count(*) from pg_attribute a
        where a.attrelid = v_view and a.attname in ('customer_id', 'segment_value')) = 2 then
        return v_view;
    end if;
    return null;
end
$$;
comment on function engagement.segment_view(text) is
    'Internal: the view of that name with the columns customer_id and segment_value; NULL where '
    'there is none.';
