-- Internal. The category that engagement.segment was asked for, so that the views of segments can
-- be of a category, too: a view has no arguments.
create or replace function engagement.chosen_category()
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return nullif(current_setting('engagement.category', true), '');
end
$$;
comment on function engagement.chosen_category() is
    'Internal: the category that engagement.segment was asked for; NULL: the total.';
