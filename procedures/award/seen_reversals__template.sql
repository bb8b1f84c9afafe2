-- Internal. Template: the reversals that the view shows, as the table reversal keeps them. A row
-- that names itself takes back nothing. Numbers are stored without their sign: a reversal takes,
-- whichever way the host writes it.
-- Reads: what stands in the place of the view.
create or replace function engagement.seen_reversals__template()
returns table (
    source_id engagement.host_key,
    reverses_id engagement.host_key,
    document_id engagement.host_key,
    customer_id engagement.host_key,
    subject_id text,
    quantity numeric,
    amount numeric
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
select
    v.source_id::engagement.host_key as source_id,
    v.reverses_id::engagement.host_key as reverses_id,
    v.document_id::engagement.host_key as document_id,
    v.customer_id::engagement.host_key as customer_id,
    v.subject_id::text as subject_id,
    case
        when engagement.is_scorable(coalesce(v.quantity, 0), 0, 0) then abs(coalesce(v.quantity, 0))
        else 'NaN'
    end as quantity,
    case
        when engagement.is_scorable(coalesce(v.amount, 0), 0, 0) then abs(coalesce(v.amount, 0))
        else 'NaN'
    end as amount
from engagement.reversal_in_hand__template v
where v.source_id is not null and v.reverses_id <> v.source_id
$$;
comment on function engagement.seen_reversals__template() is
    'Internal: template: the reversals in hand, as the table reversal keeps them.';
