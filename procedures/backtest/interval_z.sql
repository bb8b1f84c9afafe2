-- Internal. How many standard errors an interval of 95 % reaches to either side. All intervals of a
-- backtest use it. Inlined by the planner: keep it one expression.
create or replace function engagement.interval_z()
returns double precision
language sql
immutable
parallel safe
return 1.959963984540054::double precision;
comment on function engagement.interval_z() is
    'Internal: the quantile 0.975 of the normal distribution, for intervals of 95 %.';
