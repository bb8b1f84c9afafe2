-- Internal. Whether there is a host to look at.
-- Reads: pg_catalog. Raises: EG006.
create or replace function engagement.check_attached()
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if to_regclass('engagement_host.customer') is null
       or to_regclass('engagement_host.employment') is null then
        raise exception 'no host is attached'
            using errcode = 'EG006',
                  detail = 'The views of engagement_host that show the host do not exist.',
                  hint = 'Deploy a host adapter: engagement deploy --host NAME.';
    end if;
end
$$;
comment on function engagement.check_attached() is
    'Internal: raises EG006 while no host adapter is deployed.';
