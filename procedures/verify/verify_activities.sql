-- Internal. Verifies the awards of one source. A source that waits for the next run is left out. A
-- row of the host that cannot be read is reported, and the others are verified.
-- Definer: it reads everything as the package's owner.
-- Reads: activity_source, pending_activity, recalculation_source, the view, the ledger.
create or replace function engagement.verify_activities(
    p_source text,
    p_from engagement.host_key,
    p_to engagement.host_key,
    p_sample numeric,
    p_seed integer
)
returns setof engagement.verify_difference
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
    v_unread engagement.host_key[] := '{}';
    v_row record;
    v_message text;
begin
    if exists (select from engagement.pending_activity p
               where p.source in (p_source, 'employment') and p.activity_column is null)
       or exists (select from engagement.recalculation_source r where r.source = p_source) then
        -- One that cannot be read is reported, because it would be left out for ever.
        return query
        select 'source cannot be read', null::engagement.host_key, p_source,
               null::engagement.host_key, null::integer, null::text, u
        from engagement.unread_source(p_source) u
        where u is not null;
        return;
    end if;
    for v_attempt in 1 .. 2 loop
        begin
            return query
            select v.* from engagement.verify_settled(
                p_source, p_from, p_to, p_sample, p_seed, v_unread) v;
            return;
        exception
            when connection_exception then
                raise;  -- a node of the cluster is away: verify proves nothing
            when others then
                v_message := format('%s %s', sqlstate, sqlerrm);
        end;
        if v_attempt = 1 and v_message like '22%' then
            begin
                for v_row in
                    select u.* from engagement.unread_activities(
                        p_source, p_from, p_to, p_sample, p_seed) u
                loop
                    v_unread := v_unread || v_row.source_id;
                    return query
                    select 'activity cannot be read', v_row.customer_id, p_source,
                           v_row.source_id, null::integer, null::text, v_row.message;
                end loop;
            exception
                when connection_exception then
                    raise;
                when others then
                    v_message := format('%s %s', sqlstate, sqlerrm);
            end;
        end if;
        if v_attempt = 2 or v_unread = '{}' then
            return query
            select 'source cannot be read', null::engagement.host_key, p_source,
                   null::engagement.host_key, null::integer, null::text, v_message;
            return;
        end if;
    end loop;
end
$$;
comment on function engagement.verify_activities(
    text, engagement.host_key, engagement.host_key, numeric, integer
) is
    'Internal: differences between the activities of a source and its live awards, except what is '
    'queued; also activities that cannot be read, or that the source cannot be read. For the '
    'customers that is_in_part selects.';
