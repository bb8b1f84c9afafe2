-- Internal. Template: the activities of the view, each less what was taken back. Rows that take
-- back others are left out: they earn nothing themselves. In a source whose view has no reverses_id
-- the conditions on 'TEMPLATE_REVERSES' fold, the planner removes the join, and only the view is
-- left.
-- Reads: the view, reversed_activity.
create or replace function engagement.net_activity__template()
returns table (
    source_id engagement.host_key,
    document_id engagement.host_key,
    customer_id engagement.host_key,
    employer_id engagement.host_key,
    subject_id text,
    subject_class text,
    quantity numeric,
    amount numeric,
    occurred_at timestamptz,
    ended_at timestamptz,
    reversals jsonb
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
select
    v.source_id,
    v.document_id,
    v.customer_id,
    v.employer_id,
    v.subject_id,
    v.subject_class,
    case
        when 'TEMPLATE_REVERSES' = 'N' or n.source_id is null then v.quantity
        else engagement.net(v.quantity, n.quantity)
    end as quantity,
    case
        when 'TEMPLATE_REVERSES' = 'N' or n.source_id is null then v.amount
        else engagement.net(v.amount, n.amount)
    end as amount,
    v.occurred_at,
    v.ended_at,
    case when 'TEMPLATE_REVERSES' <> 'N' then n.reversals end as reversals
from engagement.activity__template v
left join engagement.reversed_activity n
    on n.source = 'template' and n.source_id = v.source_id
where
    'TEMPLATE_REVERSES' = 'N'
    or v.reverses_id is null
    and (
        n.source_id is null
        or engagement.is_still_kept(v.quantity, v.amount, n.quantity, n.amount)
    )
$$;
comment on function engagement.net_activity__template() is
    'Internal: template: the activities of the source, each less what was taken back.';
