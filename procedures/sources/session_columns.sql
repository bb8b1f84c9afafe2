-- Internal. Finds columns of a view whose values depend on the session's settings: a date cast to
-- an instant by the session's TimeZone, a key made from a date's text. It reads the view under two
-- sets of settings and compares the sums of hashes column by column. The hashes are of values, not
-- of texts. If a column differs, it reads the column once for each setting to find the settings
-- that matter. It is a separate function, so that its SET clauses restore the settings at the end
-- in any case.
-- Definer: the view runs as the package's owner.
-- Reads: the view. Writes: temporary table engagement_reading, which it drops.
create or replace function engagement.session_columns(p_view_name text)
returns table (column_name text, settings text, example_key text, here text, elsewhere text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set bytea_output = 'hex'
set jit = off
as $$
declare
    v_names constant text[] := array['TimeZone', 'DateStyle', 'IntervalStyle',
                                     'extra_float_digits', 'bytea_output'];
    v_here constant text[] := array['Pacific/Kiritimati', 'ISO, MDY', 'postgres', '1', 'hex'];
    v_elsewhere constant text[] := array['Pacific/Pago_Pago', 'SQL, DMY', 'iso_8601', '0',
                                         'escape'];
    v_reading constant text := 'select v.%I::text as key, v.%I::text as value, '
        'hash_record_extended(row(v.%2$I), 0) as hash from %s v';
    v_columns text[];
    v_key text;
    v_sums text;
    v_first numeric[];
    v_second numeric[];
    v_one numeric;
    v_other numeric;
    v_differs boolean;
begin
    select array_agg(a.attname::text order by a.attnum),
           string_agg(format('sum(hash_record_extended(row(v.%I), 0))', a.attname), ', '
                      order by a.attnum)
    into v_columns, v_sums
    from pg_attribute a
    where a.attrelid = to_regclass(p_view_name) and a.attnum > 0 and not a.attisdropped;
    -- The column that names a row in an example. In the view subject several rows may share a key.
    select c.name into v_key
    from unnest(array['source_id', 'customer_id', 'employee_id', 'subject_id'])
        with ordinality c (name, position)
    where c.name = any (v_columns)
    order by c.position
    limit 1;
    v_sums := format('select array[%s] from %s v', v_sums, p_view_name);

    begin
        perform set_config(s.name, s.value, true) from unnest(v_names, v_here) s (name, value);
        execute v_sums into v_first;
        perform set_config(s.name, s.value, true) from unnest(v_names, v_elsewhere) s (name, value);
        execute v_sums into v_second;
    exception when data_exception then
        -- For example, a text that is not a date in the other order of day and month.
        column_name := null;
        settings := 'DateStyle, TimeZone';
        here := null;
        elsewhere := sqlerrm;
        return next;
        return;
    end;

    for v_number in 1 .. cardinality(v_columns) loop
        continue when v_first[v_number] is not distinct from v_second[v_number];
        column_name := v_columns[v_number];
        settings := null;
        v_sums := format('select sum(hash_record_extended(row(v.%I), 0)) from %s v', column_name,
                         p_view_name);
        perform set_config(s.name, s.value, true) from unnest(v_names, v_here) s (name, value);
        execute v_sums into v_one;
        -- Random values or a clock make the column differ between two readings.
        continue when v_one is distinct from v_first[v_number];
        for v_setting in 1 .. cardinality(v_names) loop
            perform set_config(v_names[v_setting], v_elsewhere[v_setting], true);
            begin
                execute v_sums into v_other;
                v_differs := v_one is distinct from v_other;
            exception when data_exception then
                v_differs := true;
            end;
            if v_differs then
                settings := concat_ws(', ', settings, v_names[v_setting]);
            end if;
            perform set_config(v_names[v_setting], v_here[v_setting], true);
        end loop;

        execute format('create temporary table engagement_reading on commit drop as %s',
                       format(v_reading, v_key, column_name, p_view_name));
        perform set_config(s.name, s.value, true) from unnest(v_names, v_elsewhere) s (name, value);
        execute format(
            case when column_name = v_key then
                'with e as materialized (%s) select min(h.key), min(h.value), '
                '(select min(e.value) from e where e.hash not in '
                '(select h.hash from pg_temp.engagement_reading h)) '
                'from pg_temp.engagement_reading h where h.hash not in (select e.hash from e)'
            else
                'select h.key, h.value, e.value from pg_temp.engagement_reading h '
                'inner join (%s) e on e.key = h.key and e.hash <> h.hash '
                'order by h.key, h.value, e.value limit 1' end,
            format(v_reading, v_key, column_name, p_view_name))
        into example_key, here, elsewhere;
        drop table pg_temp.engagement_reading;
        return next;
    end loop;
end
$$;
comment on function engagement.session_columns(text) is
    'Internal: for adapter check. Columns of a view whose values depend on the session''s '
    'TimeZone, DateStyle or the like, with the settings that matter, and the key of a row with its '
    'values under two sets of settings. column_name NULL: the view cannot be read under other '
    'settings (elsewhere: why).';
