-- Internal. How a part of a score is called: a tried rule as its file describes it.
-- Reads: category, score_rule.
create or replace function engagement.part_label(
    p_part_type text, p_part_code text, p_tried jsonb
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return case p_part_type
        when 'CATEGORY' then (select c.category_name from engagement.category c
                              where c.category_code = p_part_code)
        when 'RULE' then coalesce(
            nullif(p_tried -> p_part_code ->> 'description', ''),
            (select nullif(e.value ->> 'description', '')
             from jsonb_array_elements(
                 case jsonb_typeof(p_tried) when 'array' then p_tried else '[]' end) e
             where e.value ->> 'rule_code' = p_part_code limit 1),
            (select nullif(r.description, '') from engagement.score_rule r
             where r.rule_code = p_part_code order by r.version desc limit 1),
            p_part_code)
        else 'Points of a company''s people' end;
end
$$;
comment on function engagement.part_label(text, text, jsonb) is
    'Internal: label of a part of engagement.backtest: CATEGORY, RULE or EMPLOYEES. p_tried: the '
    'rules of the points, as for changed_rules; NULL: those on record.';
