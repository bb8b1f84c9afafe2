-- Internal. Records a change of a rule in the audit, and queues every source whose activities the
-- rule may score before or after the change.
-- Reads: activity_source. Writes: setup_change, pending_activity.
create or replace function engagement.note_rule_change(p_old engagement.score_rule,
                                                       p_new engagement.score_rule)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into engagement.setup_change (
        changed_at, changed_by, object_type, object_name, old_value, new_value
    )
    values (
        clock_timestamp(), session_user, 'RULE', p_new.rule_code,
        case when p_old.rule_id is not null
             then to_jsonb(p_old) - array['subject_key', 'class_key', 'is_applied'] end,
        to_jsonb(p_new) - array['subject_key', 'class_key', 'is_applied']
    );
    insert into engagement.pending_activity (source)
    select s.source
    from engagement.activity_source s
    where s.detached_at is null
          and ((s.engagement_type = p_new.engagement_type
                and s.effective_when is not distinct from p_new.effective_when)
               or (s.engagement_type = p_old.engagement_type
                   and s.effective_when is not distinct from p_old.effective_when));
end
$$;
comment on function engagement.note_rule_change(engagement.score_rule, engagement.score_rule) is
    'Internal: writes the audit row and the queue rows for a changed rule; p_old is NULL for a new '
    'rule.';
