-- API. Makes a view of the host an outcome that scores can be compared with. It needs no triggers
-- and earns nothing: engagement.backtest reads it when somebody asks.
-- Reads: pg_catalog, the setting engagement.made_by of the transaction. Writes: outcome_source.
-- Locks: the setup lock. Raises: EG007, EG015, EG017.
create or replace procedure engagement.register_outcome(
    p_outcome text, p_view regclass, p_description text default ''
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform engagement.lock_setup();
    if p_outcome is null or p_outcome !~ '^[A-Z][A-Z0-9_]{0,39}$' then
        raise exception 'outcome name is not valid'
            using errcode = 'EG017', detail = format('outcome %L', p_outcome),
                  hint = 'Use capital letters, digits and _, at most 40; for example RENEWAL.';
    end if;
    if p_view is null
       or not exists (select from pg_class c
                      where c.oid = p_view and c.relkind = 'v' and c.relpersistence <> 't') then
        raise exception 'an outcome is a view'
            using errcode = 'EG007',
                  detail = format('outcome %s: %s is no lasting view', p_outcome,
                                  coalesce(p_view::text, 'NULL')),
                  hint = 'Create a view in schema engagement_host and register it.';
    end if;
    perform engagement.check_view(
        p_view,
        array['customer_id', 'decided_at', 'happened', 'value'],
        array['host_key', 'timestamptz', 'boolean', 'numeric']);
    perform engagement.check_trusted(p_view, format('view %s', p_view));
    insert into engagement.outcome_source (
        outcome, view_name, description, made_by, registered_at
    )
    select p_outcome, format('%I.%I', n.nspname, c.relname), coalesce(p_description, ''),
           coalesce(nullif(current_setting('engagement.made_by', true), ''), 'HAND'),
           clock_timestamp()
    from pg_class c
    inner join pg_namespace n on n.oid = c.relnamespace
    where c.oid = p_view
    on conflict (outcome) do update
    set view_name = excluded.view_name,
        description = excluded.description,
        made_by = excluded.made_by,
        registered_at = excluded.registered_at;
    -- The end of the deployment removes the outcomes that the adapter no longer registers.
    perform set_config('engagement.registered_outcomes',
                       concat_ws(',', nullif(current_setting('engagement.registered_outcomes',
                                                             true), ''), p_outcome), true);
end
$$;
comment on procedure engagement.register_outcome(text, regclass, text) is
    'Makes a view an outcome that engagement.backtest compares scores with, or replaces the '
    'outcome of that name. Its columns: customer_id; decided_at, the instant until which it was '
    'open; happened; value, which may be NULL. Raises EG007 (shape; the detail names each '
    'column), EG015 (the view runs code of a role that is not trusted), EG017 (name).';
