-- Internal. Brings the awards of employees into line with a change of their employments. The
-- trigger on the host's employments calls this routine as other triggers call the sync_awards of
-- their source.
-- Writes: award through sync_awards__SOURCE.
create or replace function engagement.sync_employment(
    p_activity_column text, p_keys text[], p_at timestamptz, p_is_new boolean
)
returns bigint[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return array[engagement.award_customers(p_keys, p_at), 0];
end
$$;
comment on function engagement.sync_employment(text, text[], timestamptz, boolean) is
    'Internal: re-derives the activities of these employees (NULL: of everybody), recorded at '
    'p_at.';
