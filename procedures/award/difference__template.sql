-- Internal. Template: what a refresh would change in the ledger, and what verify would find. It
-- answers whether an activity is up to date: select * from engagement.difference__order_line(42).
-- Definer: the host's views run as the package's owner and under its settings, whoever asks.
-- Reads: the view, employment, score_rule, award.
create or replace function engagement.difference__template(
    p_source_id engagement.host_key default null,
    p_customer_id engagement.host_key default null
)
returns table (
    change text,
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
    reversals jsonb
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
set jit = off
as $$
#variable_conflict use_column
begin
    return query
    with earned as (
        select d.* from engagement.earned__template(p_source_id, p_customer_id) d
        where d.is_scorable
    ),
    live as (
        select w.* from engagement.awards_of_source('template') w
        where (p_source_id is null or w.source_id = p_source_id)
              and (p_customer_id is null or w.customer_id = p_customer_id)
    )
    select case when count(u.recorded_at) = 0 then 'MAKE' else 'VOID' end,
           u.customer_id, u.source_id, u.document_id, u.employer_id, u.effective_at, u.expires_at,
           u.rule_id, u.subject_id, u.subject_class, u.quantity, u.amount, u.points,
           u.reversals
    from (
        select d.customer_id, d.source_id, d.document_id, d.employer_id, d.effective_at,
               d.expires_at, d.rule_id, d.subject_id, d.subject_class, d.quantity, d.amount,
               d.points, d.reversals, null::timestamptz as recorded_at
        from earned d
        union all
        select w.customer_id, w.source_id, w.document_id, w.employer_id, w.effective_at,
               w.expires_at, w.rule_id, w.subject_id, w.subject_class, w.quantity, w.amount,
               w.points, w.reversals, w.recorded_at
        from live w
    ) u
    group by u.customer_id, u.source_id, u.document_id, u.employer_id, u.effective_at,
             u.expires_at, u.rule_id, u.subject_id, u.subject_class, u.quantity, u.amount, u.points,
             u.reversals
    having count(*) = 1
    order by 3, 8, 1 desc;
end
$$;
comment on function engagement.difference__template(engagement.host_key, engagement.host_key) is
    'Internal: template: what a refresh would change: awards to MAKE and to VOID (column change), '
    'of one activity, of one customer or (NULL) of all. No row: the ledger is up to date.';
