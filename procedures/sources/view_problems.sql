-- Internal. The part of host_problems about views: SOURCE and VIEW. A view that somebody has locked
-- is passed over after the caller's lock_timeout. Definer: the views run as the package's owner.
-- Reads: activity_source, the views (no row of them).
create or replace function engagement.view_problems()
returns setof engagement.host_problem
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
    v_redeploy constant text :=
        'Correct the adapter and deploy it: engagement deploy --host FILE.sql.';
    v_source text;
    v_view text;
    v_columns text;
    v_probe refcursor;
begin
    for v_source, v_view in
        select s.source, s.view_name
        from engagement.activity_source s
        where s.detached_at is null
        order by s.source
    loop
        begin
            open v_probe for execute format('select from %s v limit 0', v_view);
            close v_probe;
        exception
            when lock_not_available then
                null;
            when others then
                return query
                select 'SOURCE', v_source, v_view, true, sqlstate,
                       case when to_regclass(v_view) is null
                            then format('view %s of source %s does not exist', v_view, v_source)
                            else format('view %s of source %s cannot be read: %s', v_view,
                                        v_source, sqlerrm) end,
                       format('%s If the source is no more: '
                              'call engagement.unregister_source(%L);', v_redeploy, v_source);
        end;
    end loop;
    for v_view, v_columns in
        select 'engagement_host.' || u.n, u.columns
        from (values
            ('customer', 'customer_id, customer_type, display_name, is_active'),
            ('employment', 'employee_id, employer_id, is_primary, begin_on, end_on'),
            ('subject', 'engagement_type, subject_id, subject_class, display_name'),
            ('merged_customer', 'from_id, into_id')
        ) u (n, columns)
        where exists (select from engagement.activity_source s where s.detached_at is null)
              and (u.n <> 'merged_customer'  -- a host may do without
                   or to_regclass('engagement_host.merged_customer') is not null)
    loop
        begin
            open v_probe for execute format('select %s from %s v limit 0', v_columns, v_view);
            close v_probe;
        exception
            when lock_not_available then
                null;
            when others then
                return query
                select 'VIEW', null, v_view, true, sqlstate,
                       case when to_regclass(v_view) is null
                            then format('view %s does not exist', v_view)
                            else format('view %s cannot be read: %s', v_view, sqlerrm) end,
                       v_redeploy;
        end;
    end loop;
end
$$;
comment on function engagement.view_problems() is
    'Internal: problems of host_problems with the views of sources, with the three views that '
    'every host has, and with merged_customer where the host has it.';
