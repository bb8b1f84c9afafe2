-- Internal. The SQL that gives a column of a view another type, with the same value in every
-- session. A plain cast of a date or an instant depends on the session's TimeZone or DateStyle, and
-- the text of a float depends on its extra_float_digits. The SQL for a key can be indexed.
-- Reads: parameter TIME_ZONE.
create or replace function engagement.cast_sql(
    p_column text, p_from regtype, p_to regtype, p_is_key boolean default false
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_column constant text := quote_ident(p_column);
    v_to constant text := format_type(p_to, null);
    v_zone constant text := quote_literal(coalesce(engagement.parameter('TIME_ZONE'), 'UTC'));
    v_local constant text := v_column || case when p_from = 'timestamptz'::regtype
                                              then ' at time zone ' || v_zone else '' end;
    v_utc constant text := v_column || case when p_from = 'timestamptz'::regtype
                                            then ' at time zone ''UTC''' else '' end;
begin
    return case
        when p_to = 'timestamptz'::regtype and p_from = 'date'::regtype
            then format('engagement.start_of_day(%s, %s)', v_column, v_zone)
        when p_to = 'timestamptz'::regtype and p_from = 'timestamp'::regtype
            then format('%s at time zone %s', v_column, v_zone)
        when p_to = 'date'::regtype and p_from = 'timestamptz'::regtype
            then format('(%s)::date', v_local)
        when p_is_key and p_from = 'date'::regtype
            then format('(%s - ''2000-01-01''::date)::%s', v_column, v_to)
        when p_is_key and p_from in ('timestamp'::regtype, 'timestamptz'::regtype)
            then format('extract(epoch from %s)::%s', v_utc, v_to)
        when p_to = 'text'::regtype and p_from = 'date'::regtype
            then format('to_char(%s, ''YYYY-MM-DD'')', v_column)
        when p_to = 'text'::regtype and p_from in ('timestamp'::regtype, 'timestamptz'::regtype)
            then format('to_char(%s, ''YYYY-MM-DD HH24:MI:SS'')', v_local)
        when p_to = 'text'::regtype and p_from in ('float4'::regtype, 'float8'::regtype)
            then format('%s::numeric::text', v_column)
        else format('%s::%s', v_column, v_to) end;
end
$$;
comment on function engagement.cast_sql(text, regtype, regtype, boolean) is
    'Internal: SQL that gives a column of a view another type, independent of the session''s '
    'settings; p_is_key: SQL that can be indexed.';
