-- Internal. Picks the employer on a date from a person's primary jobs; the winning job comes first.
-- PL/pgSQL, because an inlined look-up would keep a derivation from running in parallel.
create or replace function engagement.employer_on(
    p_employer_ids engagement.host_key[], p_begins_on date[], p_ends_on date[], p_on date
)
returns engagement.host_key
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    for v_job in 1 .. coalesce(cardinality(p_employer_ids), 0) loop
        if (p_begins_on[v_job] is null or p_begins_on[v_job] <= p_on)
           and (p_ends_on[v_job] is null or p_ends_on[v_job] >= p_on) then
            return p_employer_ids[v_job];
        end if;
    end loop;
    return null;
end
$$;
comment on function engagement.employer_on(engagement.host_key[], date[], date[], date) is
    'Internal: the first of these jobs (employer, first and last day) that covers p_on; NULL: '
    'none.';
