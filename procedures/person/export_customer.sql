-- API. Everything that the package holds about a person, for a request of theirs to see it.
-- Reads: every table with rows of the customer. Raises: EG001, EG006.
create or replace function engagement.export_customer(p_customer_id engagement.host_key)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_score jsonb;
    v_category_scores jsonb;
    v_awards jsonb;
begin
    perform engagement.check_person_known(p_customer_id);
    select to_jsonb(s) into v_score
    from engagement.customer_score s
    where s.customer_id = p_customer_id;
    select jsonb_agg(to_jsonb(c) order by c.category_code) into v_category_scores
    from engagement.category_score c
    where c.customer_id = p_customer_id;
    select jsonb_agg(
        to_jsonb(w) || jsonb_build_object('rule_code', r.rule_code, 'description', r.description)
        order by w.recorded_at, w.source, w.source_id, w.rule_id)
    into v_awards
    from engagement.award w
    left join engagement.score_rule r on r.rule_id = w.rule_id
    where w.customer_id = p_customer_id;
    return jsonb_build_object(
        'customer_id', p_customer_id,
        'customer', (select to_jsonb(c)
                     from engagement.host_customers(array[p_customer_id]::engagement.host_key[]) c
                     limit 1),
        'score', v_score,
        'category_scores', coalesce(v_category_scores, '[]'),
        'awards', coalesce(v_awards, '[]'),
        'social_scores', (
            select coalesce(jsonb_agg(to_jsonb(s) order by s.source_system, s.social_type,
                                      s.social_subtype), '[]')
            from engagement.social_score s where s.customer_id = p_customer_id),
        'social_uploads', (
            select coalesce(jsonb_agg(to_jsonb(u) order by u.uploaded_at, u.line_number), '[]')
            from engagement.social_upload u
            where engagement.try_key(btrim(u.customer_id)) = p_customer_id),
        'adjustments', (
            select coalesce(jsonb_agg(to_jsonb(a) order by a.adjusted_at), '[]')
            from engagement.score_adjustment a where a.customer_id = p_customer_id),
        'reversals', (
            select coalesce(jsonb_agg(to_jsonb(r) order by r.source, r.source_id, r.reverses_id),
                            '[]')
            from engagement.reversal r where r.customer_id = p_customer_id),
        'merges', (
            select coalesce(jsonb_agg(to_jsonb(m) order by m.merged_at, m.from_id), '[]')
            from engagement.customer_merge m where p_customer_id in (m.from_id, m.into_id)),
        -- What was entered for the customer, or for others who are the customer, and is held by
        -- another now or set aside.
        'merged_inputs', (
            select coalesce(jsonb_agg(
                to_jsonb(m) - 'set_aside' || jsonb_build_object(
                    'is_set_aside', m.set_aside is not null,
                    'adjustment', (
                        select to_jsonb(a) from engagement.score_adjustment a
                        where m.source = 'adjustment' and a.source_id = m.source_id),
                    'social_score', coalesce(m.set_aside, (
                        select to_jsonb(s) from engagement.social_score s
                        where m.source = 'social_score' and s.source_id = m.source_id)))
                order by m.moved_at, m.source_id), '[]')
            from engagement.merged_input m
            where m.customer_id = any (engagement.merged_group(p_customer_id))),
        'events', (
            select coalesce(jsonb_agg(to_jsonb(e) order by e.created_at), '[]')
            from engagement.score_event e where e.customer_id = p_customer_id),
        -- Keys are left out, because other people's keys may be in the same array.
        'failures', (
            select coalesce(jsonb_agg(to_jsonb(f) - 'keys' order by f.failed_at, f.source), '[]')
            from engagement.scoring_failure f
            where f.activity_column = 'customer_id' and p_customer_id::text = any (f.keys)
                  or exists (select from jsonb_array_elements(v_awards) w (value)
                             where w.value ->> 'source_id' = f.source_id
                                   and w.value ->> 'source' = f.source)),
        'queued', (
            select coalesce(jsonb_agg(to_jsonb(p) - 'keys' order by p.queued_at, p.source), '[]')
            from engagement.pending_activity p
            where p.activity_column = 'customer_id' and p_customer_id::text = any (p.keys)));
end
$$;
comment on function engagement.export_customer(engagement.host_key) is
    'All rows of a person as one JSON object: customer, score, category_scores, awards (voided '
    'ones too), social_scores, social_uploads, adjustments, reversals, merges, merged_inputs '
    '(moved or set aside by a merge), events, failures, queued. Raises EG001 for an unknown '
    'customer.';
