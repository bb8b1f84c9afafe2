-- Internal. Expands the text of a template. Calls of query templates become subqueries, and the
-- views NAME_in_hand__template become the CTE NAME_in_hand. The parameters of a query are variables
-- of the same names in the routine.
-- Reads: pg_catalog.
create or replace function engagement.expand_template(p_text text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $$
declare
    v_call text;
    v_query text;
begin
    loop
        select c.call, p.prosrc into v_call, v_query
        from pg_proc p
        inner join pg_language l on l.oid = p.prolang and l.lanname = 'sql'
        cross join substring(
            p_text from format('engagement\.%s\([\w, ]*\)', p.proname)) c (call)
        where p.pronamespace = 'engagement'::regnamespace and p.proname like '%\_\_template'
              and c.call is not null
        order by p.proname
        limit 1;
        exit when not found;
        p_text := replace(p_text, v_call, format('(%s)', v_query));
    end loop;
    p_text := regexp_replace(
        p_text, 'engagement\.key_order\(([\w.]+)\)',
        '\1' || case when (select t.typbasetype from pg_type t
                           where t.oid = 'engagement.host_key'::regtype) = 'text'::regtype
                     then ' collate "C"' else '' end, 'g');
    return regexp_replace(p_text, 'engagement\.(\w+_in_hand)__template', '\1', 'g');
end
$$;
comment on function engagement.expand_template(text) is
    'Internal: the text of a template with the texts of the query templates that it calls.';
