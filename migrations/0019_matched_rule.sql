-- A rule beside the subjects that it scores: how a whole source finds its rules.
create type engagement.matched_rule as (
    pair_key text,
    rule_id integer,
    flat_score numeric,
    quantity_score numeric,
    amount_score numeric,
    valid_for_weeks integer,
    applies_from timestamptz,
    applies_until timestamptz,
    is_scorable boolean
);
comment on type engagement.matched_rule is
'A rule of score_rule that scores a subject and class (pair_key, see subject_pair), and whether '
'its scores are numbers that can be reckoned with.';

-- The routines of sources have other names from here on.
do $$
declare
    v_routine regprocedure;
begin
    for v_routine in
        select p.oid
        from pg_proc as p
        where
            p.pronamespace = 'engagement'::regnamespace
            and p.proname ~ '^(award|apply|source_ids)__'
    loop
        execute format('drop function %s', v_routine);
    end loop;
end
$$;
