-- Internal. Takes rows of some sources off the queue for catch_up: rows from before p_before, with
-- about p_limit keys in all. A row has the keys of one statement of the host, which may be a
-- million. Of such a row the first p_limit keys are taken, and the others go back in rows of that
-- size. Rows are found by their place in the table: the queue has no key, and no index for a
-- trigger to pay for.
-- Reads and writes: pending_activity.
create or replace function engagement.take_statements(
    p_sources text[], p_before timestamptz, p_limit integer
)
returns engagement.pending_activity[]
language plpgsql
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_places tid[];
    v_taken engagement.pending_activity[];
    v_last engagement.pending_activity;
begin
    v_places := array(
        select w.place
        from (
            select w.place, sum(w.key_count) over (order by w.place) - w.key_count as before_count
            from (
                select p.ctid as place, cardinality(p.keys) as key_count
                from engagement.pending_activity p
                where p.activity_column is not null and p.source = any (p_sources)
                      and p.queued_at < p_before
                limit p_limit
            ) w
        ) w
        where w.before_count < p_limit
    );
    with taken as (
        delete from engagement.pending_activity p
        where p.ctid = any (v_places)
        returning p.*
    )
    select array_agg(t::engagement.pending_activity order by cardinality(t.keys)) into v_taken
    from taken t;
    v_last := v_taken[cardinality(v_taken)];
    if cardinality(v_last.keys) > p_limit then
        insert into engagement.pending_activity (source, activity_column, keys, queued_at)
        select v_last.source, v_last.activity_column, v_last.keys[g.first : g.first + p_limit - 1],
               v_last.queued_at
        from generate_series(p_limit + 1, cardinality(v_last.keys), p_limit) g (first);
        v_last.keys := v_last.keys[: p_limit];
        v_taken[cardinality(v_taken)] := v_last;
    end if;
    return v_taken;
end
$$;
comment on function engagement.take_statements(text[], timestamptz, integer) is
    'Internal: takes queue rows of these sources, queued before p_before, with about p_limit keys; '
    'NULL: none.';
