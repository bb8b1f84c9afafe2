-- THE definition of what an activity earns, as the text of a query. Triggers and refresh have it
-- compiled into their source's generated routines, a run over a whole source and verify execute it;
-- so they cannot disagree.
--
-- Two forms, because one plan cannot serve both one line and five million:
--   few rows (p_is_bulk false): p_from yields the activities of given keys; rules by index, the
--   employer by a look-up;
--   a whole source (true): rules resolved once per distinct subject and class, employers once per
--   job, then joined by hash; whoever runs it plans without nested loops, which no estimate of such
--   joins can be trusted with.
-- They share the arithmetic and the conditions; only the way to the rule and to the employer
-- differs.
--
-- Columns of the query: customer_id, source_id, document_id, employer_id, effective_at, expires_at,
-- rule_id, subject_id, subject_class, quantity, amount, points, is_sane. A row that is not sane
-- (NaN, infinity, overflow) has no points and must be recorded, not awarded.
-- Reads: activity_source.
create or replace function engagement.derivation_sql(
    p_source text, p_from text, p_is_bulk boolean, p_rules text default 'engagement.score_rule'
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_source engagement.activity_source;
    v_rule_kind text;
    v_rules text;
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
        select r.*
        from %s r
        where %s
              and r.subject_key = any (array['', '=' || a.subject_id])
              and r.class_key = any (array['', '=' || a.subject_class])
        offset 0
    ) r$sql$, p_rules, v_rule_kind);
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
        -- can read it. A subject that is new between the two queries has its activities in the
        -- queue.
        execute format($sql$
            select format('unnest(%%L::text[], %%L::text[], %%L::integer[])',
                          array_agg(coalesce('=' || s.subject_id, '')),
                          array_agg(coalesce('=' || s.subject_class, '')), array_agg(r.rule_id))
            from (select distinct v.subject_id, v.subject_class from %s) s
            inner join %s r
                on %s
                   and r.subject_key = any (array['', '=' || s.subject_id])
                   and r.class_key = any (array['', '=' || s.subject_class])$sql$,
            p_from, p_rules, v_rule_kind)
        into v_rules;
        v_rules := format($sql$
    inner join %s f (subject_key, class_key, rule_id)
        on f.subject_key = coalesce('=' || a.subject_id, '')
           and f.class_key = coalesce('=' || a.subject_class, '')
    inner join %s r on r.rule_id = f.rule_id$sql$,
            v_rules, p_rules);
        -- Each person's primary jobs as stretches that do not overlap.
        v_employer := 'job.employer_id';
        v_employer_joins := $sql$
    left join (
        select w.employee_id, w.from_on, w.employer_id,
               lead(w.from_on) over (partition by w.employee_id order by w.from_on) as before_on
        from (
            select distinct on (b.employee_id, b.from_on) b.employee_id, b.from_on, m.employer_id
            from (
                select p.employee_id, coalesce(p.begin_on, '-infinity') as from_on
                from engagement_host.employment p where p.is_primary
                union
                select p.employee_id, p.end_on + 1
                from engagement_host.employment p
                where p.is_primary and p.end_on < '5874897-12-31'
            ) b
            left join engagement_host.employment m
                on m.employee_id = b.employee_id and m.is_primary
                   and (m.begin_on is null or m.begin_on <= b.from_on)
                   and (m.end_on is null or m.end_on >= b.from_on)
            order by b.employee_id, b.from_on, m.begin_on desc nulls last, m.employer_id
        ) w
    ) job
        on job.employee_id = a.customer_id and job.from_on <= a.local_on
           and (job.before_on is null or job.before_on > a.local_on)$sql$;
        if engagement.parameter('MULTIPLE_CONCURRENT_EMPLOYERS') = 'Y' then
            v_employer := 'coalesce(pair.employer_id, job.employer_id)';
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
                   a.quantity > -1e1000 and a.quantity < 1e1000
                   and a.amount > -1e1000 and a.amount < 1e1000
                   and abs(r.flat_score) < 1e1000 and abs(r.quantity_score) < 1e1000
                   and abs(r.amount_score) < 1e1000
                   and a.occurred_at > '4000-01-01 BC' and a.occurred_at < '200000-01-01' as is_sane
            from (
                select v.customer_id::engagement.host_key as customer_id,
                       v.source_id::engagement.host_key as source_id,
                       v.document_id::engagement.host_key as document_id,
                       v.employer_id::engagement.host_key as employer_id,
                       v.subject_id::text as subject_id, v.subject_class::text as subject_class,
                       coalesce(v.quantity, 0) as quantity, coalesce(v.amount, 0) as amount,
                       v.occurred_at, v.ended_at,
                       case when v.occurred_at > '4000-01-01 BC' and v.occurred_at < '200000-01-01'
                            then (v.occurred_at
                                  at time zone engagement.parameter('TIME_ZONE'))::date
                       end as local_on
                from %s
                where v.customer_id is not null and v.source_id is not null
                      and v.occurred_at is not null
            ) a%s%s
            where (r.applies_from is null or a.occurred_at >= r.applies_from)
                  and (r.applies_until is null or a.occurred_at < r.applies_until)
            offset 0
        ) b
        offset 0
    ) c
    offset 0
) d
where not d.is_sane or (d.points <> 0 and (d.expires_at is null or d.expires_at > d.effective_at))
$sql$, v_employer, p_from, v_rules, v_employer_joins);
end
$$;
comment on function engagement.derivation_sql(text, text, boolean, text) is
    'Internal: the query that derives the awards of a source. p_from is a FROM clause that '
    'yields rows v of the source''s view; p_is_bulk chooses the form for a whole source; p_rules '
    'names the rules, to try others.';
