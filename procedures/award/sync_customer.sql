-- Internal. A change of a customer's own row changes no award; the next run sums the customer. The
-- trigger on the host's customers calls this routine as other triggers call the sync_awards of
-- their source.
create or replace function engagement.sync_customer(
    p_activity_column text, p_keys text[], p_at timestamptz, p_is_new boolean, p_limit integer
)
returns bigint[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return array[0, 0];
end
$$;
comment on function engagement.sync_customer(text, text[], timestamptz, boolean, integer) is
    'Internal: no award depends on the row of a customer.';
