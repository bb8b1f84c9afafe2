-- Internal. Code that the host's views call runs as the package's owner. If the package's owner is
-- a superuser, code of another role would give that role a superuser's rights, so it is refused. If
-- not, the host can at most act as the package's owner, who has allowed that by deploying the
-- adapter.
-- Reads: pg_catalog. Raises: EG015.
create or replace function engagement.check_trusted(p_relation regclass, p_what text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_owner text;
    v_code text;
begin
    select r.rolname into v_owner
    from pg_namespace n
    inner join pg_roles r on r.oid = n.nspowner and r.rolsuper
    where n.oid = 'engagement'::regnamespace;
    if not found then
        return;
    end if;
    v_code := engagement.foreign_code(p_relation);
    if v_code is not null then
        raise exception 'code of another role would run as a superuser'
            using errcode = 'EG015', detail = format('%s runs %s', p_what, v_code),
                  hint = format('Give it to a superuser (alter function … owner to %I; views and '
                                'domains likewise), or deploy as a role that is no superuser.',
                                v_owner);
    end if;
end
$$;
comment on function engagement.check_trusted(regclass, text) is
    'Internal: raises EG015 if the package belongs to a superuser and a relation runs code of a '
    'role that is not one; p_what names the relation in the error.';
