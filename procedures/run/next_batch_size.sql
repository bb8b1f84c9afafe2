-- Internal. The size of the next batch of a run. A batch should take about a quarter of a second:
-- no other session waits longer than that for its rows, and the cost of a transaction is still
-- small beside it. From one batch to the next the size at most doubles, or falls to a quarter. On a
-- cluster an overlay replaces it.
create or replace function engagement.next_batch_size(
    p_size integer, p_began_at timestamptz, p_least integer, p_most integer
)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_seconds double precision := extract(epoch from clock_timestamp() - p_began_at);
begin
    return greatest(p_least, least(
        p_most, p_size * greatest(0.25, least(2, 0.25 / greatest(v_seconds, 0.001)))));
end
$$;
comment on function engagement.next_batch_size(integer, timestamptz, integer, integer) is
    'Internal: size of the next batch, between p_least and p_most, after a batch of p_size rows '
    'that began at p_began_at.';
