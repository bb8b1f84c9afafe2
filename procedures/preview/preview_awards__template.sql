-- Internal. Template: what other rules would award for the source, derived as a run over a whole
-- source does.
-- Definer: the host's views run as the package's owner.
-- Reads: the view, employment. Writes: temporary table engagement_preview_award.
create or replace function engagement.preview_awards__template(p_rules engagement.score_rule[])
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set plan_cache_mode = force_custom_plan
set enable_nestloop = off
set jit = off
as $$
declare
    v_rules engagement.matched_rule[] := engagement.matched_rules__template(p_rules);
begin
    with rule_in_hand as (
        select r.* from unnest(v_rules) r
    ),
    activity_in_hand as (
        select v.* from engagement.net_activity__template() v
        offset bigint '0'
    )
    insert into pg_temp.engagement_preview_award (
        customer_id, source, source_id, rule_id, employer_id, points, effective_at, expires_at
    )
    select d.customer_id, 'template', d.source_id, d.rule_id, d.employer_id, d.points,
           d.effective_at, d.expires_at
    from engagement.derived_in_bulk__template() d
    where d.is_scorable;
end
$$;
comment on function engagement.preview_awards__template(engagement.score_rule[]) is
    'Internal: template: adds what these rules would award for the source to the temporary table '
    'engagement_preview_award.';
