-- Whether ledger and scores are spread over a cluster; where Citus is not installed its catalogue
-- cannot even be named.
-- Reads: pg_dist_partition.
create or replace function engagement.is_distributed()
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_is_distributed boolean := false;
begin
    if to_regclass('pg_catalog.pg_dist_partition') is not null then
        execute 'select exists (select from pg_dist_partition p '
                'where p.logicalrelid = ''engagement.award''::regclass)'
            into v_is_distributed;
    end if;
    return v_is_distributed;
end
$$;
comment on function engagement.is_distributed() is
    'Whether ledger and scores are spread over a Citus cluster.';
