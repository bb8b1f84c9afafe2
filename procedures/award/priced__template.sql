-- Internal. Template: THE definition of what an activity earns under a rule: points, expiry, and
-- which pairs make no award. derived__template and derived_in_bulk__template find the pairs.
--
-- The query has steps with fences between them, so that each value is computed once. The fence
-- "offset bigint '0'" allows a parallel plan above it; a plain "offset 0" does not.
-- Reads: what stands in the place of the view.
create or replace function engagement.priced__template()
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
select
    d.customer_id,
    d.source_id,
    d.document_id,
    d.employer_id::engagement.host_key as employer_id,
    d.effective_at,
    d.expires_at,
    d.rule_id,
    d.subject_id,
    d.subject_class,
    d.quantity,
    d.amount,
    d.points,
    d.reversals,
    d.is_scorable
from (
    select
        c.*,
        case
            when c.is_scorable
                then engagement.round_half_even(
                    c.raw_points, engagement.parameter('SCORE_DECIMALS')::integer
                )
        end as points
    from (
        select
            b.*,
            case
                when b.is_scorable
                    then engagement.earn(
                        b.flat_score, b.quantity_score, b.amount_score, b.quantity, b.amount
                    )
            end as raw_points,
            case
                when b.is_scorable
                    then engagement.expires_at(
                        b.effective_at, b.ended_at, b.valid_for_weeks,
                        engagement.parameter('TIME_ZONE')
                    )
            end as expires_at
        from engagement.matched_in_hand__template b
        offset bigint '0'
    ) c
    offset bigint '0'
) d
where
    not d.is_scorable
    or (d.points <> 0 and (d.expires_at is null or d.expires_at > d.effective_at))
$$;
comment on function engagement.priced__template() is
    'Internal: template: what the pairs of activity and rule in hand earn.';
