-- Internal. Compares a source with the ledger and returns what differs for certain.
-- The queue is read before the comparison and, if there is a difference, after it. A change that
-- became visible meanwhile is still queued then, unless catch_up or a run has brought it up to date
-- between the two moments. So what differs and is not queued gets a second look, and a third: the
-- same activities are compared again, in a moment. What is wrong differs each time. If thousands of
-- activities differ, no change of a moment explains it, and there is no second look.
-- Definer: it reads everything as the package's owner.
-- Reads: what verify_source and queued_activities read.
create or replace function engagement.verify_settled(
    p_source text,
    p_from engagement.host_key,
    p_to engagement.host_key,
    p_sample numeric,
    p_seed integer,
    p_unread_ids engagement.host_key[]
)
returns setof engagement.verify_difference
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
declare
    v_limit constant integer := 5000;
    v_queued engagement.host_key[];
    v_late engagement.host_key[];
    v_only engagement.host_key[];
    v_difference engagement.verify_difference;
    v_found engagement.verify_difference[];
    v_is_certain boolean := false;
begin
    for v_look in 1 .. 3 loop
        v_late := null;
        v_found := '{}';
        v_queued := engagement.queued_activities(p_source);
        for v_difference in
            select v.* from engagement.verify_source(
                p_source, v_queued, p_from, p_to, p_sample, p_seed, p_unread_ids, v_only) v
        loop
            v_late := coalesce(v_late, engagement.queued_activities(p_source));
            continue when v_difference.source_id = any (v_late);
            if v_is_certain then
                return next v_difference;
                continue;
            end if;
            v_found := v_found || v_difference;
            if cardinality(v_found) > v_limit then
                v_is_certain := true;
                return query select f.* from unnest(v_found) f;
            end if;
        end loop;
        exit when v_is_certain or v_found = '{}';
        v_only := array(select distinct f.source_id from unnest(v_found) f);
    end loop;
    return query select f.* from unnest(v_found) f where not v_is_certain;
end
$$;
comment on function engagement.verify_settled(
    text, engagement.host_key, engagement.host_key, numeric, integer, engagement.host_key[]
) is
    'Internal: differences between a source''s activities and its live awards that are still there '
    'at a third look and are not queued, for the customers that is_in_part selects. p_unread_ids '
    'are not even read.';
