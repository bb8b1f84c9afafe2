-- API. A score is a sum of awards at an instant. It has two clocks: what counts at p_as_of, as on
-- record at p_known_at.
-- Reads: own_points_at.
create or replace function engagement.score_at(
    p_customer_id engagement.host_key,
    p_as_of timestamptz default now(),
    p_known_at timestamptz default 'infinity'
)
returns numeric
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (engagement.own_points_at(p_customer_id, array[p_as_of], p_known_at))[1];
end
$$;
comment on function engagement.score_at(engagement.host_key, timestamptz, timestamptz) is
    'Own points of a customer that count at p_as_of, as the ledger knew them at p_known_at; 0 for '
    'an unknown customer.';
