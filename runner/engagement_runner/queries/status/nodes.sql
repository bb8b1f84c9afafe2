-- Nodes of the cluster that hold shards of the ledger, how many, and whether each answers.
select
    n.nodename || ':' || n.nodeport as node,
    c.success as is_reachable,
    (
        select count(*)
        from pg_catalog.pg_dist_placement as p
        join pg_catalog.pg_dist_shard as s on s.shardid = p.shardid
        where p.groupid = n.groupid and s.logicalrelid = 'engagement.award'::regclass
    ) as shard_count
from run_command_on_workers('select 1') as c
join pg_catalog.pg_dist_node as n on n.nodename = c.nodename and n.nodeport = c.nodeport
order by n.groupid
