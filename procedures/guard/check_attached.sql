-- Internal. Whether a host is attached.
-- Reads: pg_catalog. Raises: EG006.
create or replace function engagement.check_attached()
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_missing text;
begin
    select string_agg('engagement_host.' || u.n, ', ') into v_missing
    from unnest(array['customer', 'employment']) u (n)
    where to_regclass('engagement_host.' || u.n) is null;
    if v_missing is not null then
        raise exception 'no host is attached'
            using errcode = 'EG006',
                  detail = format('missing views: %s', v_missing),
                  hint = 'Deploy a host adapter: engagement deploy --host NAME or FILE.sql.';
    end if;
end
$$;
comment on function engagement.check_attached() is
    'Internal: raises EG006 while no host adapter is deployed.';
