-- Internal. The scores by category of some customers or all; see stored_scores.
-- Reads: category_score.
create or replace function engagement.stored_parts(
    p_customer_ids engagement.host_key[] default null
)
returns setof engagement.category_score
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_customer_ids is null then
        return query select c.* from engagement.category_score c;
    else
        return query
        select c.* from engagement.category_score c where c.customer_id = any (p_customer_ids);
    end if;
end
$$;
comment on function engagement.stored_parts(engagement.host_key[]) is
    'Internal: rows of category_score of these customers (NULL: of all).';
