-- Internal. Template: union of what the activities in hand earn and the awards in hand; equal pairs
-- drop out. A row that is left is an award to make (recorded_at is NULL) or to void. The plan does
-- not depend on row estimates.
-- Reads: what stands in the places of the views.
create or replace function engagement.compared__template()
returns table (
    customer_id engagement.host_key,
    source_id engagement.host_key,
    document_id engagement.host_key,
    employer_id engagement.host_key,
    effective_at timestamptz,
    expires_at timestamptz,
    recorded_at timestamptz,
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
select
    u.customer_id,
    u.source_id,
    u.document_id,
    u.employer_id,
    u.effective_at,
    u.expires_at,
    max(u.recorded_at) as recorded_at,
    u.rule_id,
    u.subject_id,
    u.subject_class,
    u.quantity,
    u.amount,
    u.points,
    u.reversals,
    u.is_scorable
from (
    select
        d.customer_id,
        d.source_id,
        d.document_id,
        d.employer_id,
        d.effective_at,
        d.expires_at,
        null::timestamptz as recorded_at,
        d.rule_id,
        d.subject_id,
        d.subject_class,
        d.quantity,
        d.amount,
        d.points,
        d.reversals,
        d.is_scorable
    from engagement.derived__template() d
    union all
    select
        w.customer_id,
        w.source_id,
        w.document_id,
        w.employer_id,
        w.effective_at,
        w.expires_at,
        w.recorded_at,
        w.rule_id,
        w.subject_id,
        w.subject_class,
        w.quantity,
        w.amount,
        w.points,
        w.reversals,
        true as is_scorable
    from engagement.award_in_hand__template w
) u
group by
    u.customer_id, u.source_id, u.document_id, u.employer_id, u.effective_at, u.expires_at,
    u.rule_id, u.subject_id, u.subject_class, u.quantity, u.amount, u.points, u.reversals,
    u.is_scorable
having count(*) = 1
$$;
comment on function engagement.compared__template() is
    'Internal: template: differences between what the activities in hand earn and the awards in '
    'hand.';
