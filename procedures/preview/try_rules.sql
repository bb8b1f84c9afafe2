-- Internal. What rules would award after a change that is not made: all versions as they would be,
-- the ids of the versions of the changed rules, whose present awards would go, and in temporary
-- tables the awards that would take their place. The caller drops the tables.
-- Reads: what changed_rules and preview_awards read.
-- Writes: temporary tables engagement_preview_rule and engagement_preview_award.
-- Raises: EG002, EG004, EG005, EG010.
create or replace function engagement.try_rules(
    p_changes jsonb, p_retroactive boolean,
    out p_rules engagement.score_rule[], out p_changed_ids integer[]
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_codes text[];
begin
    p_rules := engagement.changed_rules(p_changes, p_retroactive);
    v_codes := array(
        select n.rule_code
        from unnest(p_rules) n
        left join engagement.score_rule r on r.rule_id = n.rule_id
        where n is distinct from r);
    -- An activity under one rule keeps the points of another from fading with inactivity.
    v_codes := array(
        select n.rule_code
        from unnest(p_rules) n
        where n.rule_code = any (v_codes)
              or n.category_code in (
                  select c.category_code
                  from (select o.category_code from unnest(p_rules) o
                        where o.rule_code = any (v_codes)
                        union
                        select r.category_code from engagement.score_rule r
                        where r.rule_code = any (v_codes)) c
                  where c.category_code in (select i.code
                                            from engagement.inactivity_categories() i (code))
                        or exists (select from unnest(p_rules) o
                                   where o.category_code = c.category_code
                                         and o.inactivity_steps <> '{}')));
    p_changed_ids := array(select r.rule_id from engagement.score_rule r
                           where r.rule_code = any (v_codes));
    create temporary table engagement_preview_rule on commit drop as
    select n.* from unnest(p_rules) n where n.is_active and n.rule_code = any (v_codes);
    update pg_temp.engagement_preview_rule r set is_applied = true where not r.is_applied;
    analyze pg_temp.engagement_preview_rule;

    perform engagement.preview_awards(array(
        select n from unnest(p_rules) n where n.is_active and n.rule_code = any (v_codes)));
end
$$;
comment on function engagement.try_rules(jsonb, boolean) is
    'Internal: every version of every rule after a change, the ids of the versions that it '
    'replaces, and in engagement_preview_award and engagement_preview_rule what the new ones would '
    'award. p_changes as for changed_rules.';
