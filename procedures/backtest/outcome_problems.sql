-- API. Outcomes whose views the host has dropped or changed, so that a backtest would fail.
-- `engagement check` shows them. No score depends on an outcome, so a run does not look.
-- Definer, as register_outcome is: only the owner sees whose code a view runs.
-- Reads: outcome_source, check_outcome_view.
create or replace function engagement.outcome_problems()
returns table (outcome text, view_name text, problem text, hint text)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_detail text;
begin
    for outcome, view_name in
        select s.outcome, s.view_name from engagement.outcome_source s order by s.outcome
    loop
        begin
            perform engagement.check_outcome_view(outcome);
        exception when others then
            get stacked diagnostics v_detail = pg_exception_detail, hint = pg_exception_hint;
            problem := format('outcome %s: %s', outcome,
                              concat_ws(': ', sqlerrm, nullif(v_detail, '')));
            return next;
        end;
    end loop;
end
$$;
comment on function engagement.outcome_problems() is
    'Outcomes that a backtest cannot read: outcome, view_name, problem, hint (how to repair it). '
    'No rows: no problem.';
