-- API. Deletes a person from the package: the one exception to append-only. Customers who are
-- merged into the person are the person, so they are deleted first, each as a customer of its own.
-- A merge of the person into somebody else is taken back first, so that only what is theirs goes.
-- Their inputs have earned awards for that customer; these go too, and the customer is summed here.
--
-- The person must be erased in the host first. As long as the host shows their activity, the next
-- run would bring everything back; so would a run that read the host earlier and is still under
-- way. The deletion also removes the record of which companies got their points, so it sums these
-- companies here: the employers of all their awards (voided awards too, because no run may have
-- summed since); with EMPLOYER_ATTRIBUTION CURRENT every company that has employees' points,
-- because the host may have deleted the job.
-- Reads: the views, recalculation_run. Writes: every table with rows of the customer; totals of
-- their companies, and of the customers they were merged into.
-- Raises: EG001, EG006, EG009, EG013.
create or replace procedure engagement.erase_customer(p_customer_id engagement.host_key)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
declare
    v_source engagement.activity_source;
    v_is_shown boolean;
    v_employers engagement.host_key[];
    v_companies engagement.host_key[];
    v_merge engagement.customer_merge;
    v_inputs engagement.host_key[];
    v_holders engagement.host_key[];
    v_activities text[];
begin
    perform engagement.check_person_known(p_customer_id);
    if exists (select from engagement.recalculation_run r where r.run_status = 'RUNNING') then
        raise exception 'a recalculation is running'
            using errcode = 'EG009', detail = format('customer %s', p_customer_id),
                  hint = 'Wait for it; a run whose process is gone is resumed by the next call of '
                         'recalculate.';
    end if;
    for v_source in
        select s.* from engagement.activity_source s
        where s.detached_at is null
              and s.source not in ('social_score', 'adjustment', 'category_adjustment')
        order by s.source
    loop
        execute format('select exists (select from %s v where v.customer_id = $1)',
                       v_source.view_name)
            into v_is_shown using p_customer_id;
        if v_is_shown then
            raise exception 'the host still shows activity of the customer'
                using errcode = 'EG013',
                      detail = format('customer %s, source %s', p_customer_id, v_source.source),
                      hint = 'Erase or anonymise the customer in the host first.';
        end if;
    end loop;
    for v_merge in
        select m.* from engagement.customer_merge m
        where m.into_id = p_customer_id and m.unmerged_at is null
        order by m.from_id
    loop
        call engagement.erase_customer(v_merge.from_id);
    end loop;
    select m.* into v_merge from engagement.customer_merge m
    where m.from_id = p_customer_id and m.unmerged_at is null;
    if found then
        perform engagement.part_customer(v_merge.from_id, v_merge.into_id);
    end if;
    v_inputs := array(
        select s.source_id from engagement.social_score s where s.customer_id = p_customer_id
        union all
        select a.source_id from engagement.score_adjustment a where a.customer_id = p_customer_id
        union all
        select m.source_id from engagement.merged_input m where m.customer_id = p_customer_id
    );
    -- Voided awards too: the next run would have summed their companies but no longer finds them.
    select array_agg(distinct w.employer_id) filter (where w.employer_id <> p_customer_id),
           array_agg(distinct w.source || ' ' || w.source_id::text)
    into v_employers, v_activities
    from engagement.award w
    where w.customer_id = p_customer_id;
    select array_agg(distinct w.customer_id), v_employers || array_agg(distinct w.employer_id)
    into v_holders, v_employers
    from engagement.award w
    where w.source_id = any (v_inputs) and w.source in ('adjustment', 'category_adjustment', 'social_score')
          and w.customer_id <> p_customer_id;
    if engagement.parameter('EMPLOYER_ATTRIBUTION') = 'CURRENT' then
        select array_agg(s.customer_id) into v_companies
        from engagement.customer_score s
        where (s.employee_score, s.employee_ytd_score, s.employee_overview_score) <> (0, 0, 0);
        select v_companies || array_agg(c.customer_id) into v_companies
        from engagement.category_score c
        where c.employee_score <> 0;
    end if;
    v_employers := array(
        select e.id
        from (
            select u.id from unnest(v_employers || v_companies || v_holders) u (id)
            union
            select m.employer_id::engagement.host_key from engagement_host.employment m
            where m.employee_id = p_customer_id
        ) e (id)
        where e.id <> p_customer_id
        order by e.id
    );
    perform engagement.erase_reversals(p_customer_id, v_activities);
    delete from engagement.social_score s where s.customer_id = p_customer_id;
    delete from engagement.score_adjustment a where a.customer_id = p_customer_id;
    delete from engagement.merged_input m where m.customer_id = p_customer_id;
    delete from engagement.customer_merge m where p_customer_id in (m.from_id, m.into_id);
    delete from engagement.social_upload u
    where engagement.try_key(btrim(u.customer_id)) = p_customer_id;
    delete from engagement.scoring_failure f
    where f.keys = array[p_customer_id::text] and f.activity_column = 'customer_id'
          or f.source || ' ' || f.source_id = any (v_activities)
          or f.source in ('adjustment', 'category_adjustment', 'social_score')
             and f.source_id = any (v_inputs::text[]);
    update engagement.scoring_failure f
    set keys = array_remove(f.keys, p_customer_id::text)
    where f.activity_column = 'customer_id' and p_customer_id::text = any (f.keys);
    update engagement.pending_activity p
    set keys = array_remove(p.keys, p_customer_id::text)
    where p.activity_column = 'customer_id' and p_customer_id::text = any (p.keys);
    delete from engagement.pending_activity p where p.keys = '{}';
    delete from engagement.recalculation_customer c where c.customer_id = p_customer_id;
    delete from engagement.award w where w.customer_id = p_customer_id;
    delete from engagement.award w
    where w.source_id = any (v_inputs)
          and w.source in ('adjustment', 'category_adjustment', 'social_score');
    delete from engagement.category_score c where c.customer_id = p_customer_id;
    delete from engagement.customer_score s where s.customer_id = p_customer_id;
    -- A customer that the host still shows, without activity, gets a score of 0, as from a run.
    v_employers := v_employers || p_customer_id;
    perform engagement.write_totals(
        p_customer_ids => v_employers, p_as_of => null, p_always_stamp => true,
        p_follow_clock => false);
    perform engagement.rank_customers(v_employers);
    delete from engagement.score_event e where e.customer_id = p_customer_id;
end
$$;
comment on procedure engagement.erase_customer(engagement.host_key) is
    'Deletes all rows of a person (ledger, scores, social scores, adjustments, events, queue), '
    'then sums and ranks their companies again. Customers who are merged into the person are '
    'deleted too; a merge of the person into somebody else is taken back first. A person whom the '
    'host still shows has a score of 0. Raises EG001 for an unknown customer, EG009 while a '
    'recalculation is running, EG013 while the host still shows activity of the customer.';
