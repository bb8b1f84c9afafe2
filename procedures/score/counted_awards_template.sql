-- Internal. The awards of some customers on record at an instant, with the points that the caps of
-- their rules leave. generate_totals makes the routine counted_awards from this template.
-- Reads: award, score_rule, category.
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
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
declare
    v_ids engagement.host_key[];
begin
    if coalesce(p_customer_ids, '{}') = '{}' then
        return;
    end if;
    v_ids := array(select distinct k.id from unnest(p_customer_ids) k (id));
    if exists (select from engagement.category c where c.inactivity_steps <> '{}')
       or exists (select from engagement.score_rule r where r.inactivity_steps <> '{}') then
        return query
        with capping_in_hand as (
            select w.* from engagement.awards_in_question__template(v_ids, p_known_at, p_rule_ids) w
        )
        select c.* from engagement.kept__template() c;
        return;
    end if;
    -- The short way, where nothing fades with inactivity.
    return query
    with capping_in_hand as (
        select w.* from engagement.awards_in_question__template(v_ids, p_known_at, p_rule_ids) w
    )
    select c.*, null::tstzmultirange from engagement.capped__template() c;
end
$$;
comment on function engagement.counted_awards_template(
    engagement.host_key[], timestamptz, integer[]
) is
    'Internal: awards of customers on record at p_known_at, by the rules p_rule_ids (NULL: all), '
    'with capped_points, the points that the caps of their rules leave. At an instant from '
    'effective_at until expires_at, faded_points of capped_points count.';
