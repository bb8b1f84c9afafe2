-- Internal. Repairs what new sums do not repair in the rows of scores. A row with an impossible
-- calculated_at becomes work of the run. FULL also takes rows whose calculated_at is not the
-- instant of a run (a refresh or somebody by hand has set it), so that afterwards every row can be
-- verified at the instant of a run. And FULL repairs histories that contradict themselves.
-- Reads: recalculation_run. Writes: recalculation_customer, customer_score.
create or replace function engagement.mend_scores(p_run engagement.recalculation_run)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_instants timestamptz[] := array(select distinct r.as_of from engagement.recalculation_run r);
begin
    insert into engagement.recalculation_customer (customer_id, is_touched)
    select s.customer_id, true
    from engagement.customer_score s
    where not engagement.is_instant(s.calculated_at)
          or (p_run.run_mode = 'FULL' and s.calculated_at < p_run.as_of
              and s.calculated_at <> all (v_instants))
    on conflict (customer_id) do update set is_touched = true
    where not recalculation_customer.is_touched;
    if p_run.run_mode = 'FULL' then
        update engagement.customer_score s
        set previous_score = w.previous_score, changed_at = w.changed_at, raised_at = w.raised_at
        from (
            select h.customer_id, m.previous_score, m.changed_at, m.raised_at
            from engagement.customer_score h
            cross join lateral engagement.score_history(
                h.score, h.previous_score, h.changed_at, h.raised_at,
                case when engagement.is_instant(h.calculated_at) then h.calculated_at
                     else p_run.as_of end) m
            where (m.previous_score, m.changed_at, m.raised_at)
                  is distinct from (h.previous_score, h.changed_at, h.raised_at)
        ) w
        where w.customer_id = s.customer_id;
    end if;
end
$$;
comment on function engagement.mend_scores(engagement.recalculation_run) is
    'Internal: adds customers whose calculated_at cannot be right to the work of the run. FULL: '
    'also repairs histories of scores that contradict themselves.';
