-- What has been deployed: read by `engagement status` and `engagement check`, written by the
-- deployer alone.
create schema if not exists engagement_meta;
comment on schema engagement_meta is
    'pg-engagement: which files of the package have been applied to this database.';

create table engagement_meta.applied_file (
    path text not null,
    kind text not null,
    checksum text not null,
    applied_at timestamptz not null default now(),
    applied_by text not null default current_user,
    package_version text not null,
    constraint applied_file_pkey primary key (path)
);
comment on table engagement_meta.applied_file is
    'One row per file of the package that is applied here.';
comment on column engagement_meta.applied_file.path is
    'Path inside the package, e.g. procedures/recalculate.sql.';
comment on column engagement_meta.applied_file.kind is
    'migration, routine, trigger, view, seed, grants, host or index.';
comment on column engagement_meta.applied_file.checksum is
    'SHA-256 of the file as it was applied, hexadecimal.';
comment on column engagement_meta.applied_file.applied_at is 'When it was last applied.';
comment on column engagement_meta.applied_file.applied_by is 'The role that applied it.';
comment on column engagement_meta.applied_file.package_version is
    'Version of pg-engagement that applied it.';

create table engagement_meta.deployed_routine (
    routine_name text not null,
    identity_args text not null,
    fingerprint text not null,
    path text not null,
    constraint deployed_routine_pkey primary key (routine_name, identity_args)
);
comment on table engagement_meta.deployed_routine is
    'One row per routine of the package as the deployer left it; check compares the catalogue with '
    'it.';
comment on column engagement_meta.deployed_routine.routine_name is 'Name in schema engagement.';
comment on column engagement_meta.deployed_routine.identity_args is
    'Arguments as pg_get_function_identity_arguments prints them.';
comment on column engagement_meta.deployed_routine.fingerprint is
    'MD5 of arguments, result, source, settings, security, volatility and language.';
comment on column engagement_meta.deployed_routine.path is 'The file that declares it.';
