-- Internal. Template: what activities earn, the form for few of them: it finds rules by index and
-- the employer by a look-up. derived_in_bulk__template is the form for a whole source, because one
-- plan cannot serve both one line and five million. priced__template says what a pair of activity
-- and rule earns.
-- Reads: what stands in the places of the views.
create or replace function engagement.derived__template()
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
            when
                engagement.parameter('MULTIPLE_CONCURRENT_EMPLOYERS') = 'Y'
                and a.employer_id is not null
                and exists (
                    select
                    from engagement.employment__template m
                    where m.employee_id = a.customer_id and m.employer_id = a.employer_id
                ) then a.employer_id
            else (
                select m.employer_id
                from engagement.employment__template m
                where
                    m.employee_id = a.customer_id and m.is_primary
                    and engagement.covers(m.begin_on, m.end_on, a.local_on)
                order by m.begin_on desc nulls last, m.employer_id
                limit 1
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
    cross join lateral (
        select
            s.rule_id,
            s.flat_score,
            s.quantity_score,
            s.amount_score,
            s.valid_for_weeks,
            s.applies_from,
            s.applies_until,
            engagement.is_scorable(s.flat_score, s.quantity_score, s.amount_score) as is_scorable
        from engagement.score_rule s
        where
            s.is_applied
            and s.engagement_type = 'TEMPLATE_TYPE'
            and s.effective_when = 'TEMPLATE_WHEN'
            and s.subject_key = any(array['', '=' || a.subject_id])
            and s.class_key = any(array['', '=' || a.subject_class])
            -- The documented multiplier: 0 or less awards nothing.
            and (
                'template' <> 'social_score' or s.rule_code <> 'SOCIAL_SCORE' or s.amount_score > 0
            )
        offset 0
    ) r
    where
        (r.applies_from is null or a.occurred_at >= r.applies_from)
        and (r.applies_until is null or a.occurred_at < r.applies_until)
    offset bigint '0'
)
select p.* from engagement.priced__template() p
$$;
comment on function engagement.derived__template() is
    'Internal: template: what the activities in hand earn, by index look-ups; for few activities.';
