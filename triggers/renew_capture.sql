-- Generates the routine of an attachment anew, and says why where that is not possible: the host
-- has changed the table beyond recognition. The routine of before then stays; whatever fails in it
-- is caught there.
-- Writes: as generate_capture.
create or replace function engagement.renew_capture(
    p_attachment_id integer, out sqlstate_code text, out message text
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform engagement.generate_capture(p_attachment_id);
exception
    when connection_exception then
        raise;  -- a node of the cluster is away: see run_whole
    when others then
        sqlstate_code := sqlstate;
        message := sqlerrm;
end
$$;
comment on function engagement.renew_capture(integer) is
    'Internal: generates an attachment''s routine anew; the SQLSTATE and message of what kept it '
    'from that, else NULL.';
