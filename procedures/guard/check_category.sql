-- Internal. Refuses a category that is not there; NULL stands for the total.
-- Reads: category. Raises: EG005.
create or replace function engagement.check_category(p_category_code text default null)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_category_code is not null and not exists (
        select from engagement.category c where c.category_code = p_category_code
    ) then
        raise exception 'unknown category'
            using errcode = 'EG005', detail = format('category %L', p_category_code),
                  hint = 'select category_code, category_name from engagement.category lists them.';
    end if;
end
$$;
comment on function engagement.check_category(text) is
    'Internal: raises EG005 for an unknown category; NULL, the total, is let pass.';
