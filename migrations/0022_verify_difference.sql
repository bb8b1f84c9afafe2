-- What the parts of verify return.
create type engagement.verify_difference as (
    check_name text,
    customer_id engagement.host_key,
    source text,
    source_id engagement.host_key,
    rule_id integer,
    expected text,
    found text
);
comment on type engagement.verify_difference is 'A row of verify.';

-- The routines of sources return it from here on, and what returns something else is a new routine.
do $$
declare
    v_routine regprocedure;
begin
    for v_routine in
        select p.oid
        from pg_proc as p
        where
            p.pronamespace = 'engagement'::regnamespace
            and p.proname like 'differing\_awards\_\_%'
    loop
        execute format('drop function %s', v_routine);
    end loop;
end
$$;
