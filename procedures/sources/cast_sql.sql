-- Internal. The SQL that gives a column of a view another type, with the same value in every
-- session. A plain cast of a date or an instant depends on the session's TimeZone or DateStyle, and
-- the text of a float depends on its extra_float_digits. The SQL for a key can be indexed. A date
-- begins in the organisation's zone. Most hosts write timestamps in UTC, and texts as YYYY-MM-DD;
-- cast_remark tells the author to find out.
-- Reads: pg_catalog.
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
    v_zone constant text := 'engagement.parameter(''TIME_ZONE'')';
    v_from constant "char" := (select t.typcategory from pg_type t where t.oid = p_from);
    v_local constant text := v_column || case when p_from = 'timestamptz'::regtype
                                              then ' at time zone ' || v_zone else '' end;
    v_utc constant text := v_column || case when p_from = 'timestamptz'::regtype
                                            then ' at time zone ''UTC''' else '' end;
begin
    return case
        when p_to = 'timestamptz'::regtype and p_from = 'date'::regtype
            then format('engagement.start_of_day(%s, %s)', v_column, v_zone)
        when p_to = 'timestamptz'::regtype and p_from = 'timestamp'::regtype
            then format('%s at time zone ''UTC''', v_column)
        when p_to = 'timestamptz'::regtype and v_from = 'S'
            then format('%s::timestamp at time zone ''UTC''', v_column)
        when p_to = 'timestamptz'::regtype and v_from = 'N'
            then format('to_timestamp(%s)', v_column)
        when p_to = 'date'::regtype and v_from = 'S'
            then format('to_date(%s, ''YYYY-MM-DD'')', v_column)
        when p_to = 'date'::regtype and v_from = 'N'
            then format('(to_timestamp(%s) at time zone %s)::date', v_column, v_zone)
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
        when p_to = 'text'::regtype and p_from in ('float4'::regtype, 'float8'::regtype,
                                                         'money'::regtype)
            then format('%s::numeric::text', v_column)
        when p_to = 'text'::regtype and p_from = 'interval'::regtype
            then format('extract(epoch from %s)::text', v_column)
        when p_to = 'text'::regtype and p_from = 'bytea'::regtype
            then format('encode(%s, ''hex'')', v_column)
        when p_to = 'boolean'::regtype and v_from = 'N'
            then format('%s <> 0', v_column)
        when p_to = 'numeric'::regtype and v_from = 'B'
            then format('%s::integer::numeric', v_column)
        else format('%s::%s', v_column, v_to) end;
end
$$;
comment on function engagement.cast_sql(text, regtype, regtype, boolean) is
    'Internal: SQL that gives a column of a view another type, independent of the session''s '
    'settings; p_is_key: SQL that can be indexed.';
