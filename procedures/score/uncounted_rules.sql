-- Internal. The rules whose points are in no total.
-- Reads: score_rule, category.
create or replace function engagement.uncounted_rules()
returns integer[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return array(
        select r.rule_id
        from engagement.category c
        inner join engagement.score_rule r on r.category_code = c.category_code
        where not c.counts_in_total
    );
end
$$;
comment on function engagement.uncounted_rules() is
    'Internal: ids of the rule versions of categories that do not count in the total.';
