-- Internal. Overlay: a routine variable in a condition on one activity is refused by Citus, so
-- there is one form for all numbers of activities.
-- Definer, because the host's role has no right here.
-- Reads: the view, employment, award, score_rule. Writes: award, scoring_failure.
create or replace function engagement.award_new__template(
    p_ids engagement.host_key[], p_at timestamptz
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
set enable_seqscan = off
set jit = off
as $$
declare
    v_count bigint;
begin
    if 'TEMPLATE_REVERSES' <> 'N' then
        if exists (
            select from unnest(p_ids) k (key)
            cross join lateral (
                select v.source_id from engagement.activity__template v
                where v.source_id = k.key and v.reverses_id is not null
                offset 0
            ) v
        ) then
            return null;
        end if;
    end if;
    if not exists (select 1 from engagement.awards_of_activities('template', p_ids)) then
        with activity_in_hand as (
            select v.*
            from unnest(p_ids) k (key)
            cross join lateral (
                select v.* from engagement.net_activity__template() v
                where v.source_id = k.key
                offset 0
            ) v
        )
        insert into engagement.award (
            customer_id, source_id, document_id, employer_id, effective_at, expires_at,
            recorded_at, rule_id, source, subject_id, subject_class, quantity, amount, points,
            reversals
        )
        select d.customer_id, d.source_id, d.document_id, d.employer_id, d.effective_at,
               d.expires_at, p_at, d.rule_id, 'template', d.subject_id, d.subject_class,
               d.quantity, d.amount, d.points, d.reversals
        from engagement.derived__template() d
        where d.is_scorable or engagement.reject_activity(
                  'template', d.source_id::text, d.rule_id, p_at)
        on conflict (source_id, source, rule_id, customer_id) where voided_at is null
        do nothing;
        get diagnostics v_count = row_count;
        return array[v_count, 0];
    end if;
    return null;
end
$$;
comment on function engagement.award_new__template(engagement.host_key[], timestamptz) is
    'Internal: template: awards activities that were just inserted. Returns awards made and '
    'voided; NULL: they have to be compared.';
