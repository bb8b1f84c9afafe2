-- Internal. Generates the routines of the totals and of every source and attachment again, from the
-- present templates. Routines whose view or table is gone or changed cannot be generated and stay
-- as they are; `engagement check` names them.
-- Reads: activity_source, attached_table. Writes: the generated routines, and what
-- spare_inserts writes. Locks: the setup lock; as spare_inserts.
create or replace function engagement.regenerate()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_source text;
begin
    perform engagement.lock_setup();
    perform engagement.generate_totals();
    for v_source in
        select s.source
        from engagement.activity_source s
        where s.detached_at is null and to_regclass(s.view_name) is not null
        order by s.source
    loop
        perform engagement.clone_templates(v_source);
    end loop;
    perform engagement.renew_capture(a.attachment_id)
    from engagement.attached_table a
    where to_regclass(engagement.source_view(a.source)) is not null
    order by a.attachment_id;
    perform engagement.spare_inserts(s.source)
    from engagement.activity_source s
    where s.detached_at is null
    order by s.source;
end
$$;
comment on function engagement.regenerate() is
    'Internal: generates the routines of all sources and attachments again, whether an adapter or '
    'a person registered them.';
