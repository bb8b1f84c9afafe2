-- Internal. Checks the three views that every host adapter defines besides its sources, and the
-- optional one, merged_customer, where it is there.
-- Reads: pg_catalog. Raises: EG007, EG015.
create or replace function engagement.check_required_views()
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_missing text;
begin
    select string_agg(u.n, ', ') into v_missing
    from unnest(array['customer', 'employment', 'subject']) u (n)
    where to_regclass('engagement_host.' || u.n) is null;
    if v_missing is not null then
        raise exception 'required host views are missing'
            using errcode = 'EG007',
                  detail = format('missing in schema engagement_host: %s', v_missing),
                  hint = 'Define them in the host adapter. A view without rows is enough.';
    end if;
    perform engagement.check_view(
        'engagement_host.customer'::regclass,
        array['customer_id', 'customer_type', 'display_name', 'is_active'],
        array['host_key', 'text', 'text', 'boolean']);
    perform engagement.check_view(
        'engagement_host.employment'::regclass,
        array['employee_id', 'employer_id', 'is_primary', 'begin_on', 'end_on'],
        array['host_key', 'host_key', 'boolean', 'date', 'date']);
    perform engagement.check_view(
        'engagement_host.subject'::regclass,
        array['engagement_type', 'subject_id', 'subject_class', 'display_name'],
        array['text', 'text', 'text', 'text']);
    if to_regclass('engagement_host.merged_customer') is not null then
        perform engagement.check_view(
            'engagement_host.merged_customer'::regclass,
            array['from_id', 'into_id'],
            array['host_key', 'host_key']);
    end if;
    perform engagement.check_trusted(format('engagement_host.%s', u.n)::regclass,
                                     format('view engagement_host.%s', u.n))
    from unnest(array['customer', 'employment', 'subject', 'merged_customer']) u (n)
    where to_regclass('engagement_host.' || u.n) is not null;
end
$$;
comment on function engagement.check_required_views() is
    'Internal: raises EG007 unless engagement_host.customer, employment and subject exist with the '
    'right columns, and merged_customer, if it exists, has them; EG015 if they run code that is '
    'not trusted.';
