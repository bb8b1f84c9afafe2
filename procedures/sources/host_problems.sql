-- API. Changes of the host's tables and views that keep a source from being read, or changes from
-- being captured; each with the statement that repairs it. `engagement check` shows them, and a run
-- acts on them.
--
--   SOURCE       the view of a source is gone or cannot be read: its scores stay as they are
--   VIEW         one of the three views that every host has is gone or cannot be read, or the
--                optional one cannot: what is looked up there stays as it is
--   ATTACHMENT   the table is gone, or its key cannot be computed: nothing is captured by key
--   CHANGED      the table has changed since the triggers' routine was generated
--   TRIGGER      a trigger is missing or disabled
--   REPLICATION  a subscription writes to the table, and fires no statement triggers
--   CHILD        an inheritance child of the table has no triggers of its own
--   PARENT       the table is a partition or a child of a table without triggers, and statements on
--                that table write to it
--
-- A table that another session has locked for more than half a second (less than the server takes
-- to find a deadlock) is passed over. Definer, because operators may not read the host's tables. It
-- takes names and keys from the package's own tables.
-- Reads: activity_source, attached_table, pg_catalog, the views and tables (but none of their
-- rows).
create or replace function engagement.host_problems()
returns table (
    problem_type text,
    source text,
    object_name text,
    is_missed boolean,
    sqlstate_code text,
    problem text,
    hint text
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set lock_timeout = '500ms'
as $$
declare
    v_present record;
    v_problem engagement.host_problem;
    v_told engagement.host_problem[] := '{}';
begin
    return query select p.* from engagement.view_problems() p;
    for v_present in
        select p.attachment_id, p.table_id, p.table_name, p.key_expression
        from engagement.attached_table a
        inner join engagement.present_attachments() p on p.attachment_id = a.attachment_id
        order by p.table_name, a.source, a.attachment_id
    loop
        for v_problem in
            select k.*
            from engagement.key_problems(v_present.attachment_id, v_present.table_id,
                                         v_present.table_name, v_present.key_expression) k
            union all
            select t.*
            from engagement.trigger_problems(v_present.attachment_id, v_present.table_id,
                                             v_present.table_name, v_present.key_expression) t
            union all
            select i.*
            from engagement.inheritance_problems(v_present.attachment_id, v_present.table_id,
                                                 v_present.table_name, v_present.key_expression) i
        loop
            -- A table that is attached several times may have one problem for all.
            continue when v_problem = any (v_told);
            v_told := v_told || v_problem;
            return query select v_problem.*;
        end loop;
    end loop;
end
$$;
comment on function engagement.host_problems() is
    'Changes of the host''s tables and views that keep sources from being read or changes from '
    'being captured: problem_type (SOURCE, VIEW, ATTACHMENT, CHANGED, TRIGGER, REPLICATION, CHILD, '
    'PARENT), source, object_name, is_missed (each run compares the whole source until this is '
    'repaired; for SOURCE and VIEW: nothing is scored by it), sqlstate_code (NULL unless a run '
    'counts it as a failure), problem, hint (how to repair it). No rows: no problem.';
