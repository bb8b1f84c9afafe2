-- Internal. Finds the activities that have a live award which another session has locked. Locks the
-- live awards of all other activities. On a cluster an overlay replaces it.
-- Reads: award. Locks: the live awards of these activities that no other session has locked.
create or replace function engagement.busy_activities(
    p_source text, p_ids engagement.host_key[]
)
returns engagement.host_key[]
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
begin
    return array(
        with free as materialized (
            select w.source_id
            from engagement.award w
            where w.source_id = any (p_ids) and w.source = p_source and w.voided_at is null
            for update skip locked
        )
        select u.source_id
        from (
            select w.source_id, 1 as number
            from engagement.award w
            where w.source_id = any (p_ids) and w.source = p_source and w.voided_at is null
            union all
            select f.source_id, -1 from free f
        ) u
        group by u.source_id
        having sum(u.number) > 0
    );
exception when lock_not_available then
    return '{}';  -- another session has locked the whole table
end
$$;
comment on function engagement.busy_activities(text, engagement.host_key[]) is
    'Internal: locks the live awards of these activities that are free; returns the activities '
    'that have a live award which another session has locked.';
