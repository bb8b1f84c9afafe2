-- Internal. What a change of rules would add to points and take from them. What counts at p_as_of
-- of the present awards of these versions goes; what counts of the awards in
-- engagement_preview_award comes.
-- Reads: award, counted_awards, previewed_awards.
-- Writes: temporary table engagement_preview_point.
create or replace function engagement.preview_points(
    p_rule_ids integer[], p_as_of timestamptz
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_ids engagement.host_key[];
begin
    select array_agg(distinct a.customer_id) into v_ids
    from engagement.award a
    where a.voided_at is null and a.rule_id = any (p_rule_ids);
    create temporary table engagement_preview_point on commit drop as
    select w.customer_id, w.employer_id, w.category_code,
           -engagement.faded_points(w.capped_points, w.effective_at, w.half_life_weeks,
                                    w.inactivity_steps, w.active_in, p_as_of) as points
    from engagement.counted_awards(p_customer_ids => v_ids, p_rule_ids => p_rule_ids) w
    where engagement.counts_at(w.effective_at, w.expires_at, p_as_of);
    insert into pg_temp.engagement_preview_point (
        customer_id, employer_id, category_code, points
    )
    select c.customer_id, c.employer_id, r.category_code,
           engagement.faded_points(c.capped_points, c.effective_at, c.half_life_weeks,
                                   c.inactivity_steps, c.active_in, p_as_of)
    from engagement.previewed_awards() c
    inner join pg_temp.engagement_preview_rule r on r.rule_id = c.rule_id
    where engagement.counts_at(c.effective_at, c.expires_at, p_as_of);
end
$$;
comment on function engagement.preview_points(integer[], timestamptz) is
    'Internal: fills the temporary table engagement_preview_point with points by '
    'customer, employer and category: those of the present awards of p_rule_ids, below zero, and '
    'those of the awards in engagement_preview_award.';
