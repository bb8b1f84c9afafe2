-- Internal. The awards of a preview, with the points that the caps of their rules leave.
-- generate_totals makes the routine previewed_awards from this template.
-- Reads: the temporary tables engagement_preview_award and engagement_preview_rule.
create or replace function engagement.previewed_awards_template()
returns table (
    customer_id engagement.host_key,
    employer_id engagement.host_key,
    rule_id integer,
    capped_points numeric,
    effective_at timestamptz,
    expires_at timestamptz,
    half_life_weeks integer,
    inactivity_steps integer[],
    active_in tstzmultirange
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_column
begin
    return query
    with capping_in_hand as (
        select w.*, r.category_code, r.engagement_type, r.rule_code, r.cap_points, r.cap_period,
               r.half_life_weeks, r.inactivity_steps
        from pg_temp.engagement_preview_award w
        inner join pg_temp.engagement_preview_rule r on r.rule_id = w.rule_id
    )
    select c.customer_id, c.employer_id, c.rule_id, c.capped_points, c.effective_at, c.expires_at,
           c.half_life_weeks, c.inactivity_steps, c.active_in
    from engagement.kept__template() c;
end
$$;
comment on function engagement.previewed_awards_template() is
    'Internal: template: the awards that try_rules has derived, with capped_points, the points '
    'that the caps of their rules leave.';
