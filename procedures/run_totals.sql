-- Phase TOTALS: one batch of customers. A refresh that somebody left open holds its customer's row:
-- after 30 seconds the run gives up (55P03), and the next one resumes it.
-- Reads: recalculation_customer.
-- Writes: customer_score, category_score, recalculation_customer, recalculation_run.
create or replace function engagement.run_totals(p_run engagement.recalculation_run)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '30s'
as $$
declare
    v_is_touched boolean;
    v_ids engagement.host_key[];
    v_count bigint;
begin
    select c.is_touched into v_is_touched
    from engagement.recalculation_customer c
    order by c.customer_id
    limit 1;
    if not found then
        return false;
    end if;
    with batch as (
        delete from engagement.recalculation_customer c
        where c.customer_id in (
            select b.customer_id from engagement.recalculation_customer b
            where b.is_touched = v_is_touched order by b.customer_id
            limit 5000
        )
        returning c.customer_id
    )
    select array_agg(b.customer_id order by b.customer_id) into v_ids from batch b;
    v_count := engagement.write_totals(p_customer_ids => v_ids, p_as_of => p_run.as_of,
                                       p_is_touched => v_is_touched,
                                       p_is_for_now => p_run.as_of = p_run.started_at);
    update engagement.recalculation_run r
    set done_count = r.done_count + cardinality(v_ids), score_count = r.score_count + v_count
    where r.run_id = p_run.run_id;
    return true;
end
$$;
comment on function engagement.run_totals(engagement.recalculation_run) is
    'Internal: phase TOTALS of a run.';
