-- Internal. Whether a condition of a plan node is the link between a scan and a line: an equality
-- of two columns that must hold for each row. Casts may stand around the columns. See plan_admits.
create or replace function engagement.is_linked(p_node jsonb, p_alias text, p_link text)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (
        select
        from unnest(array['Hash Cond', 'Merge Cond', 'Join Filter', 'Index Cond', 'Recheck Cond',
                          'Filter']) k (name)
        cross join lateral unnest(
            engagement.split_condition(p_node ->> k.name, ' AND ')) c (condition)
        cross join lateral engagement.split_condition(c.condition, ' = ') s (sides)
        where cardinality(s.sides) = 2
              and (array_to_string(s.sides, ' = ') ~ replace(p_link, '%s', p_alias)
                   or s.sides[2] || ' = ' || s.sides[1] ~ replace(p_link, '%s', p_alias))
    );
end
$$;
comment on function engagement.is_linked(jsonb, text, text) is
    'Internal: true if a condition of a plan node is the link between the scan p_alias and a line.';
