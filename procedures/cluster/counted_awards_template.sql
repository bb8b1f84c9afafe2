-- Internal. Overlay: the awards of some customers on record at an instant, with the points that the
-- caps of their rules leave. A window of capped__template holds the awards of one customer, so the
-- shards compute it. The plan is not kept, because a cluster prunes shards by values.
-- Reads: award, score_rule.
create or replace function engagement.counted_awards_template(
    p_customer_ids engagement.host_key[],
    p_known_at timestamptz default 'infinity',
    p_rule_ids integer[] default null
)
returns table (
    customer_id engagement.host_key,
    source text,
    source_id engagement.host_key,
    rule_id integer,
    document_id engagement.host_key,
    employer_id engagement.host_key,
    subject_id text,
    subject_class text,
    quantity numeric,
    amount numeric,
    points numeric,
    capped_points numeric,
    effective_at timestamptz,
    expires_at timestamptz,
    recorded_at timestamptz,
    voided_at timestamptz,
    void_reason text,
    category_code text,
    rule_code text,
    half_life_weeks integer,
    inactivity_steps integer[],
    active_in tstzmultirange
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_column
declare
    v_ids text[];
begin
    if coalesce(p_customer_ids, '{}') = '{}' then
        return;
    end if;
    v_ids := array(select distinct k.id::text from unnest(p_customer_ids) k (id));
    return query
    with capping_in_hand as (
        select w.*, r.category_code, r.engagement_type, r.rule_code, r.cap_points, r.cap_period,
               r.half_life_weeks, r.inactivity_steps
        from engagement.award w
        inner join engagement.score_rule r on r.rule_id = w.rule_id
        where w.customer_id = any (v_ids::engagement.host_key[])
              and w.recorded_at <= p_known_at
              and (w.voided_at is null or w.voided_at > p_known_at)
              and (p_rule_ids is null or w.rule_id = any (p_rule_ids))
    )
    select c.* from engagement.kept__template() c;
end
$$;
comment on function engagement.counted_awards_template(
    engagement.host_key[], timestamptz, integer[]
) is
    'Internal: awards of customers on record at p_known_at, by the rules p_rule_ids (NULL: all), '
    'with capped_points, the points that the caps of their rules leave. At an instant from '
    'effective_at until expires_at, faded_points of capped_points count.';
