-- What the routines return whose rows host_problems puts together.
create type engagement.host_problem as (
    problem_type text,
    source text,
    object_name text,
    is_missed boolean,
    sqlstate_code text,
    problem text,
    hint text
);
comment on type engagement.host_problem is 'A row of host_problems.';
