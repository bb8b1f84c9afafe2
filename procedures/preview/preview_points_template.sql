-- Internal. Computes what the awards of a preview count for at an instant, and adds it to the
-- temporary table of the preview's points. generate_totals makes the routine preview_points from
-- this template.
-- Reads: temporary tables engagement_preview_award, engagement_preview_rule.
-- Writes: temporary table engagement_preview_point.
create or replace function engagement.preview_points_template(p_as_of timestamptz)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
    with capping_in_hand as (
        select w.*, r.category_code, r.rule_code, r.cap_points, r.cap_period, r.half_life_weeks
        from pg_temp.engagement_preview_award w
        inner join pg_temp.engagement_preview_rule r on r.rule_id = w.rule_id
    )
    insert into pg_temp.engagement_preview_point (customer_id, employer_id, points)
    select c.customer_id, c.employer_id,
           engagement.faded_points(c.capped_points, c.effective_at, c.half_life_weeks, p_as_of)
    from engagement.capped__template() c
    where c.effective_at <= p_as_of and (c.expires_at is null or c.expires_at > p_as_of);
end
$$;
comment on function engagement.preview_points_template(timestamptz) is
    'Internal: template: adds what the awards of a preview count for at p_as_of to the temporary '
    'table engagement_preview_point.';
