-- Internal. What the SQL of cast_sql takes for granted and only the host's author can know.
-- Reads: pg_catalog.
create or replace function engagement.cast_remark(p_from regtype, p_to regtype)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_from constant "char" := (select t.typcategory from pg_type t where t.oid = p_from);
begin
    return case
        when p_to not in ('timestamptz'::regtype, 'date'::regtype) then ''
        when p_to = 'timestamptz'::regtype and p_from = 'timestamp'::regtype
            then ' (if the host writes UTC: find out which zone it writes)'
        when p_to = 'timestamptz'::regtype and v_from = 'S'
            then ' (if the texts are YYYY-MM-DD HH:MM:SS in UTC: look at them)'
        when v_from = 'S' then ' (otherwise as the texts are written: look at them)'
        when v_from = 'N' then ' (/ 1000.0 if the host counts milliseconds)'
        else '' end;
end
$$;
comment on function engagement.cast_remark(regtype, regtype) is
    'Internal: what is to be found out before the SQL of cast_sql is used, as an addition to it; '
    'empty: nothing.';
