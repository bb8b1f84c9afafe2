-- Internal. Template: what the activities of a whole source earn: derived__template for millions of
-- rows. matched_rules has found the rules once for each pair of subject and class. Employers are
-- found once for each person. Both are joined by hash. A caller that reads a whole source switches
-- nested loops off, because no row estimate of these joins can be trusted.
-- Reads: what stands in the places of the views.
create or replace function engagement.derived_in_bulk__template()
returns table (
    customer_id engagement.host_key,
    source_id engagement.host_key,
    document_id engagement.host_key,
    employer_id engagement.host_key,
    effective_at timestamptz,
    expires_at timestamptz,
    rule_id integer,
    subject_id text,
    subject_class text,
    quantity numeric,
    amount numeric,
    points numeric,
    reversals jsonb,
    is_scorable boolean
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
with matched_in_hand as (
    select
        a.customer_id,
        a.source_id,
        a.document_id,
        case
            when a.employer_id = any(job.known_employer_ids) then a.employer_id
            when job.employer_ids is null then null
            when cardinality(job.employer_ids) = 1
                then case
                    when
                        (job.begins_on[1] is null or job.begins_on[1] <= a.local_on)
                        and (job.ends_on[1] is null or job.ends_on[1] >= a.local_on)
                        then job.employer_ids[1]
                end
            else engagement.employer_on(
                job.employer_ids, job.begins_on, job.ends_on, a.local_on
            )
        end::engagement.host_key as employer_id,
        a.occurred_at as effective_at,
        a.ended_at,
        a.subject_id,
        a.subject_class,
        a.quantity,
        a.amount,
        a.reversals,
        r.rule_id,
        r.flat_score,
        r.quantity_score,
        r.amount_score,
        r.valid_for_weeks,
        r.is_scorable
        and engagement.is_scorable(a.quantity, a.amount, 0)
        and engagement.is_instant(a.occurred_at) as is_scorable
    from (
        select
            v.customer_id::engagement.host_key as customer_id,
            v.source_id::engagement.host_key as source_id,
            v.document_id::engagement.host_key as document_id,
            v.employer_id::engagement.host_key as employer_id,
            v.subject_id::text as subject_id,
            v.subject_class::text as subject_class,
            coalesce(v.quantity, 0) as quantity,
            coalesce(v.amount, 0) as amount,
            v.reversals,
            v.occurred_at,
            v.ended_at,
            case
                when engagement.is_instant(v.occurred_at)
                    then (
                        v.occurred_at at time zone engagement.parameter('TIME_ZONE')
                    )::date
            end as local_on
        from engagement.activity_in_hand__template v
        where
            v.customer_id is not null
            and v.source_id is not null
            and v.occurred_at is not null
    ) a
    inner join engagement.rule_in_hand__template r
        on r.pair_key = engagement.subject_pair(a.subject_id, a.subject_class)
    -- One row for each person, with the winning job first; most people have one job. Window
    -- functions, a UNION or a look-up would keep the whole derivation from running in
    -- parallel.
    left join (
        select
            m.employee_id,
            array_agg(m.employer_id order by m.begin_on desc nulls last, m.employer_id)
                filter (where m.is_primary) as employer_ids,
            array_agg(m.begin_on order by m.begin_on desc nulls last, m.employer_id)
                filter (where m.is_primary) as begins_on,
            array_agg(m.end_on order by m.begin_on desc nulls last, m.employer_id)
                filter (where m.is_primary) as ends_on,
            case
                when engagement.parameter('MULTIPLE_CONCURRENT_EMPLOYERS') = 'Y'
                    then array_agg(m.employer_id)
            end as known_employer_ids
        from engagement.employment__template m
        where
            m.is_primary
            or engagement.parameter('MULTIPLE_CONCURRENT_EMPLOYERS') = 'Y'
        group by m.employee_id
    ) as job
        on job.employee_id = a.customer_id
    where
        (r.applies_from is null or a.occurred_at >= r.applies_from)
        and (r.applies_until is null or a.occurred_at < r.applies_until)
    offset bigint '0'
)
select p.* from engagement.priced__template() p
$$;
comment on function engagement.derived_in_bulk__template() is
    'Internal: template: what the activities in hand earn, by hash joins; for a whole source.';
