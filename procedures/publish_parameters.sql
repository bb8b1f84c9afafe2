-- Writes engagement.parameter(text): the parameters as an IMMUTABLE function that the planner folds
-- into constants, so that a trigger reads a parameter for nothing (a look-up in the table would
-- cost as much as the queue). Replacing the function invalidates every plan that was made with the
-- old values. The nodes of a cluster have it as well, whatever the session has set for the host's
-- tables.
-- Reads: app_parameter. Writes: function engagement.parameter.
create or replace function engagement.publish_parameters()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_body text;
    v_was boolean;
begin
    -- Inlined into the caller's query, so the operator is named in full.
    select 'select case'
           || string_agg(format(' when p_parameter_name operator(pg_catalog.=) %L then %L',
                                p.parameter_name, p.parameter_value), ''
                         order by p.parameter_name)
           || ' end'
    into v_body
    from engagement.app_parameter p;
    if v_body is distinct from (
        select f.prosrc from pg_proc f
        where f.pronamespace = 'engagement'::regnamespace and f.proname = 'parameter'
    ) then
        v_was := engagement.propagate_ddl(true);
        execute format(
            'create or replace function engagement.parameter(p_parameter_name text) returns text '
            'language sql immutable parallel safe as %L', v_body);
        revoke all on function engagement.parameter(text) from public;
        comment on function engagement.parameter(text) is
            'Generated from app_parameter by publish_parameters: a parameter''s value as a '
            'constant for plans; NULL for an unknown name. People use get_parameter.';
        perform engagement.propagate_ddl(v_was);
    end if;
end
$$;
comment on function engagement.publish_parameters() is
    'Rewrites the generated function engagement.parameter(text) from app_parameter.';
