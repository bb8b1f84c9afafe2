-- Internal. Everybody's live awards, with the points that caps leave. Reports over all customers
-- add these up.
-- Reads: award, score_rule, counted_awards.
create or replace function engagement.live_awards()
returns table (
    customer_id engagement.host_key,
    employer_id engagement.host_key,
    rule_id integer,
    subject_id text,
    capped_points numeric,
    effective_at timestamptz,
    expires_at timestamptz,
    half_life_weeks integer,
    inactivity_steps integer[],
    active_in tstzmultirange
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    v_special integer[] := engagement.capping_or_fading_rules();
    v_holders engagement.host_key[];
begin
    return query
    select w.customer_id, w.employer_id, w.rule_id, w.subject_id, w.points, w.effective_at,
           w.expires_at, null::integer, null::integer[], null::tstzmultirange
    from engagement.award w
    where w.voided_at is null and w.rule_id <> all (v_special);
    if v_special <> '{}' then
        select array_agg(distinct w.customer_id) into v_holders
        from engagement.award w
        where w.voided_at is null and w.rule_id = any (v_special);
        return query
        select w.customer_id, w.employer_id, w.rule_id, w.subject_id, w.capped_points,
               w.effective_at, w.expires_at, w.half_life_weeks, w.inactivity_steps, w.active_in
        from engagement.counted_awards(p_customer_ids => v_holders, p_rule_ids => v_special) w;
    end if;
end
$$;
comment on function engagement.live_awards() is
    'Internal: live awards of everybody, with capped_points, the points that the caps of their '
    'rules leave. At an instant, faded_points of capped_points count.';
