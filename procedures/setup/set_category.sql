-- API. Sets up a category: its name and place on a card, and what of it counts in the total. The
-- latter is audited, and the next run sums everybody. Definer, because a role that sets up
-- categories writes neither the audit nor the queue. A trigger would not do: a cluster copies the
-- table to its nodes.
-- Reads and writes: category, setup_change, pending_activity.
-- Locks: the setup lock, until the end of the transaction. Raises: EG004, EG010.
create or replace function engagement.set_category(p_category_code text, p_changes jsonb)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_old engagement.category;
    v_new engagement.category;
    v_unknown text;
begin
    perform engagement.lock_setup();
    select string_agg(k, ', ') into v_unknown
    from jsonb_object_keys(
        case when jsonb_typeof(p_changes) = 'object' then p_changes
             else '{"(not an object)": 0}' end
    ) k
    where k not in ('category_name', 'sort_order', 'counts_in_total', 'cap_points', 'is_ranked',
                    'inactivity_steps');
    if v_unknown is not null or p_changes is null then
        raise exception 'unknown key in the changes of a category'
            using errcode = 'EG010',
                  detail = format('category %L, key %s', p_category_code, v_unknown),
                  hint = 'Use category_name, sort_order, counts_in_total, cap_points, is_ranked '
                         'and inactivity_steps.';
    end if;
    select * into v_old from engagement.category c where c.category_code = p_category_code;
    v_new := v_old;
    if v_old.category_code is null then
        v_new.category_code := p_category_code;
        v_new.category_name := initcap(replace(p_category_code, '_', ' '));
        v_new.sort_order := 50;
        v_new.counts_in_total := true;
        v_new.is_ranked := false;
    end if;
    begin
        v_new := jsonb_populate_record(v_new, p_changes);
        v_new.category_name := nullif(btrim(v_new.category_name), '');
        v_new.inactivity_steps := nullif(v_new.inactivity_steps, '{}');
        perform engagement.check_steps(v_new.inactivity_steps,
                                       format('category %L', p_category_code));
        insert into engagement.category (
            category_code, category_name, sort_order, counts_in_total, cap_points, is_ranked,
            inactivity_steps
        )
        values (v_new.category_code, v_new.category_name, v_new.sort_order,
                v_new.counts_in_total, v_new.cap_points, v_new.is_ranked, v_new.inactivity_steps)
        on conflict (category_code) do update
        set category_name = excluded.category_name, sort_order = excluded.sort_order,
            counts_in_total = excluded.counts_in_total, cap_points = excluded.cap_points,
            is_ranked = excluded.is_ranked, inactivity_steps = excluded.inactivity_steps;
    exception when data_exception or integrity_constraint_violation then
        raise exception 'value does not fit the category'
            using errcode = 'EG004', detail = format('category %L: %s', p_category_code, sqlerrm),
                  hint = 'A code has capital letters, digits and _; a cap is a number from 0, or '
                         'null; counts_in_total and is_ranked are true or false; '
                         'inactivity_steps is a list such as [[12, 75], [24, 50]].';
    end;
    if (coalesce(v_old.counts_in_total, true), v_old.cap_points, coalesce(v_old.is_ranked, false),
        v_old.inactivity_steps)
       is distinct from (v_new.counts_in_total, v_new.cap_points, v_new.is_ranked,
                         v_new.inactivity_steps)
    then
        insert into engagement.setup_change (
            changed_at, changed_by, object_type, object_name, old_value, new_value
        )
        values (
            clock_timestamp(), session_user, 'CATEGORY', p_category_code,
            case when v_old.category_code is not null then to_jsonb(v_old) end, to_jsonb(v_new)
        );
        insert into engagement.pending_activity (source) values ('customer');
    end if;
end
$$;
comment on function engagement.set_category(text, jsonb) is
    'Adds a category, or changes the keys of p_changes: category_name, sort_order, counts_in_total '
    '(false: it is not in the total), cap_points (what of a customer''s own points of it counts in '
    'the total at most; null: all), is_ranked (customers have a percentile in it), '
    'inactivity_steps (months without activity and percent of its points that count from then on, '
    'e.g. [[12, 75], [24, 50]]; null: always all). The next run sums and ranks everybody by it. '
    'Raises EG004 for a value that does not fit, EG010 for another key.';
