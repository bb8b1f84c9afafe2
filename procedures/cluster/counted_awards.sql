-- Internal. Overlay: the awards of some customers as on record at an instant, with what the caps of
-- their rules leave of them. The windows of capped_sql are a customer's, so the shards open them.
-- Reads: award, score_rule.
create or replace function engagement.counted_awards(
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
    half_life_weeks integer
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
    if coalesce(p_customer_ids, '{}') = '{}' then
        return;
    end if;
    return query execute format($sql$
        select c.customer_id, c.source, c.source_id, c.rule_id, c.document_id, c.employer_id,
               c.subject_id, c.subject_class, c.quantity, c.amount, c.points, c.capped_points,
               c.effective_at, c.expires_at, c.recorded_at, c.voided_at, c.void_reason,
               c.category_code, c.rule_code, c.half_life_weeks
        from (%s) c$sql$, engagement.capped_sql(
            '(select w.* from engagement.award w where w.customer_id = any ($1) '
            'and w.recorded_at <= $2 and (w.voided_at is null or w.voided_at > $2) '
            'and ($3 is null or w.rule_id = any ($3))) w'))
    using array(select distinct k.id from unnest(p_customer_ids) k (id)), p_known_at, p_rule_ids;
end
$$;
comment on function engagement.counted_awards(engagement.host_key[], timestamptz, integer[]) is
    'Internal: awards of customers as on record at p_known_at, of p_rule_ids (NULL: all), with '
    'capped_points: what the caps of their rules leave. What counts at an instant is faded_points '
    'of that, from effective_at until expires_at.';
