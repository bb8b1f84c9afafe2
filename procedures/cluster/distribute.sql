-- API. Spreads ledger and scores over a Citus cluster by customer_id, in the caller's transaction.
-- Rules, parameters and categories become reference tables, with a copy on each node. Everything
-- else stays on the coordinator beside the host: the queue, the inputs, the record of the setup. If
-- the tables are distributed already, nothing happens. The caller is `engagement deploy
-- --distribute`. In the same transaction it applies the overlays of procedures/cluster/, which the
-- engine needs on a cluster, and generates the routines of the sources again. SQL cannot read these
-- files, so no other caller is allowed. TRIGGER_MODE becomes DEFERRED, so triggers only queue (it
-- can be changed back): an award in the host's transaction would make that transaction commit on
-- other machines.
-- Reads: Citus' catalogue. Writes: where the tables are; TRIGGER_MODE.
-- Locks: the setup lock; ledger and scores against everybody. Raises: EG004, EG009, EG014.
create or replace procedure engagement.distribute(p_shard_count integer default 32)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_nodes regclass := to_regclass('pg_catalog.pg_dist_node');
    v_worker_count bigint;
    v_table text;
begin
    if v_nodes is null then
        raise exception 'this database has no Citus'
            using errcode = 'EG014',
                  detail = 'The extension citus is not installed in it.',
                  hint = 'create extension citus on every node (it must be in '
                         'shared_preload_libraries), add the workers by citus_add_node; or deploy '
                         'without --distribute: one machine needs none of it.';
    end if;
    execute format('select count(*) from %s n where n.shouldhaveshards and n.isactive '
                   'and n.noderole = ''primary''', v_nodes)
        into v_worker_count;
    if v_worker_count = 0 then
        raise exception 'no node takes shards'
            using errcode = 'EG014',
                  detail = 'Citus'' pg_dist_node has no active node with shouldhaveshards.',
                  hint = 'select citus_add_node(''HOST'', PORT) for each worker, on the '
                         'coordinator.';
    end if;
    if p_shard_count is null or p_shard_count not between 1 and 64000 then
        raise exception 'number of shards is out of range'
            using errcode = 'EG004', detail = format('shards %L', p_shard_count),
                  hint = 'Use 1 to 64000: some for each core of all workers, 32 if in doubt.';
    end if;
    perform engagement.lock_setup();
    if not pg_try_advisory_xact_lock(engagement.lock_class(), 2) then
        raise exception 'a recalculation is running'
            using errcode = 'EG009', detail = 'Another session holds the lock of the run.',
                  hint = 'Wait until it is done.';
    end if;
    if engagement.is_distributed() then
        return;
    end if;
    if current_setting('engagement.overlays_follow', true) is distinct from 'Y' then
        raise exception 'only the deployer can spread this database over its cluster'
            using errcode = 'EG014',
                  detail = 'On a cluster other files take the place of some of the package''s '
                           'routines (procedures/cluster/), and SQL cannot read them.',
                  hint = 'engagement deploy --distribute [--shards N] does all of it in one '
                         'transaction.';
    end if;
    perform engagement.propagate_ddl(true);
    -- One connection for each node, because routines and tables change together.
    perform set_config('citus.multi_shard_modify_mode', 'sequential', true);
    -- Reference tables come first, because the distributed tables are joined with them.
    foreach v_table in array array['score_rule', 'category', 'app_parameter'] loop
        execute format('select create_reference_table(%L)', 'engagement.' || v_table);
    end loop;
    execute format('select create_distributed_table(%L, ''customer_id'', shard_count => %s, '
                   'colocate_with => ''none'')', 'engagement.award', p_shard_count);
    foreach v_table in array array['customer_score', 'category_score'] loop
        execute format('select create_distributed_table(%L, ''customer_id'', '
                       'colocate_with => ''engagement.award'')', 'engagement.' || v_table);
    end loop;
    foreach v_table in array array['score_rule', 'category', 'app_parameter', 'award',
                                   'customer_score', 'category_score'] loop
        execute format('select truncate_local_data_after_distributing_table(%L)',
                       'engagement.' || v_table);
    end loop;
    perform engagement.set_parameter('TRIGGER_MODE', 'DEFERRED');
end
$$;
comment on procedure engagement.distribute(integer) is
    'Spreads award, customer_score and category_score over the nodes of a Citus cluster, in '
    'p_shard_count shards by customer_id, and copies rules, parameters and categories to all '
    'nodes. TRIGGER_MODE becomes DEFERRED. `engagement deploy --distribute` calls it. Raises EG004 '
    '(number of shards), EG009 (a recalculation is running), EG014 (no Citus, no node that takes '
    'shards, or a caller other than the deployer).';
