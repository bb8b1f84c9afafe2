-- Internal. The categories in which customers are ranked.
-- Reads: category, score_band.
create or replace function engagement.ranked_categories()
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return array(
        select c.category_code from engagement.category c where c.is_ranked
        union
        select b.category_code from engagement.score_band b where b.category_code is not null
        order by 1);
end
$$;
comment on function engagement.ranked_categories() is
    'Internal: codes of the categories that are ranked or have bands.';
