-- Internal. Whether ledger and scores are spread over a cluster. The query is dynamic, because
-- without Citus its catalogue does not exist.
-- Reads: pg_dist_partition.
create or replace function engagement.is_distributed()
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_catalogue regclass := to_regclass('pg_catalog.pg_dist_partition');
    v_is_distributed boolean := false;
begin
    if v_catalogue is not null then
        execute format('select exists (select from %s p where p.logicalrelid = %L::regclass)',
                       v_catalogue, 'engagement.award')
            into v_is_distributed;
    end if;
    return v_is_distributed;
end
$$;
comment on function engagement.is_distributed() is
    'Internal: whether ledger and scores are spread over a Citus cluster.';
