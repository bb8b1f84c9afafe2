-- Internal. Deletes what is stored of the reversals of a person: those that the view showed with
-- them, and those of their activities. The host shows none of them any more. If one had taken back
-- another customer's activity, that activity is queued, because nothing leads to it afterwards.
-- Reads and writes: reversal, reversed_activity. Writes: pending_activity.
create or replace function engagement.erase_reversals(
    p_customer_id engagement.host_key, p_activities text[]
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_source text;
    v_targets engagement.host_key[];
begin
    delete from engagement.reversed_activity n
    where n.source || ' ' || n.source_id::text = any (p_activities);
    for v_source, v_targets in
        with gone as (
            delete from engagement.reversal r
            where r.customer_id = p_customer_id
                  or r.source || ' ' || r.reverses_id::text = any (p_activities)
            returning r.source, r.reverses_id
        )
        select g.source, array_agg(distinct g.reverses_id)
        from gone g
        where g.source || ' ' || g.reverses_id::text <> all (coalesce(p_activities, '{}'))
        group by g.source
    loop
        perform engagement.sum_reversals(v_source, v_targets);
        insert into engagement.pending_activity (source, activity_column, keys)
        values (v_source, 'source_id', v_targets::text[]);
    end loop;
end
$$;
comment on function engagement.erase_reversals(engagement.host_key, text[]) is
    'Internal: deletes the stored reversals of a person and of their activities (as source and '
    'key).';
