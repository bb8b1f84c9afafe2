-- Internal. What an author of an adapter should know about an outcome: which rows a backtest leaves
-- out, and why.
-- Reads: outcome_rows, outcome_source. Raises: EG007, EG017.
create or replace function engagement.outcome_findings(p_outcome text)
returns table (severity text, finding text, row_count bigint, example text, hint text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select t.severity, t.finding, r.row_count, r.example,
           t.hint || format(' select * from %s v where %s limit 20;', s.view_name, t.condition)
    from (
        select o.problem, count(*) as row_count, min(o.customer_id::text) as example
        from engagement.outcome_rows(p_outcome) o
        where o.problem is not null
        group by o.problem
    ) r
    inner join (values
        (1, 'NO_CUSTOMER', 'problem', 'customer_id is NULL',
         'A backtest leaves these rows out. Whose outcome is it?',
         'v.customer_id is null'),
        (2, 'UNKNOWN_CUSTOMER', 'problem', 'customer_id is not in engagement_host.customer',
         'A backtest leaves these rows out, because the score of then is not known. Show the '
         'customers in the view customer, with is_active false.',
         'v.customer_id is not null and not exists (select from engagement.host_customers() c '
         'where c.customer_id = v.customer_id)'),
        (3, 'NO_INSTANT', 'problem', 'decided_at is NULL, infinite or out of range',
         'A backtest leaves these rows out. Until which instant was the outcome open?',
         'v.decided_at is null or not isfinite(v.decided_at)'),
        (4, 'DUPLICATE', 'problem', 'customer_id and decided_at are not unique',
         'A backtest leaves all rows of such a pair out. Does a join multiply them?',
         '(select count(*) from ' || (
             select d.view_name from engagement.outcome_source d where d.outcome = p_outcome)
         || ' o where o.customer_id = v.customer_id and o.decided_at = v.decided_at) > 1'),
        (5, 'IN_THE_FUTURE', 'problem', 'the outcome is known before it is decided',
         'decided_at has not come yet, and happened is not NULL. A backtest leaves these rows '
         'out. Show them when they are decided.',
         'v.decided_at > now() and isfinite(v.decided_at) and v.happened is not null'),
        (6, 'NO_VALUE', 'problem', 'value is NaN or infinite',
         'A backtest leaves these rows out. NULL says that there is no value.',
         'v.value in (''NaN'', ''Infinity'', ''-Infinity'')'),
        (7, 'OPEN', 'hint', 'happened is NULL',
         'A backtest leaves these rows out: they are still open.',
         'v.happened is null'),
        (8, 'NOT_SCORED', 'hint', 'the outcome was decided after the last recalculation',
         'A backtest leaves these rows out until the next one: engagement recalculate.',
         'v.decided_at > engagement.scored_at() and v.decided_at <= now() '
         'and v.happened is not null')
    ) t (place, problem, severity, finding, hint, condition) on t.problem = r.problem
    cross join (
        select d.view_name from engagement.outcome_source d where d.outcome = p_outcome
    ) s
    order by t.place;
end
$$;
comment on function engagement.outcome_findings(text) is
    'Internal: what is wrong with rows of an outcome''s view, how many there are, the customer of '
    'one, and what to do about it.';
