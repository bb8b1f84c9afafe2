-- Internal. THE definition of what an activity earns, as the text of a query. Triggers and refresh
-- have it compiled into their source's generated routines, a run over a whole source and verify
-- execute it; so they cannot disagree.
--
-- Two forms, because one plan cannot serve both one line and five million:
--   few rows (p_is_bulk false): p_from yields the activities of given keys; rules by index, the
--   employer by a look-up;
--   a whole source (true): rules resolved once per distinct subject and class, employers once per
--   person, then joined by hash; whoever runs it plans without nested loops, which no estimate of
--   such joins can be trusted with.
-- They share the arithmetic and the conditions; only the way to the rule and to the employer
-- differs.
--
-- Columns of the query: customer_id, source_id, document_id, employer_id, effective_at, expires_at,
-- rule_id, subject_id, subject_class, quantity, amount, points, is_sane. A row that is not sane
-- (NaN, infinity, overflow) has no points and must be recorded, not awarded.
-- Definer: the host's views run as the package's owner.
-- Reads: activity_source.
create or replace function engagement.derivation_sql(
    p_source text, p_from text, p_is_bulk boolean, p_rules text default 'engagement.score_rule'
)
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
declare
    v_source engagement.activity_source;
    v_rule_kind text;
    v_rules text;
    -- Subject and class as one text, of which no two pairs have the same.
    v_subject_key constant text := $sql$
           coalesce(length(%1$s.subject_id) || ':' || %1$s.subject_id, '')
           || coalesce('=' || %1$s.subject_class, '')$sql$;
    v_is_sane constant text := 'abs(r.flat_score) < 1e1000 and abs(r.quantity_score) < 1e1000 '
        'and abs(r.amount_score) < 1e1000';
    v_employer text;
    v_employer_joins text := '';
begin
    select * into strict v_source from engagement.activity_source s where s.source = p_source;

    v_rule_kind := format(
        'r.is_applied and r.engagement_type = %L and r.effective_when %s',
        v_source.engagement_type,
        coalesce('= ' || quote_literal(v_source.effective_when), 'is null'));
    -- The documented multiplier: 0 or less awards nothing.
    if p_source = 'social_score' then
        v_rule_kind := v_rule_kind || ' and (r.rule_code <> ''SOCIAL_SCORE'' or r.amount_score > 0)';
    end if;

    if not p_is_bulk then
        v_rules := format($sql$
    cross join lateral (
        select r.*, %s as is_sane
        from %s r
        where %s
              and r.subject_key = any (array['', '=' || a.subject_id])
              and r.class_key = any (array['', '=' || a.subject_class])
        offset 0
    ) r$sql$, v_is_sane, p_rules, v_rule_kind);
        v_employer := $sql$case
            when engagement.parameter('MULTIPLE_CONCURRENT_EMPLOYERS') = 'Y'
                 and a.employer_id is not null and exists (
                select from engagement_host.employment m
                where m.employee_id = a.customer_id and m.employer_id = a.employer_id
            ) then a.employer_id
            else (
                select m.employer_id
                from engagement_host.employment m
                where m.employee_id = a.customer_id and m.is_primary
                      and (m.begin_on is null or m.begin_on <= a.local_on)
                      and (m.end_on is null or m.end_on >= a.local_on)
                order by m.begin_on desc nulls last, m.employer_id
                limit 1
            ) end$sql$;
    else
        -- Found once per subject and class, and written into the query, where every parallel worker
        -- can read it; by one key, for the planner would think two of them far more selective. A
        -- subject that is new between the two queries has its activities in the queue.
        execute format($sql$
            select format('unnest(%%L::text[], %%L::integer[], %%L::numeric[], %%L::numeric[], '
                          '%%L::numeric[], %%L::integer[], %%L::timestamptz[], '
                          '%%L::timestamptz[], %%L::boolean[])',
                          array_agg(s.subject_key), array_agg(r.rule_id), array_agg(r.flat_score),
                          array_agg(r.quantity_score), array_agg(r.amount_score),
                          array_agg(r.valid_for_weeks), array_agg(r.applies_from),
                          array_agg(r.applies_until), array_agg(%s))
            from (
                select v.subject_id, v.subject_class, %s as subject_key
                from (select distinct v.subject_id, v.subject_class from %s) v
            ) s
            inner join %s r
                on %s
                   and r.subject_key = any (array['', '=' || s.subject_id])
                   and r.class_key = any (array['', '=' || s.subject_class])$sql$,
            v_is_sane, format(v_subject_key, 'v'), p_from, p_rules, v_rule_kind)
        into v_rules;
        v_rules := format($sql$
    inner join %s r (subject_key, rule_id, flat_score, quantity_score, amount_score,
                     valid_for_weeks, applies_from, applies_until, is_sane)
        on r.subject_key = %s$sql$,
            v_rules, format(v_subject_key, 'a'));
        -- One row a person, the job that wins first; most have one. (Window functions, a UNION
        -- or a look-up would keep the whole derivation from running in parallel.)
        v_employer := $sql$case
            when job.employer_ids is null then null
            when cardinality(job.employer_ids) = 1 then case
                when (job.begins_on[1] is null or job.begins_on[1] <= a.local_on)
                     and (job.ends_on[1] is null or job.ends_on[1] >= a.local_on)
                     then job.employer_ids[1] end
            else engagement.employer_on(job.employer_ids, job.begins_on, job.ends_on, a.local_on)
            end$sql$;
        v_employer_joins := $sql$
    left join (
        select m.employee_id,
               array_agg(m.employer_id order by m.begin_on desc nulls last, m.employer_id)
                   as employer_ids,
               array_agg(m.begin_on order by m.begin_on desc nulls last, m.employer_id)
                   as begins_on,
               array_agg(m.end_on order by m.begin_on desc nulls last, m.employer_id) as ends_on
        from engagement_host.employment m
        where m.is_primary
        group by m.employee_id
    ) job
        on job.employee_id = a.customer_id$sql$;
        if engagement.parameter('MULTIPLE_CONCURRENT_EMPLOYERS') = 'Y' then
            v_employer := 'coalesce(pair.employer_id, ' || v_employer || ')';
            v_employer_joins := v_employer_joins || $sql$
    left join (
        select distinct m.employee_id, m.employer_id from engagement_host.employment m
    ) pair
        on pair.employee_id = a.customer_id and pair.employer_id = a.employer_id$sql$;
        end if;
    end if;

    -- Three steps, fenced by offset 0 so that each value is computed once. The bounds keep every
    -- product and sum inside what numeric and timestamptz can hold; NaN is above them all.
    return format($sql$
select d.customer_id, d.source_id, d.document_id, d.employer_id, d.effective_at, d.expires_at,
       d.rule_id, d.subject_id, d.subject_class, d.quantity, d.amount, d.points, d.is_sane
from (
    select c.*,
           case when c.is_sane then engagement.round_half_even(
               c.raw_points, engagement.parameter('SCORE_DECIMALS')::integer) end as points
    from (
        select b.*,
               case when b.is_sane then
                   case when b.flat_score = 0 then 0
                        when b.quantity <> 0 then b.flat_score * sign(b.quantity)
                        when b.amount <> 0 then b.flat_score * sign(b.amount)
                        else b.flat_score end
                   + b.quantity_score * b.quantity + b.amount_score * b.amount
               end as raw_points,
               case when b.is_sane then nullif(
                   least(b.ended_at,
                         (b.effective_at at time zone engagement.parameter('TIME_ZONE')
                          + make_interval(weeks => b.valid_for_weeks))
                         at time zone engagement.parameter('TIME_ZONE')),
                   'infinity')
               end as expires_at
        from (
            select a.customer_id, a.source_id, a.document_id, %s as employer_id,
                   a.occurred_at as effective_at, a.ended_at, a.subject_id, a.subject_class,
                   a.quantity, a.amount, r.rule_id, r.flat_score, r.quantity_score, r.amount_score,
                   r.valid_for_weeks,
                   abs(a.quantity) < 1e1000 and abs(a.amount) < 1e1000 and r.is_sane
                   and a.occurred_at > '4000-01-01 00:00:00+00 BC'
                   and a.occurred_at < '200000-01-01 00:00:00+00' as is_sane
            from (
                select v.customer_id::engagement.host_key as customer_id,
                       v.source_id::engagement.host_key as source_id,
                       v.document_id::engagement.host_key as document_id,
                       v.employer_id::engagement.host_key as employer_id,
                       v.subject_id::text as subject_id, v.subject_class::text as subject_class,
                       coalesce(v.quantity, 0) as quantity, coalesce(v.amount, 0) as amount,
                       v.occurred_at, v.ended_at,
                       case when v.occurred_at > '4000-01-01 00:00:00+00 BC'
                                 and v.occurred_at < '200000-01-01 00:00:00+00'
                            then (v.occurred_at
                                  at time zone engagement.parameter('TIME_ZONE'))::date
                       end as local_on
                from %s
                where v.customer_id is not null and v.source_id is not null
                      and v.occurred_at is not null
            ) a%s%s
            where (r.applies_from is null or a.occurred_at >= r.applies_from)
                  and (r.applies_until is null or a.occurred_at < r.applies_until)
            offset bigint '0'
        ) b
        offset bigint '0'
    ) c
    offset bigint '0'
) d
where not d.is_sane or (d.points <> 0 and (d.expires_at is null or d.expires_at > d.effective_at))
$sql$, v_employer, p_from, v_rules, v_employer_joins);
end
$$;
comment on function engagement.derivation_sql(text, text, boolean, text) is
    'Internal: the query that derives the awards of a source. p_from is a FROM clause that '
    'yields rows v of the source''s view; p_is_bulk chooses the form for a whole source; p_rules '
    'names the rules, to try others.';
