-- Internal. Finds tables that a look-up by a view's key reads whole. A table that the plan reads
-- without an index condition has no index that fits; a cast in the view may hide one. A table known
-- to have few rows or none (the host's companies, say) does not count, because reading it whole is
-- fine. Definer: planning evaluates the view's constant calls, as the package's owner.
-- Reads: pg_catalog, the view (EXPLAIN only).
create or replace function engagement.unindexed_tables(p_view_name text, p_column text)
returns text[]
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
declare
    v_plan constant jsonb := engagement.look_up_plan(p_view_name, p_column);
begin
    return array(
        select distinct format('%I.%I', n.node ->> 'Schema', n.node ->> 'Relation Name')
        from jsonb_path_query(v_plan, 'strict $.**') n (node)
        where jsonb_typeof(n.node) = 'object' and n.node ? 'Relation Name'
              and not n.node ? 'Index Cond'
              and not (n.node ->> 'Node Type' = 'Bitmap Heap Scan' and jsonb_path_exists(
                  n.node, '$.Plans.** ? (@."Node Type" == "Bitmap Index Scan"'
                          ' && exists (@."Index Cond"))'))
              and not exists (
                  select from pg_class c
                  where c.oid = to_regclass(format('%I.%I', n.node ->> 'Schema',
                                                   n.node ->> 'Relation Name'))
                        and c.reltuples between 0 and 100)
        order by 1
    );
end
$$;
comment on function engagement.unindexed_tables(text, text) is
    'Internal: tables that a look-up of a view by one of its columns reads whole, because no index '
    'fits its condition.';
