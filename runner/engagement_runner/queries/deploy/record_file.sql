-- Note that a file has been applied.
insert into engagement_meta.applied_file (path, kind, checksum, applied_at, applied_by, package_version)
values (%(path)s, %(kind)s, %(checksum)s, now(), current_user, %(version)s)
on conflict (path) do update set
    kind = excluded.kind,
    checksum = excluded.checksum,
    applied_at = excluded.applied_at,
    applied_by = excluded.applied_by,
    package_version = excluded.package_version
