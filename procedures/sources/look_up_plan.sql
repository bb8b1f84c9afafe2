-- Internal. The plan of a look-up of a view by one of its columns. Plan nodes that read whole
-- tables are switched off, so a table that is read whole even then has no index that fits. Definer:
-- planning evaluates the view's constant calls, as the package's owner.
-- Reads: the view (EXPLAIN only).
create or replace function engagement.look_up_plan(p_view_name text, p_column text)
returns jsonb
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
    v_plan jsonb;
begin
    execute format(
        'explain (format json, verbose) select v.%2$I from %1$s v where v.%2$I = (select null::%3$s)',
        p_view_name, p_column,
        case when p_column = 'subject_id' then 'text' else 'engagement.host_key' end)
    into v_plan;
    return v_plan;
end
$$;
comment on function engagement.look_up_plan(text, text) is
    'Internal: the plan of a look-up of a view by one of its columns, as the JSON of EXPLAIN.';
