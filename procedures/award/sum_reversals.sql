-- Internal. Sums what reversals take from some activities of a source, and from what these take
-- back in turn. A reversal that was taken back itself takes only what is left of it. Each round
-- goes one step towards the first sale, so a round finds the sums that it needs. Reversals that go
-- round in a circle lead to no sale. So it does not matter what they take, and the rounds simply
-- end. The rows are locked in key order, in a statement of its own: the next statement sees what
-- the sessions before had written.
-- Reads: reversal. Writes and locks: reversed_activity.
create or replace function engagement.sum_reversals(
    p_source text, p_targets engagement.host_key[]
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
    v_targets engagement.host_key[] := array(select distinct t from unnest(p_targets) t);
begin
    for v_round in 1 .. 50 loop
        insert into engagement.reversed_activity (source, source_id, quantity, amount, reversals)
        select p_source, t, 0, 0, '[]' from unnest(v_targets) t order by t
        on conflict (source, source_id) do nothing;
        perform from engagement.reversed_activity n
        where n.source = p_source and n.source_id = any (v_targets)
        order by n.source_id
        for update;
        with summed as materialized (
            select s.* from engagement.summed_reversals(p_source, v_targets) s
        ),
        emptied as (
            delete from engagement.reversed_activity n
            where n.source = p_source and n.source_id = any (v_targets)
                  and not exists (select from summed s where s.source_id = n.source_id)
        )
        update engagement.reversed_activity n
        set quantity = s.quantity, amount = s.amount, reversals = s.reversals
        from summed s
        where n.source = p_source and n.source_id = s.source_id
              and (n.quantity, n.amount, n.reversals)
                  is distinct from (s.quantity, s.amount, s.reversals);
        v_targets := array(
            select distinct r.reverses_id from engagement.reversal r
            where r.source = p_source and r.source_id = any (v_targets) and r.is_shown
        );
        exit when v_targets = '{}';
    end loop;
end
$$;
comment on function engagement.sum_reversals(text, engagement.host_key[]) is
    'Internal: writes what reversals take from these activities of a source.';
