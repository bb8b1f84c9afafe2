-- Internal. Template: compares the activities of some keys with their live awards, and applies the
-- differences. Triggers, refreshes and runs all write awards through this routine.
--
-- PL/pgSQL keeps the plans of static SQL, so no trigger call plans afresh. A plan is made once and
-- serves all later calls. So custom plans, sequential scans (the tables may be empty when the plan
-- is made) and JIT are off. Look-ups are lateral, key by key.
-- With p_limit, which a trigger gives, more activities than so many are left to the next run.
-- Definer, because the host's role has no right here.
-- Reads: the view, employment, award, score_rule.
-- Writes: award, reversal, reversed_activity, scoring_failure.
create or replace function engagement.sync_awards__template(
    p_activity_column text, p_keys text[], p_at timestamptz, p_is_new boolean default false,
    p_limit integer default null
)
returns bigint[]
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
    v_ids engagement.host_key[];
    v_slice engagement.host_key[];
    v_id engagement.host_key;
    v_changes engagement.award[];
    v_counts bigint[] := array[0, 0];
begin
    if p_activity_column = 'customer_id' then
        if p_limit is not null and engagement.activities_of_keys__template(
                                       p_activity_column, p_keys, p_limit) is null then
            return null;
        end if;
        v_ids := array(select distinct k.key::engagement.host_key from unnest(p_keys) k (key));
        if 'TEMPLATE_REVERSES' <> 'N' then
            perform engagement.sync_reversals__template(
                engagement.reversals_of_customers__template(v_ids));
        end if;
        for v_first in 1 .. cardinality(v_ids) by 1000 loop
            v_slice := v_ids[v_first : v_first + 999];
            with activity_in_hand as (
                select v.*
                from unnest(v_slice) k (key)
                cross join lateral (
                    select v.* from engagement.net_activity__template() v
                    where v.customer_id = k.key
                    offset 0
                ) v
            ),
            award_in_hand as (
                select w.* from engagement.awards_of_customers('template', v_slice) w
            )
            select array_agg(row(
                c.customer_id, c.source_id, c.document_id, c.employer_id, c.effective_at,
                c.expires_at, c.recorded_at, null, c.rule_id, 'template', c.subject_id,
                c.subject_class, c.quantity, c.amount, c.points, null, c.reversals
            )::engagement.award)
            into v_changes
            from engagement.compared__template() c
            where c.is_scorable or engagement.reject_activity(
                      'template', c.source_id::text, c.rule_id, p_at);
            v_counts := engagement.apply_awards__template(v_changes, p_at, v_counts);
        end loop;
        return v_counts;
    end if;

    if p_is_new and p_activity_column = 'source_id' then
        v_counts := engagement.award_new__template(p_keys::engagement.host_key[], p_at);
        if v_counts is not null then
            return v_counts;
        end if;
        v_counts := array[0, 0];
    end if;

    if p_is_new and p_activity_column = 'document_id' and cardinality(p_keys) = 1 then
        -- A document's header that was just inserted usually has no lines yet.
        v_id := p_keys[1]::engagement.host_key;
        if not exists (select from engagement.activity__template v where v.document_id = v_id) then
            return v_counts;
        end if;
    end if;
    v_ids := engagement.activities_of_keys__template(p_activity_column, p_keys, p_limit);
    if v_ids is null then
        return null;
    end if;
    if 'TEMPLATE_REVERSES' <> 'N' then
        perform engagement.sync_reversals__template(v_ids);
    end if;
    if cardinality(v_ids) = 1 then
        v_id := v_ids[1];
        with activity_in_hand as (
            select v.* from engagement.net_activity__template() v where v.source_id = v_id
        ),
        award_in_hand as (
            select w.* from engagement.award w
            where w.source_id = v_id and w.source = 'template' and w.voided_at is null
        )
        select array_agg(row(
            c.customer_id, c.source_id, c.document_id, c.employer_id, c.effective_at, c.expires_at,
            c.recorded_at, null, c.rule_id, 'template', c.subject_id, c.subject_class, c.quantity,
            c.amount, c.points, null, c.reversals)::engagement.award)
        into v_changes
        from engagement.compared__template() c
        where c.is_scorable or engagement.reject_activity(
                  'template', c.source_id::text, c.rule_id, p_at);
        return engagement.apply_awards__template(v_changes, p_at, v_counts);
    end if;
    -- Slices keep memory bounded.
    for v_first in 1 .. cardinality(v_ids) by 10000 loop
        v_slice := v_ids[v_first : v_first + 9999];
        with activity_in_hand as (
            select v.*
            from unnest(v_slice) k (key)
            cross join lateral (
                select v.* from engagement.net_activity__template() v
                where v.source_id = k.key
                offset 0
            ) v
        ),
        award_in_hand as (
            select w.* from engagement.awards_of_activities('template', v_slice) w
        )
        select array_agg(row(
            c.customer_id, c.source_id, c.document_id, c.employer_id, c.effective_at, c.expires_at,
            c.recorded_at, null, c.rule_id, 'template', c.subject_id, c.subject_class, c.quantity,
            c.amount, c.points, null, c.reversals)::engagement.award)
        into v_changes
        from engagement.compared__template() c
        where c.is_scorable or engagement.reject_activity(
                  'template', c.source_id::text, c.rule_id, p_at);
        v_counts := engagement.apply_awards__template(v_changes, p_at, v_counts);
    end loop;
    return v_counts;
end
$$;
comment on function engagement.sync_awards__template(
    text, text[], timestamptz, boolean, integer
) is
    'Internal: template: brings the awards of activities into line with the view, recorded at '
    'p_at. The activities are those with these keys (as text) in p_activity_column; NULL: all. '
    'p_is_new: the rows were just inserted. p_limit: nothing is done if there are more activities. '
    'Returns awards made and voided; NULL: nothing was done.';
