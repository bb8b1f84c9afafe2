-- Internal. Reads a customer's key that somebody has typed. Text that cannot be a key, such as a
-- name, raises an error that says so. The command's queries read every customer through this
-- function.
-- Raises: EG001.
create or replace function engagement.customer_key(p_text text)
returns engagement.host_key
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_key engagement.host_key := engagement.try_key(p_text);
begin
    if v_key is null and p_text is not null then
        raise exception 'a customer is named by its key'
            using errcode = 'EG001',
                  detail = format('%L is not a key: keys are %s', p_text, (
                      select format_type(t.typbasetype, null)
                      from pg_type t where t.oid = 'engagement.host_key'::regtype)),
                  hint = 'engagement find NAME looks for a customer by name and shows its key.';
    end if;
    return v_key;
end
$$;
comment on function engagement.customer_key(text) is
    'Internal: typed text as a customer''s key; NULL for NULL. Raises EG001 for text that cannot '
    'be a key of the host.';
