-- API. Why one customer's score has changed.
-- Reads: what explain_changes reads.
create or replace function engagement.explain_change(
    p_customer_id engagement.host_key, p_from timestamptz, p_to timestamptz default now()
)
returns table (
    cause text, rule_code text, description text, points numeric, award_count bigint
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    perform engagement.check_customer(p_customer_id);
    return query
    select c.cause, c.rule_code, c.description, c.points, c.award_count
    from engagement.explain_changes(array[p_customer_id]::engagement.host_key[], p_from, p_to) c
    order by c.cause, c.points desc, c.rule_code;
end
$$;
comment on function engagement.explain_change(engagement.host_key, timestamptz, timestamptz) is
    'Why a customer''s own points changed between two instants, each as known then; see '
    'explain_changes. Points sum exactly to the difference. Raises EG001 for an unknown customer, '
    'EG004 if the range ends before it begins.';
