-- Internal. THE definition of what reversals take from an activity: the sum over those that are
-- still kept, each less what was taken back from it. The look-up goes key by key, see
-- awards_of_activities. Inlined by the planner: keep it one query.
-- Reads: reversal, reversed_activity.
create or replace function engagement.summed_reversals(
    p_source text, p_targets engagement.host_key[]
)
returns table (
    source_id engagement.host_key, quantity numeric, amount numeric, reversals jsonb
)
language sql
stable
begin atomic
    select
        r.reverses_id,
        sum(r.quantity),
        sum(r.amount),
        jsonb_agg(
            jsonb_build_object(
                'source_id', r.source_id, 'document_id', r.document_id,
                'quantity', r.quantity, 'amount', r.amount
            )
            order by r.source_id::text collate "C"
        )
    from unnest(p_targets) k (key)
    cross join lateral (
        select
            r.reverses_id,
            r.source_id,
            r.document_id,
            case
                when n.source_id is null then r.quantity
                else engagement.net(r.quantity, n.quantity)
            end as quantity,
            case
                when n.source_id is null then r.amount
                else engagement.net(r.amount, n.amount)
            end as amount
        from engagement.reversal r
        left join engagement.reversed_activity n
            on n.source = r.source and n.source_id = r.source_id
        where
            r.source = p_source and r.reverses_id = k.key and r.is_shown
            and (
                n.source_id is null
                or engagement.is_still_kept(r.quantity, r.amount, n.quantity, n.amount)
            )
        offset 0
    ) r
    group by r.reverses_id;
end;
comment on function engagement.summed_reversals(text, engagement.host_key[]) is
    'Internal: what reversals take from these activities (each given once) of a source; no row: '
    'nothing.';
