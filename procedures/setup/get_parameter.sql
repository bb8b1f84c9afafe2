-- API. The value of an application parameter, for people and scripts.
-- Reads: app_parameter. Raises: EG003.
create or replace function engagement.get_parameter(p_parameter_name text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_value text;
begin
    select p.parameter_value into v_value
    from engagement.app_parameter p
    where p.parameter_name = p_parameter_name;
    if not found then
        raise exception 'unknown parameter'
            using errcode = 'EG003', detail = format('parameter %L', p_parameter_name),
                  hint = 'select parameter_name, description from engagement.app_parameter lists '
                         'them.';
    end if;
    return v_value;
end
$$;
comment on function engagement.get_parameter(text) is
    'Value of an application parameter as text. Raises EG003 for an unknown name.';
