-- Internal. Compares the stored totals of all customers except p_queued_ids with the ledger.
-- catch_up computes totals for new instants all the time, and a comparison for each instant
-- would take too long. Totals that no date changes within an hour are those of the end of the hour,
-- so all of an hour are compared for that instant. The others are compared for the instant of their
-- row.
-- Definer: the host's views run as the package's owner.
-- Reads: customer_score, category_score, award, attached_table, engagement_host.customer.
create or replace function engagement.verify_scores(
    p_queued_ids engagement.host_key[],
    p_from engagement.host_key,
    p_to engagement.host_key,
    p_sample numeric,
    p_seed integer,
    p_only_ids engagement.host_key[] default null
)
returns setof engagement.verify_difference
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
declare
    v_as_of timestamptz;
    v_ids engagement.host_key[];
    v_calculated_ats timestamptz[];
    v_missing engagement.host_key[];
begin
    for v_as_of, v_ids, v_calculated_ats in
        select c.as_of, array_agg(c.customer_id), array_agg(c.calculated_at)
        from (
            select s.customer_id, s.calculated_at,
                   case when s.next_change_at <= h.ends_at then s.calculated_at else h.ends_at
                   end as as_of
            from engagement.customer_score s
            cross join lateral (
                select date_trunc('hour', s.calculated_at) + interval '1 hour' as ends_at
            ) h
            where s.customer_id not in (select q from unnest(p_queued_ids) q)
                  and engagement.is_instant(s.calculated_at)  -- otherwise verify_ranks reports it
                  and engagement.is_in_part(s.customer_id, p_from, p_to, p_sample, p_seed)
                  and (p_only_ids is null or s.customer_id = any (p_only_ids))
        ) c
        group by c.as_of
    loop
        return query
        select t.* from engagement.verify_totals(v_as_of, v_ids, v_calculated_ats) t;
    end loop;
    return query
    select 'score missing', w.customer_id, null::text, null::engagement.host_key, null::integer,
           sum(w.points)::text, null::text
    from engagement.award w
    where w.voided_at is null
          and not exists (select 1 from engagement.customer_score s
                          where s.customer_id = w.customer_id)
          and w.customer_id not in (select q from unnest(p_queued_ids) q)
          and engagement.is_in_part(w.customer_id, p_from, p_to, p_sample, p_seed)
          and (p_only_ids is null
               or w.customer_id in (select o from unnest(p_only_ids) o))
    group by w.customer_id;
    -- Without triggers on the host's customers, new customers are unknown until the next run.
    if exists (select from engagement.attached_table a where a.source = 'customer') then
        select array_agg(s.customer_id) into v_ids from engagement.customer_score s;
        v_missing := array(
            select h.customer_id::engagement.host_key from engagement_host.customer h
            where h.customer_id is not null
                  and (p_only_ids is null or h.customer_id = any (p_only_ids))
            except
            select i.id from unnest(v_ids) i (id));
        select array_agg(distinct w.customer_id) into v_ids
        from engagement.awards_of_customers(null, v_missing) w;
        return query
        select 'score missing', m.id, null::text, null::engagement.host_key, null::integer, '0',
               null::text
        from unnest(v_missing) m (id)
        where m.id not in (select i.id from unnest(v_ids) i (id))
              and m.id not in (select q from unnest(p_queued_ids) q)
              and engagement.is_in_part(m.id, p_from, p_to, p_sample, p_seed);
    end if;
    return query
    select 'score of nobody', c.customer_id, null::text, null::engagement.host_key, null::integer,
           null::text, c.score::text
    from engagement.category_score c
    where not exists (select 1 from engagement.customer_score s where s.customer_id = c.customer_id)
          and engagement.is_in_part(c.customer_id, p_from, p_to, p_sample, p_seed)
          and (p_only_ids is null or c.customer_id = any (p_only_ids));
end
$$;
comment on function engagement.verify_scores(
    engagement.host_key[], engagement.host_key, engagement.host_key, numeric, integer,
    engagement.host_key[]
) is
    'Internal: differences between the stored totals and the ledger, for the customers that '
    'is_in_part selects, except p_queued_ids. p_only_ids: no others are compared (NULL: all).';
