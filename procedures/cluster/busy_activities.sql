-- Internal. Overlay: a cluster cannot skip rows that another session has locked, so this returns no
-- activity.
create or replace function engagement.busy_activities(
    p_source text, p_ids engagement.host_key[]
)
returns engagement.host_key[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return '{}';
end
$$;
comment on function engagement.busy_activities(text, engagement.host_key[]) is
    'Internal: on a cluster, always an empty array.';
