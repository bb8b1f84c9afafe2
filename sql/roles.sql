-- Who may do what, where the organisation wants the package's roles (engagement deploy --roles).
-- Each role includes the one before it: readers see three views and call nothing, for tools that
-- show tables; staff read and refresh; operators recalculate, prove, enter scores, take events and
-- export a person; admins decide on rules, parameters, bands and segments, and erase a person. The
-- host's own role is none of them: its triggers need no right here. Roles belong to the whole
-- server; the grants are this database's.
do $$
declare
    v_role text;
begin
    foreach v_role in array array['engagement_reader', 'engagement_staff', 'engagement_operator',
                                  'engagement_admin'] loop
        if not exists (select from pg_catalog.pg_roles r where r.rolname = v_role) then
            begin
                execute format('create role %I nologin', v_role);
            exception when duplicate_object or unique_violation then
                null;  -- a deployment in another database has just made it
            end;
        end if;
    end loop;
end
$$;

-- A statement of its own, which sees what another deployment has just made. A role that made
-- another may be no member of it, and its memberships may be there already.
do $$
begin
    perform from pg_catalog.pg_auth_members limit 1;
    if not pg_catalog.pg_has_role('engagement_staff', 'engagement_reader', 'usage') then
        grant engagement_reader to engagement_staff;
    end if;
    if not pg_catalog.pg_has_role('engagement_operator', 'engagement_staff', 'usage') then
        grant engagement_staff to engagement_operator;
    end if;
    if not pg_catalog.pg_has_role('engagement_admin', 'engagement_operator', 'usage') then
        grant engagement_operator to engagement_admin;
    end if;
end
$$;

-- What an earlier version granted and this one does not.
revoke all on all tables in schema engagement, engagement_host, engagement_meta
from engagement_reader, engagement_staff, engagement_operator, engagement_admin;
revoke all on all routines in schema engagement
from engagement_reader, engagement_staff, engagement_operator, engagement_admin;

grant usage on schema engagement to engagement_reader;
grant select on engagement.published_score, engagement.published_category_score,
engagement.published_award to engagement_reader;

-- Of engagement_meta, which files of the package are applied: status and check read it.
grant usage on schema engagement, engagement_host, engagement_meta to engagement_staff;
grant select on all tables in schema engagement to engagement_staff;
grant select on all tables in schema engagement_host to engagement_staff;
grant select on all tables in schema engagement_meta to engagement_staff;
grant execute on routine
    -- guard
    engagement.host_customers,
    -- setup
    engagement.get_parameter,
    engagement.export_rules,
    engagement.overlapping_rules,
    -- sources
    engagement.host_problems,
    -- run
    engagement.refresh_customer,
    -- customer
    engagement.score_at,
    engagement.score_card,
    engagement.explain_score,
    engagement.explain_change,
    engagement.explain_changes,
    engagement.trend,
    engagement.forecast,
    engagement.current_employers,
    engagement.participation,
    -- everybody
    engagement.at_risk,
    engagement.segment,
    engagement.points_by,
    engagement.category_history,
    engagement.score_distribution,
    engagement.company_people,
    -- backtest
    engagement.backtest,
    engagement.outcome_problems
to engagement_staff;
-- What these call as their caller, and what views call.
grant execute on routine
    -- guard
    engagement.check_attached,
    engagement.check_customer,
    engagement.customer_key,
    engagement.try_key,
    engagement.check_instant,
    engagement.check_category,
    engagement.is_instant,
    engagement.counts_at,
    engagement.start_of_day,
    engagement.foreign_code,
    engagement.is_by_hand,
    -- award
    engagement.round_half_even,
    engagement.points_in_words,
    engagement.reversals_in_words,
    engagement.awards_of_customers,
    -- setup
    engagement.parameter,
    -- capture
    engagement.present_attachments,
    -- score
    engagement.period_bounds,
    engagement.leaves_overview_at,
    engagement.all_scores,
    engagement.awards_of_employers,
    engagement.current_jobs,
    engagement.next_job_changes,
    engagement.sum_points__all,
    engagement.sum_points__some,
    engagement.scored_at,
    engagement.capping_or_fading_rules,
    engagement.inactivity_categories,
    engagement.counted_awards,
    engagement.own_points_at,
    engagement.employee_points_at,
    engagement.counted_part,
    engagement.bounds_of_total,
    engagement.bounded_total,
    engagement.has_limits,
    engagement.live_awards,
    engagement.faded_points,
    engagement.fade,
    engagement.whole_weeks,
    engagement.next_fade_at,
    engagement.keep,
    engagement.kept_percent,
    engagement.last_active_at,
    engagement.next_step_at,
    -- rank
    engagement.band_scale,
    engagement.band_of,
    engagement.band_rank,
    engagement.percentile_of,
    engagement.ranking,
    engagement.total_scores_at,
    -- customer
    engagement.company_card,
    engagement.counted_at,
    engagement.explain_limits,
    engagement.recent_raise,
    engagement.recent_from,
    engagement.first_runs,
    engagement.subject_name,
    -- everybody
    engagement.segment_view,
    engagement.score_movement,
    engagement.chosen_category,
    engagement.standing,
    -- cluster
    engagement.is_distributed,
    engagement.stored_scores,
    engagement.stored_parts
to engagement_staff;

grant execute on routine
    -- rank
    engagement.take_events,
    engagement.hold_events,
    engagement.acknowledge_events,
    -- merge
    engagement.merge_customer,
    engagement.unmerge_customer,
    -- run
    engagement.recalculate,
    engagement.roll_up_employers,
    engagement.catch_up,
    -- input
    engagement.adjust,
    engagement.set_social_score,
    engagement.remove_social_score,
    -- verify
    engagement.verify,
    -- person
    engagement.export_customer
to engagement_operator;
-- What these call as their caller.
grant execute on routine
    -- guard
    engagement.is_switched_off,
    engagement.check_mode,
    engagement.check_person_known,
    engagement.check_commits,
    engagement.commit_refusal,
    engagement.is_in_part,
    -- score
    engagement.score_history,
    -- merge
    engagement.merged_group,
    -- run
    engagement.refresh,
    engagement.begin_run,
    engagement.run_step,
    engagement.drive_run,
    engagement.catch_up_step,
    engagement.queued_activities,
    engagement.queued_customers,
    -- verify
    engagement.verify_source,
    engagement.verify_scores,
    engagement.verify_totals,
    engagement.verify_ranks,
    engagement.unread_source,
    engagement.unread_activities
to engagement_operator;
-- Who uploaded, and when, is not for the uploader to say.
grant insert (
    line_number, customer_id, social_type, social_subtype, score, description, comments,
    source_system, scored_at, ends_at, rejected_reason
) on engagement.social_upload to engagement_operator;
grant delete on engagement.social_upload to engagement_operator;

grant execute on routine
    -- setup
    engagement.add_rule,
    engagement.revise_rule,
    engagement.retire_rule,
    engagement.apply_rules,
    engagement.set_parameter,
    engagement.set_category,
    engagement.apply_bands,
    -- preview
    engagement.preview_rules,
    engagement.preview_summary,
    -- person
    engagement.erase_customer
to engagement_admin;
-- What of a category counts in the total is set by set_category. One that is taken away would count
-- again.
revoke insert, update, delete on engagement.category from engagement_admin;
grant insert (category_code, category_name, sort_order), update (category_name, sort_order)
on engagement.category to engagement_admin;
grant insert, update, delete on
    engagement.engagement_type,
    engagement.score_band,
    engagement.segment_definition
to engagement_admin;
