-- Why a score is what it is: the awards that count, each with its activity and its rule.
-- Reads: award, score_rule.
create or replace function engagement.explain_score(
    p_customer_id engagement.host_key,
    p_as_of timestamptz default now(),
    p_known_at timestamptz default 'infinity'
)
returns table (
    category_code text,
    rule_code text,
    rule_version integer,
    description text,
    source text,
    source_id engagement.host_key,
    document_id engagement.host_key,
    employer_id engagement.host_key,
    subject_id text,
    subject_class text,
    quantity numeric,
    amount numeric,
    points numeric,
    effective_at timestamptz,
    expires_at timestamptz,
    recorded_at timestamptz
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select r.category_code, r.rule_code, r.version, r.description, w.source, w.source_id,
           w.document_id, w.employer_id, w.subject_id, w.subject_class, w.quantity, w.amount,
           w.points, w.effective_at, w.expires_at, w.recorded_at
    from engagement.award w
    inner join engagement.score_rule r on r.rule_id = w.rule_id
    where w.customer_id = p_customer_id
          and w.effective_at <= p_as_of and (w.expires_at is null or w.expires_at > p_as_of)
          and w.recorded_at <= p_known_at and (w.voided_at is null or w.voided_at > p_known_at)
    order by r.category_code, r.rule_code, w.effective_at, w.source, w.source_id;
end
$$;
comment on function engagement.explain_score(engagement.host_key, timestamptz, timestamptz) is
    'One row per award that counts at p_as_of as on record at p_known_at; points sum to score_at '
    'exactly.';
