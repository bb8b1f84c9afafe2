-- Internal. Brings the awards of employees into line with a change of their employments. The
-- trigger on the host's employments calls this routine as other triggers call the sync_awards of
-- their source.
-- Writes: award through sync_awards__SOURCE.
create or replace function engagement.sync_employment(
    p_activity_column text, p_keys text[], p_at timestamptz, p_is_new boolean, p_limit integer
)
returns bigint[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return array[engagement.award_customers(p_keys, p_at, p_limit), 0];
end
$$;
comment on function engagement.sync_employment(text, text[], timestamptz, boolean, integer) is
    'Internal: re-derives the activities of these employees, recorded at p_at, unless there are '
    'more than p_limit.';
