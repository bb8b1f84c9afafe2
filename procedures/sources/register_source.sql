-- API. Makes a view an activity source: checks it and generates the routines that award from it.
-- Definer: the objects it creates belong to the package's owner, whoever calls.
-- Reads: engagement_type, pg_catalog.
-- Writes: activity_source, reversal, reversed_activity, pending_activity, generated routines.
-- Locks: the setup lock. Raises: EG005, EG006, EG007, EG015.
create or replace procedure engagement.register_source(
    p_source text, p_engagement_type text, p_effective_when text, p_view regclass
)
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
    v_old engagement.activity_source;
    v_view_name text;
    v_fingerprint text;
    v_needs_effective_when boolean;
    v_has_reversals boolean := exists (
        select from pg_attribute a
        where a.attrelid = p_view and a.attname = 'reverses_id' and a.attnum > 0);
begin
    perform engagement.lock_setup();
    if p_source is null or p_source !~ '^[a-z][a-z0-9_]{0,29}$' or p_source ~ '__'
       or p_source in ('customer', 'employment') then
        raise exception 'source name is not valid'
            using errcode = 'EG006', detail = format('source %L', p_source),
                  hint = 'Use small letters, digits and single _, at most 30; customer and '
                         'employment are taken.';
    end if;
    select t.needs_effective_when into v_needs_effective_when
    from engagement.engagement_type t
    where t.engagement_type = p_engagement_type;
    if not found then
        raise exception 'unknown engagement type'
            using errcode = 'EG005',
                  detail = format('source %s, engagement type %L', p_source, p_engagement_type),
                  hint = format('Take one of those in engagement.engagement_type, or add a row: '
                                'insert into engagement.engagement_type values (%L, %L, false);',
                                p_engagement_type, p_engagement_type);
    end if;
    if p_effective_when not in ('ORDER_CREATION', 'INVOICE_CREATION')
       or (v_needs_effective_when and p_effective_when is null) then
        raise exception 'effective-when is not valid'
            using errcode = 'EG005',
                  detail = format('source %s, effective_when %L', p_source, p_effective_when),
                  hint = format('Use ORDER_CREATION or INVOICE_CREATION: call '
                                'engagement.register_source(%L, %L, %L, %L);',
                                p_source, p_engagement_type, 'ORDER_CREATION', p_view);
    end if;
    if p_view is null
       or not exists (select from pg_class c where c.oid = p_view and c.relkind = 'v') then
        raise exception 'an activity source is a view'
            using errcode = 'EG007',
                  detail = format('source %s: %s is not a view', p_source,
                                  coalesce(p_view::text, 'NULL')),
                  hint = 'Create a view in schema engagement_host and register it.';
    end if;
    perform engagement.check_view(
        p_view,
        array['source_id', 'document_id', 'customer_id', 'employer_id', 'subject_id',
              'subject_class', 'quantity', 'amount', 'occurred_at', 'ended_at']
        || case when v_has_reversals then array['reverses_id'] else '{}' end,
        array['host_key', 'host_key', 'host_key', 'host_key', 'text', 'text',
              'numeric', 'numeric', 'timestamptz', 'timestamptz']
        || case when v_has_reversals then array['host_key'] else '{}' end);
    perform engagement.check_required_views();
    perform engagement.check_trusted(p_view, format('view %s', p_view));
    -- The deployer uses this to list the sources that an adapter no longer registers.
    perform set_config('engagement.registered_sources',
                       concat_ws(',', nullif(current_setting('engagement.registered_sources', true),
                                             ''), p_source), true);

    select format('%I.%I', n.nspname, c.relname) into v_view_name
    from pg_class c
    inner join pg_namespace n on n.oid = c.relnamespace
    where c.oid = p_view;
    v_fingerprint := engagement.view_fingerprint(v_view_name);
    select * into v_old from engagement.activity_source s where s.source = p_source;
    if found and v_old.detached_at is null
       and v_old.view_name = v_view_name
       and v_old.view_fingerprint = v_fingerprint
       and v_old.engagement_type = p_engagement_type
       and v_old.effective_when is not distinct from p_effective_when then
        perform engagement.clone_templates(p_source);
        return;
    end if;
    insert into engagement.activity_source (
        source, engagement_type, effective_when, view_name, view_fingerprint, registered_at,
        has_reversals
    )
    values (p_source, p_engagement_type, p_effective_when, v_view_name, v_fingerprint,
            clock_timestamp(), v_has_reversals)
    on conflict (source) do update
    set engagement_type = excluded.engagement_type,
        effective_when = excluded.effective_when,
        view_name = excluded.view_name,
        view_fingerprint = excluded.view_fingerprint,
        registered_at = excluded.registered_at,
        has_reversals = excluded.has_reversals,
        detached_at = null;
    if not v_has_reversals then
        delete from engagement.reversal r where r.source = p_source;
        delete from engagement.reversed_activity n where n.source = p_source;
    end if;
    perform engagement.clone_templates(p_source);
    -- The view may now read other columns. A table that the host has changed meanwhile is not an
    -- error here: the adapter attaches its tables after this, and host_problems reports the rest.
    perform engagement.renew_capture(a.attachment_id)
    from engagement.attached_table a
    where a.source = p_source;
    insert into engagement.pending_activity (source) values (p_source), ('customer');
end
$$;
comment on procedure engagement.register_source(text, text, text, regclass) is
    'Makes a view of the contract''s shape an activity source, or replaces the source of that '
    'name. p_effective_when is ORDER_CREATION, INVOICE_CREATION or NULL. Raises EG005, EG006 '
    '(name), EG007 (shape; the detail names each column), EG015 (the view runs code of a role that '
    'is not trusted).';
