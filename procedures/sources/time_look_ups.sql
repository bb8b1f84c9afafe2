-- Internal. Measures how long a view takes to find rows by a key. It serves authors of adapters. It
-- looks up keys of the view as the generated routines do, first 1 key, then 10, 100, … at once,
-- until a lot takes more than half a second. Without an index that fits, a single key may take that
-- long.
-- Definer: the view runs as the package's owner.
-- Reads: the view.
create or replace function engagement.time_look_ups(
    p_view_name text,
    p_column text,
    p_key_count integer default 1000,
    out key_count integer,
    out row_count bigint,
    out ms_per_key numeric,
    out ms_per_1000_keys numeric
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set enable_seqscan = on
set jit = off
as $$
declare
    v_type constant text := case p_column when 'subject_id' then 'text'
                                          else 'engagement.host_key' end;
    v_keys text[];
    v_lot text[];
    v_first integer := 1;
    v_size integer := 1;
    v_began_at timestamptz;
    v_row_count bigint;
    v_ms numeric;
begin
    -- Arbitrary keys, but the same ones each time.
    execute format(
        'select array_agg(k.key) from (select v.%1$I::text as key from %2$s v '
        'where v.%1$I is not null group by v.%1$I '
        'order by hashtextextended(v.%1$I::text, 0), v.%1$I::text limit $1) k',
        p_column, p_view_name)
    into v_keys using p_key_count;
    key_count := 0;
    perform set_config('enable_seqscan', 'off', true);
    while v_first <= cardinality(v_keys) loop
        v_lot := v_keys[v_first : v_first + v_size - 1];
        v_began_at := clock_timestamp();
        -- count(v) needs every column, as scoring does.
        execute format(
            'select count(v) from unnest($1::%s[]) k (key) cross join lateral '
            '(select v.* from %s v where v.%I = k.key offset 0) v', v_type, p_view_name, p_column)
        into v_row_count using v_lot;
        v_ms := extract(epoch from clock_timestamp() - v_began_at) * 1000;
        if cardinality(v_lot) >= key_count then
            key_count := cardinality(v_lot);
            row_count := v_row_count;
            ms_per_key := round(v_ms / key_count, 3);
            -- Planning and cold pages dominate the time of few keys; 1,000 cannot be projected.
            ms_per_1000_keys := case when key_count >= 50
                                     then round(v_ms * 1000 / key_count, 1) end;
        end if;
        exit when v_ms > 500;
        v_first := v_first + v_size;
        v_size := v_size * 10;
    end loop;
end
$$;
comment on function engagement.time_look_ups(text, text, integer) is
    'Internal: for adapter check. How long a view takes to find rows by a column, measured on at '
    'most p_key_count of its keys. All results are those of the largest lot. ms_per_key is NULL '
    'without keys; ms_per_1000_keys is NULL with fewer than 50 keys.';
