-- Internal. Template: what the activities of a source earn, by the definition that awards go by. It
-- answers why an order got its points: select * from engagement.earned__order_line(42).
-- Definer: the host's views run as the package's owner and under its settings, whoever asks.
-- Reads: the view, employment, score_rule.
create or replace function engagement.earned__template(
    p_source_id engagement.host_key default null,
    p_customer_id engagement.host_key default null
)
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
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set plan_cache_mode = force_custom_plan
set jit = off
as $$
#variable_conflict use_column
declare
    v_rules engagement.matched_rule[];
begin
    if p_source_id is null and p_customer_id is null then
        v_rules := engagement.matched_rules__template();
        return query
        with rule_in_hand as (
            select r.* from unnest(v_rules) r
        ),
        activity_in_hand as (
            select v.* from engagement.net_activity__template() v
            offset bigint '0'
        )
        select d.* from engagement.derived_in_bulk__template() d;
        return;
    end if;
    return query
    with activity_in_hand as (
        select v.* from engagement.net_activity__template() v
        where (p_source_id is null or v.source_id = p_source_id)
              and (p_customer_id is null or v.customer_id = p_customer_id)
        offset 0
    )
    select d.* from engagement.derived__template() d;
end
$$;
comment on function engagement.earned__template(engagement.host_key, engagement.host_key) is
    'Internal: template: what the activities of the source earn now: one activity, those of one '
    'customer or (NULL) all. is_scorable false: a number is NaN, infinite or out of range, so '
    'there is no award.';
