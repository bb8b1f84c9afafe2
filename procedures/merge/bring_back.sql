-- Internal. Part of taking a merge back. Of the social scores that are set aside for a customer, or
-- for somebody who is merged into it, the newest of each system, type and subtype comes into force
-- again, unless another of that kind is in force.
-- Reads: customer_merge. Writes: social_score, merged_input.
create or replace function engagement.bring_back(p_customer_id engagement.host_key)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set extra_float_digits = 1
as $$
declare
    v_group engagement.host_key[] := engagement.merged_group(p_customer_id);
    v_keys engagement.host_key[];
begin
    with aside as (
        select m.customer_id as owner_id, r as score
        from engagement.merged_input m
        cross join lateral jsonb_populate_record(null::engagement.social_score, m.set_aside) r
        where m.customer_id = any (v_group) and m.set_aside is not null
    ),
    newest as (
        select distinct on ((a.score).source_system, (a.score).social_type,
                            (a.score).social_subtype) a.score
        from aside a
        order by (a.score).source_system, (a.score).social_type, (a.score).social_subtype,
                 (a.score).scored_at desc, a.owner_id = p_customer_id desc, a.owner_id
    ),
    back as (
        insert into engagement.social_score (
            customer_id, source_system, social_type, social_subtype, score, description, comments,
            scored_at, ends_at, source_id
        )
        select p_customer_id, (n.score).source_system, (n.score).social_type,
               (n.score).social_subtype, (n.score).score, (n.score).description,
               (n.score).comments, (n.score).scored_at, (n.score).ends_at, (n.score).source_id
        from newest n
        on conflict (customer_id, source_system, social_type, social_subtype) do nothing
        returning source_id
    )
    select array_agg(b.source_id) into v_keys from back b;
    update engagement.merged_input m set set_aside = null
    where m.source = 'social_score' and m.source_id = any (v_keys);
    delete from engagement.merged_input m
    where m.customer_id = p_customer_id and m.source = 'social_score'
          and m.source_id = any (v_keys);
    -- What was entered for the customer since then replaces what was set aside for it.
    delete from engagement.merged_input m
    using engagement.social_score s
    where m.customer_id = p_customer_id and m.set_aside is not null
          and s.customer_id = p_customer_id
          and s.source_system = m.set_aside ->> 'source_system'
          and s.social_type = m.set_aside ->> 'social_type'
          and s.social_subtype = m.set_aside ->> 'social_subtype'
          and not exists (select from engagement.merged_input o
                          where o.source = 'social_score' and o.source_id = s.source_id);
    return coalesce(cardinality(v_keys), 0);
end
$$;
comment on function engagement.bring_back(engagement.host_key) is
    'Internal: social scores that a merge set aside come into force again where no other of their '
    'kind is; returns how many.';
