-- Internal. Writes engagement.parameter(text), which has the parameters as an IMMUTABLE function.
-- The planner folds it into constants, so a trigger reads a parameter at no cost (a look-up in the
-- table would cost as much as the queue). Replacing the function invalidates every plan that was
-- made with the old values. The nodes of a cluster get the function, too, whatever the session has
-- set for the propagation of DDL.
--
-- With a name, only that parameter is taken from the table, and all others keep the value in force.
-- A value that somebody wrote into the table past set_parameter was not checked, and nothing has
-- been queued for it. Without a name, as a deployment calls it, all values in force stay, and new
-- parameters are added.
-- Reads: app_parameter. Writes: function engagement.parameter.
create or replace function engagement.publish_parameters(p_parameter_name text default null)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_names text[];
    v_values text[];
    v_body text;
    v_was boolean;
begin
    select array_agg(p.parameter_name order by p.parameter_name),
           array_agg(p.parameter_value order by p.parameter_name)
    into v_names, v_values
    from engagement.app_parameter p;
    if to_regprocedure('engagement.parameter(text)') is not null then
        v_values := array(
            select case when n.name = p_parameter_name then n.value
                        else coalesce(engagement.parameter(n.name), n.value) end
            from unnest(v_names, v_values) n (name, value)
            order by n.name
        );
    end if;
    -- The function is inlined into the caller's query, so its operator is qualified.
    select 'select case'
           || string_agg(format(' when p_parameter_name operator(pg_catalog.=) %L then %L', n.name,
                                n.value), '' order by n.name)
           || ' end'
    into v_body
    from unnest(v_names, v_values) n (name, value);
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
comment on function engagement.publish_parameters(text) is
    'Internal: rewrites the generated function engagement.parameter(text). p_parameter_name and '
    'new parameters get their value in app_parameter; all others keep the value in force.';
