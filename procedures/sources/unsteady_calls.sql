-- Internal. Finds calls that change a view's rows although no table of the host has changed: the
-- clock, random values, the session's user or settings. Such changes are not queued, so scores go
-- stale and differ from what verify derives. PostgreSQL does not record dependencies on built-in
-- functions, and current_date is not a function at all, so this searches the stored trees of the
-- view and its nested views. Of a function of the host it searches only the text. A function that
-- is declared volatile without a visible reason may still be steady; is_certain is false for it.
-- Reads: pg_catalog.
create or replace function engagement.unsteady_calls(p_view_name text)
returns table (call text, is_certain boolean)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $body$
declare
    v_words constant text := '\m(current_date|current_timestamp|current_time|localtimestamp|'
        'localtime|current_user|session_user|current_setting|'
        '(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|random|nextval|'
        'gen_random_uuid)\s*\()';
    v_stable constant regprocedure[] := array[
        'now()', 'statement_timestamp()', 'transaction_timestamp()', 'age(timestamptz)',
        'age(timestamp)', 'current_setting(text)', 'current_setting(text,boolean)',
        'inet_client_addr()', 'pg_backend_pid()', 'pg_current_snapshot()', 'txid_current()'];
    v_values constant text[] := array[
        'current_date', 'current_time', 'current_time', 'current_timestamp', 'current_timestamp',
        'localtime', 'localtime', 'localtimestamp', 'localtimestamp', 'current_role',
        'current_user', 'user', 'session_user', null, 'current_schema'];
begin
    return query
    with recursive reached (view_oid) as (
        select to_regclass(p_view_name)::oid
        union
        select d.refobjid
        from reached v
        inner join pg_rewrite r on r.ev_class = v.view_oid
        inner join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                                  and d.refclassid = 'pg_class'::regclass
        inner join pg_class c on c.oid = d.refobjid and c.relkind = 'v'
    ),
    -- A function whose body is stored as a tree is searched like a view.
    tree (node, function_id) as (
        select r.ev_action::text, null::oid
        from reached v
        inner join pg_rewrite r on r.ev_class = v.view_oid
        union
        select f.prosqlbody::text, f.oid
        from tree t
        cross join regexp_matches(t.node, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g') m
        inner join pg_proc f on f.oid = m[1]::oid and f.prosqlbody is not null
    ),
    called as (
        select distinct f.oid, f.proname, f.provolatile, f.pronamespace, f.prosrc,
               f.pronamespace = 'pg_catalog'::regnamespace as is_built_in,
               f.prosqlbody is not null as is_tree
        from tree t
        cross join regexp_matches(t.node, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g') m
        inner join pg_proc f on f.oid = m[1]::oid
    ),
    found (call, is_certain) as (
        select case when c.is_built_in then c.proname || '()' else c.oid::regprocedure::text end,
               true
        from called c
        where (c.is_built_in and (c.provolatile = 'v' or c.oid = any (v_stable::oid[])))
              -- Functions of extensions that make random or new uuids.
              or c.proname ~ '^(gen_random_uuid|uuid_generate_v[14].*)$'
        union
        select v_values[m[1]::integer + 1], true
        from tree t
        cross join regexp_matches(t.node, '\{SQLVALUEFUNCTION :op (\d+)', 'g') m
        where v_values[m[1]::integer + 1] is not null
        union
        select format('%s, which asks %s', c.oid::regprocedure,
                      (regexp_match(s.source, v_words, 'i'))[1] || case
                          when (regexp_match(s.source, v_words, 'i'))[1] ~ '\($' then ')'
                          else '' end),
               true
        from called c
        cross join lateral (
            select regexp_replace(c.prosrc, '--[^\n]*|/\*.*?\*/', '', 'g') as source
        ) s
        where not c.is_built_in and not c.is_tree
              and c.pronamespace <> 'engagement'::regnamespace and s.source ~* v_words
    )
    select f.call, f.is_certain from found f
    union all
    select c.oid::regprocedure::text, false
    from called c
    where not c.is_built_in and c.provolatile = 'v'
          and c.pronamespace <> 'engagement'::regnamespace
          and not exists (select from found f where f.call like c.oid::regprocedure || '%')
    order by 2 desc, 1;
end
$body$;
comment on function engagement.unsteady_calls(text) is
    'Internal: for adapter check. Calls of a view that depend on the clock, on random values or on '
    'the session, directly or through other views and the host''s functions. is_certain is false '
    'for a function of which only the declaration VOLATILE is known.';
