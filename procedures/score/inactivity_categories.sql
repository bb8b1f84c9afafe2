-- Internal. The categories in which points fade with inactivity, by the category itself or by one
-- of its rules.
-- Reads: score_rule, category.
create or replace function engagement.inactivity_categories()
returns setof text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select c.category_code from engagement.category c where c.inactivity_steps <> '{}'
    union
    select r.category_code from engagement.score_rule r where r.inactivity_steps <> '{}';
end
$$;
comment on function engagement.inactivity_categories() is
    'Internal: codes of the categories that have rules whose points fade with inactivity.';
