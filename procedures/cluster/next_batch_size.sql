-- Internal. Overlay: each batch costs a cluster a round trip to its nodes, so batches are as large
-- as allowed.
create or replace function engagement.next_batch_size(
    p_size integer, p_began_at timestamptz, p_least integer, p_most integer
)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return p_most;
end
$$;
comment on function engagement.next_batch_size(integer, timestamptz, integer, integer) is
    'Internal: the size of the next batch: p_most.';
