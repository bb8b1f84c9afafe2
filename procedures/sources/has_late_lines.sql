-- Internal. Whether the foreign key that spares an attachment its INSERT trigger still proves that
-- a row just inserted has no lines. Every run asks, so it is a look-up in the catalogue only; a
-- changed view is noticed by its fingerprint.
-- Reads: attached_table, pg_catalog.
create or replace function engagement.has_late_lines(p_attachment_id integer)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (
        select
        from engagement.late_line_keys(p_attachment_id) k
        inner join engagement.attached_table a on a.attachment_id = p_attachment_id
        where k.line_table = a.line_table and k.line_key = a.line_key
    );
end
$$;
comment on function engagement.has_late_lines(integer) is
    'Internal: true if the foreign key that spares an attached table its INSERT trigger is still '
    'in force.';
