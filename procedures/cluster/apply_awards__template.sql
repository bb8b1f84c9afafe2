-- Internal. Overlay. Template: writes what a comparison found. An award is never changed: it is
-- voided, and a new one is made. A change without recorded_at is an award to make; a change with
-- recorded_at is an award to void. Each statement is a round trip to the nodes, so one statement
-- voids all awards and one makes all. Both go only to the shards of the customers concerned.
-- Definer, because the host's role has no right here.
-- Reads: the view, reversed_activity. Writes: award.
create or replace function engagement.apply_awards__template(
    p_changes engagement.award[], p_at timestamptz, p_counts bigint[] default '{0,0}'
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
    v_voids engagement.award[];
    v_customer_ids engagement.host_key[] := array(
        select distinct c.customer_id from unnest(p_changes) c);
    v_award_count bigint;
    v_void_count bigint := 0;
begin
    if p_changes is null then
        return p_counts;
    end if;
    if exists (select from unnest(p_changes) c where c.recorded_at is not null) then
        -- "was" is live, and the view has no equal of it. "becomes" takes its place; NULL: nothing
        -- does.
        select array_agg(row(
            (x.was).customer_id, (x.was).source_id, (x.was).document_id, (x.was).employer_id,
            (x.was).effective_at, (x.was).expires_at, (x.was).recorded_at,
            greatest(p_at, (x.was).recorded_at + interval '1 microsecond'), (x.was).rule_id,
            (x.was).source, (x.was).subject_id, (x.was).subject_class, (x.was).quantity,
            (x.was).amount, (x.was).points,
            case
                when (x.becomes).source_id is not null then case
                    when (x.was).reversals is distinct from (x.becomes).reversals then 'REVERSED'
                    when ((x.was).document_id, (x.was).subject_id, (x.was).subject_class,
                          (x.was).quantity, (x.was).amount)
                         is distinct from
                         ((x.becomes).document_id, (x.becomes).subject_id,
                          (x.becomes).subject_class, (x.becomes).quantity, (x.becomes).amount)
                         then 'SOURCE_CHANGED'
                    -- The award begins or ends at another time: because the host changed it, or
                    -- because TIME_ZONE was changed.
                    when ((x.was).effective_at, (x.was).expires_at)
                         is distinct from ((x.becomes).effective_at, (x.becomes).expires_at)
                         then case when engagement.is_moved_by_zone(
                             p_source => 'template', p_recorded_at => (x.was).recorded_at,
                             p_effective_at => (x.was).effective_at,
                             p_occurred_at => (x.becomes).effective_at
                         ) then 'RULE_CHANGED' else 'SOURCE_CHANGED' end
                    when (x.was).points <> (x.becomes).points then 'RULE_CHANGED'
                    else 'EMPLOYER_CHANGED' end
                when v.source_id is null then 'SOURCE_REMOVED'
                when (x.was).reversals is distinct from v.reversals then 'REVERSED'
                when ((x.was).document_id, (x.was).subject_id, (x.was).subject_class,
                      (x.was).quantity, (x.was).amount)
                     is distinct from
                     (v.document_id, v.subject_id::text, v.subject_class::text,
                      coalesce(v.quantity, 0), coalesce(v.amount, 0))
                     or v.reverses_id is not null
                     or v.ended_at <= v.occurred_at then 'SOURCE_CHANGED'
                when (x.was).effective_at is distinct from v.occurred_at
                     and not engagement.is_moved_by_zone(
                         p_source => 'template', p_recorded_at => (x.was).recorded_at,
                         p_effective_at => (x.was).effective_at, p_occurred_at => v.occurred_at)
                     then 'SOURCE_CHANGED'
                else 'RULE_CHANGED'
            end, (x.was).reversals)::engagement.award)
        into v_voids
        from (
            select c as was,
                   lead(c) over (partition by c.source_id, c.rule_id, c.customer_id
                                 order by c.recorded_at nulls last) as becomes
            from unnest(p_changes) c
        ) x
        left join lateral (
            select v.source_id, v.document_id, v.customer_id, v.subject_id, v.subject_class,
                   v.occurred_at, v.ended_at, v.reverses_id,
                   case when 'TEMPLATE_REVERSES' = 'N' or n.source_id is null then v.quantity
                        else engagement.net(v.quantity, n.quantity) end as quantity,
                   case when 'TEMPLATE_REVERSES' = 'N' or n.source_id is null then v.amount
                        else engagement.net(v.amount, n.amount) end as amount,
                   case when 'TEMPLATE_REVERSES' <> 'N' then n.reversals end as reversals
            from engagement.activity__template v
            left join engagement.reversed_activity n
                on n.source = 'template' and n.source_id = v.source_id
            where v.source_id = (x.was).source_id
            offset 0
        ) v on v.customer_id = (x.was).customer_id
        where (x.was).recorded_at is not null;

        update engagement.award w
        set voided_at = v.voided_at, void_reason = v.void_reason
        from (select v.* from unnest(v_voids) v) v
        where w.customer_id = v.customer_id and w.source_id = v.source_id
              and w.source = 'template' and w.rule_id = v.rule_id
              and w.recorded_at = v.recorded_at and w.voided_at is null
              and w.customer_id = any (v_customer_ids);
        get diagnostics v_void_count = row_count;
    end if;

    -- An award is on record from p_at on, but never before an earlier award of the same activity
    -- and rule was voided.
    insert into engagement.award (
        customer_id, source_id, document_id, employer_id, effective_at, expires_at, recorded_at,
        rule_id, source, subject_id, subject_class, quantity, amount, points, reversals
    )
    select c.customer_id, c.source_id, c.document_id, c.employer_id, c.effective_at, c.expires_at,
           greatest(p_at, l.voided_at), c.rule_id, 'template', c.subject_id, c.subject_class,
           c.quantity, c.amount, c.points, c.reversals
    from unnest(p_changes) c
    left join (
        select w.customer_id, w.source_id, w.rule_id, max(w.voided_at) as voided_at
        from engagement.award w
        where w.customer_id = any (v_customer_ids) and w.source = 'template'
              and w.source_id = any (array(select n.source_id from unnest(p_changes) n))
              and w.voided_at is not null
        group by w.customer_id, w.source_id, w.rule_id
    ) l on l.customer_id = c.customer_id and l.source_id = c.source_id and l.rule_id = c.rule_id
    where c.recorded_at is null
    on conflict (source_id, source, rule_id, customer_id) where voided_at is null do nothing;
    get diagnostics v_award_count = row_count;
    return array[p_counts[1] + v_award_count, p_counts[2] + v_void_count];
end
$$;
comment on function engagement.apply_awards__template(
    engagement.award[], timestamptz, bigint[]
) is
    'Internal: template: voids and inserts what a comparison found (NULL: nothing), recorded at '
    'p_at. Returns awards made and voided, added to p_counts.';
