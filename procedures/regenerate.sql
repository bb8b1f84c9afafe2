-- Generates the routines of the totals and of every source and attachment anew, with the generators
-- as they are now. What cannot be generated because its view or table is gone stays as it was:
-- `engagement check` names it.
-- Reads: activity_source, attached_table. Writes: the generated routines. Locks: the setup lock.
create or replace function engagement.regenerate()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_source text;
    v_attachment_id integer;
begin
    perform engagement.lock_setup();
    if engagement.is_distributed() then
        perform engagement.distribute_helpers();
    end if;
    perform engagement.generate_totals();
    for v_source in
        select s.source
        from engagement.activity_source s
        where s.detached_at is null and to_regclass(s.view_name) is not null
        order by s.source
    loop
        perform engagement.generate_source(v_source);
    end loop;
    for v_attachment_id in
        select a.attachment_id
        from engagement.attached_table a
        left join engagement.activity_source s on s.source = a.source
        where to_regclass(a.table_name) is not null
              and to_regclass(coalesce(s.view_name, 'engagement_host.' || a.source)) is not null
        order by a.attachment_id
    loop
        perform engagement.generate_capture(v_attachment_id);
    end loop;
end
$$;
comment on function engagement.regenerate() is
    'Internal: generates anew what registration generated, by adapter or by hand.';
