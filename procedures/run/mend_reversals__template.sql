-- Internal. Template: brings the reversals of the whole source into line with the view, before its
-- awards are compared. What an open transaction has locked is left to the queue.
-- Definer: the host's views run as the package's owner.
-- Reads: the view. Writes: reversal, reversed_activity, pending_activity.
create or replace function engagement.mend_reversals__template()
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set lock_timeout = '200ms'
as $$
declare
    v_ids engagement.host_key[] := array(
        select distinct d.source_id from engagement.differing_reversals__template() d);
    v_slice engagement.host_key[];
begin
    for v_first in 1 .. cardinality(v_ids) by 1000 loop
        v_slice := v_ids[v_first : v_first + 999];
        begin
            perform engagement.sync_reversals__template(v_slice);
            perform engagement.sum_reversals('template', v_slice);
        exception when lock_not_available then
            insert into engagement.pending_activity (source, activity_column, keys)
            values ('template', 'source_id', v_slice::text[]);
        end;
    end loop;
end
$$;
comment on function engagement.mend_reversals__template() is
    'Internal: template: mends what is stored of the source''s reversals.';
