-- Internal. The points that counted when outcomes were scored, as other rules would have awarded.
-- Reads: what try_rules and outcome_points read.
-- Writes: the temporary tables of try_rules, and drops them.
-- Raises: EG002, EG004, EG005, EG010.
create or replace function engagement.tried_points(
    p_outcomes engagement.scored_outcome[], p_changes jsonb
)
returns engagement.outcome_point[]
language plpgsql
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_tried record;
    v_points engagement.outcome_point[];
begin
    select * into v_tried
    from engagement.try_rules(p_changes => p_changes, p_retroactive => true);
    v_points := array(select u from engagement.outcome_points(
        p_outcomes => p_outcomes, p_rules => v_tried.p_rules,
        p_changed_ids => v_tried.p_changed_ids, p_is_tried => true) u);
    drop table pg_temp.engagement_preview_rule, pg_temp.engagement_preview_award;
    return v_points;
end
$$;
comment on function engagement.tried_points(engagement.scored_outcome[], jsonb) is
    'Internal: outcome_points as after a change of rules with p_retroactive; p_changes as for '
    'changed_rules.';
