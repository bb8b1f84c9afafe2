-- Internal. Moves what a merged customer holds to the customer that it is merged into in the end.
-- Each row keeps its key, its author and its dates; only the customer changes. The triggers of the
-- two tables do the rest, as for any other change of an input.
--
-- A customer has one social score of a system, type and subtype, so of two the newer stays in force
-- (later scored_at; else the one that was there). The other is set aside. But of two that were
-- entered for the same customer, the one in hand was entered later and replaces the earlier.
-- Reads: customer_merge. Writes: score_adjustment, social_score, merged_input.
create or replace function engagement.move_inputs(
    p_from_id engagement.host_key,
    out adjustment_count bigint,
    out score_count bigint,
    out aside_count bigint
)
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set extra_float_digits = 1
as $$
declare
    v_into_id engagement.host_key := engagement.merge_root(p_from_id);
    v_at timestamptz := clock_timestamp();
begin
    perform
    from engagement.social_score s
    where s.customer_id in (p_from_id, v_into_id)
    order by s.customer_id, s.source_system, s.social_type, s.social_subtype
    for update;
    -- What is in hand replaces what was set aside for the same customer.
    delete from engagement.merged_input m
    using engagement.social_score s
    where s.customer_id = p_from_id and m.customer_id = p_from_id and m.set_aside is not null
          and m.source_id <> s.source_id
          and m.set_aside ->> 'source_system' = s.source_system
          and m.set_aside ->> 'social_type' = s.social_type
          and m.set_aside ->> 'social_subtype' = s.social_subtype
          and not exists (select from engagement.merged_input o
                          where o.source = 'social_score' and o.source_id = s.source_id);
    with held as (
        select s.*, coalesce(m.customer_id, s.customer_id) as owner_id
        from engagement.social_score s
        left join engagement.merged_input m
            on m.source = 'social_score' and m.source_id = s.source_id
        where s.customer_id in (p_from_id, v_into_id)
    ),
    loser as (
        select case when g.owner_id = h.owner_id or g.scored_at > h.scored_at
                    then h.source_id else g.source_id end as source_id,
               case when g.owner_id = h.owner_id or g.scored_at > h.scored_at
                    then h.owner_id else g.owner_id end as owner_id,
               g.owner_id = h.owner_id as is_replaced
        from held g
        inner join held h
            on h.customer_id = v_into_id and h.source_system = g.source_system
               and h.social_type = g.social_type and h.social_subtype = g.social_subtype
        where g.customer_id = p_from_id
    ),
    gone as (
        delete from engagement.social_score s
        using loser l
        where s.source_id = l.source_id and s.customer_id in (p_from_id, v_into_id)
        returning l.owner_id, l.is_replaced, s.source_id, to_jsonb(s) - 'customer_id' as row_json
    ),
    replaced as (
        delete from engagement.merged_input m
        using gone g
        where g.is_replaced and m.source = 'social_score' and m.source_id = g.source_id
    ),
    aside as (
        insert into engagement.merged_input as m (
            customer_id, source, source_id, moved_at, set_aside
        )
        select g.owner_id, 'social_score', g.source_id, v_at, g.row_json
        from gone g
        where not g.is_replaced
        on conflict (source_id, source, customer_id) do update set set_aside = excluded.set_aside
        returning 1
    )
    select count(*) into aside_count from aside;

    insert into engagement.merged_input (customer_id, source, source_id, moved_at)
    select i.customer_id, i.source, i.source_id, v_at
    from (
        select s.customer_id, 'social_score' as source, s.source_id
        from engagement.social_score s
        where s.customer_id = p_from_id
        union all
        select a.customer_id, 'adjustment', a.source_id
        from engagement.score_adjustment a
        where a.customer_id = p_from_id
    ) i
    where not exists (select from engagement.merged_input m
                      where m.source = i.source and m.source_id = i.source_id);
    update engagement.social_score s set customer_id = v_into_id where s.customer_id = p_from_id;
    get diagnostics score_count = row_count;
    update engagement.score_adjustment a set customer_id = v_into_id
    where a.customer_id = p_from_id;
    get diagnostics adjustment_count = row_count;
end
$$;
comment on function engagement.move_inputs(engagement.host_key) is
    'Internal: moves the adjustments and social scores that a merged customer holds to whom it is '
    'merged into, and sets aside the older one of two social scores of one kind.';
