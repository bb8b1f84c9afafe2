-- Internal. Template: the reversals that concern some customers: those that the view shows with
-- them, and those that were last seen of their activities. Definer, because the host's role has no
-- right here.
-- Reads: the view, reversal.
create or replace function engagement.reversals_of_customers__template(
    p_customer_ids engagement.host_key[]
)
returns engagement.host_key[]
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
begin
    return array(
        with shown as (
            select v.*
            from unnest(p_customer_ids) k (key)
            cross join lateral (
                select v.source_id, v.reverses_id from engagement.activity__template v
                where v.customer_id = k.key
                offset 0
            ) v
        )
        select s.source_id::engagement.host_key from shown s where s.reverses_id is not null
        union
        select r.source_id
        from shown s
        cross join lateral (
            select r.source_id from engagement.reversal r
            where r.source = 'template' and r.reverses_id = s.source_id
            offset 0
        ) r
    );
end
$$;
comment on function engagement.reversals_of_customers__template(engagement.host_key[]) is
    'Internal: template: keys of the reversals that concern these customers.';
