-- API. Tells the package that two customers are one, as the host has found out. The host moves its
-- own rows. This moves what was entered here for the double, adjustments and social scores, to the
-- customer that stays. The ledger follows as for any other change of an input: at once, or with the
-- next run.
-- Reads: the views, and what check_person_known reads. Writes: what join_customer writes.
-- Raises: EG001, EG006, EG016.
create or replace procedure engagement.merge_customer(
    p_from engagement.host_key,
    p_into engagement.host_key
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_moved record;
begin
    perform engagement.check_person_known(p_from);
    perform engagement.check_person_known(p_into);
    if p_from = p_into then
        raise exception 'a customer cannot be merged into itself'
            using errcode = 'EG016', detail = format('customer %s', p_from),
                  hint = 'Name the double first, then the customer that it is merged into.';
    end if;
    select j.* into v_moved
    from engagement.join_customer(
        p_from_id => p_from, p_into_id => p_into, p_is_by_host => false) j;
    raise notice 'moved: % adjustments, % social scores', v_moved.adjustment_count,
                 v_moved.score_count;
    if v_moved.aside_count > 0 then
        raise notice 'set aside: % social scores; both customers have one of the same system, type '
                     'and subtype, and the newer stays in force', v_moved.aside_count;
    end if;
end
$$;
comment on procedure engagement.merge_customer(engagement.host_key, engagement.host_key) is
    'Merges the customer p_from into p_into: adjustments and social scores entered for p_from '
    'count for p_into, with their dates and authors, until unmerge_customer. Of two social scores '
    'of one system, type and subtype the newer stays in force; the older is set aside. What is '
    'entered for p_from later follows with the next run. Raises EG001 for an unknown customer, '
    'EG016 if the two are the same, p_from is merged already, or p_into is merged into p_from.';
