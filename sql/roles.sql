-- Who may do what, where the organisation wants the package's roles (engagement deploy --roles).
-- Each role includes the one before it: staff read and refresh; operators recalculate, prove, enter
-- scores, take events and export a person; admins decide on rules, parameters, bands and segments,
-- and erase a person. The host's own role is none of them: its triggers need no right here. Roles
-- belong to the whole server; the grants are this database's.
do $$
declare
    v_role text;
begin
    foreach v_role in array array['engagement_staff', 'engagement_operator', 'engagement_admin'] loop
        if not exists (select from pg_catalog.pg_roles r where r.rolname = v_role) then
            execute format('create role %I nologin', v_role);
        end if;
    end loop;
    -- A role that made another may be no member of it, and its memberships may be there already.
    if not pg_catalog.pg_has_role('engagement_operator', 'engagement_staff', 'usage') then
        grant engagement_staff to engagement_operator;
    end if;
    if not pg_catalog.pg_has_role('engagement_admin', 'engagement_operator', 'usage') then
        grant engagement_operator to engagement_admin;
    end if;
end
$$;

grant usage on schema engagement, engagement_host to engagement_staff;
grant select on all tables in schema engagement to engagement_staff;
grant select on all tables in schema engagement_host to engagement_staff;
grant execute on routine
    engagement.refresh_customer,
    engagement.score_at,
    engagement.score_card,
    engagement.explain_score,
    engagement.explain_change,
    engagement.explain_changes,
    engagement.forecast,
    engagement.at_risk,
    engagement.trend,
    engagement.current_employers,
    engagement.segment,
    engagement.points_by,
    engagement.get_parameter,
    engagement.export_rules,
    -- what these call as their caller, and what views call
    engagement.refresh,
    engagement.is_switched_off,
    engagement.check_attached,
    engagement.check_customer,
    engagement.check_instant,
    engagement.parameter,
    engagement.calendar,
    engagement.leaves_overview_at,
    engagement.company_card,
    engagement.recent_raise,
    engagement.sum_points,
    engagement.score_movement,
    engagement.scored_at,
    engagement.round_half_even,
    engagement.band_scale,
    engagement.band_of,
    engagement.band_rank,
    engagement.percentile_of,
    engagement.special_rules,
    engagement.counted_awards,
    engagement.capped_sql,
    engagement.live_awards,
    engagement.faded_points,
    engagement.fade,
    engagement.whole_weeks,
    engagement.next_fade_at,
    engagement.arithmetic,
    engagement.subject_name,
    engagement.recent_from,
    engagement.scores_at,
    engagement.ranking
to engagement_staff;

grant execute on routine
    engagement.recalculate,
    engagement.roll_up_employers,
    engagement.verify,
    engagement.adjust,
    engagement.set_social_score,
    engagement.remove_social_score,
    engagement.take_events,
    engagement.export_customer,
    -- what these call as their caller
    engagement.begin_run,
    engagement.run_step,
    engagement.queued_ids,
    engagement.queued_customers,
    engagement.verify_source,
    engagement.verify_scores,
    engagement.verify_totals,
    engagement.is_in_part,
    engagement.check_held,
    engagement.as_key
to engagement_operator;
grant insert, delete on engagement.social_upload to engagement_operator;

grant execute on routine
    engagement.add_rule,
    engagement.revise_rule,
    engagement.retire_rule,
    engagement.apply_rules,
    engagement.preview_rules,
    engagement.preview_summary,
    engagement.erase_customer,
    engagement.set_parameter
to engagement_admin;
grant insert, update, delete on
    engagement.category,
    engagement.engagement_type,
    engagement.score_band,
    engagement.segment_definition
to engagement_admin;
