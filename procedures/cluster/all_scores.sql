-- Internal. Overlay: everybody's scores, fetched from the shards. The nodes do not have the host's
-- rows, so they cannot join them.
-- Reads: customer_score.
create or replace function engagement.all_scores()
returns setof engagement.customer_score
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query select s.* from engagement.customer_score s;
end
$$;
comment on function engagement.all_scores() is
    'Internal: the rows of customer_score.';
