-- Which release of the package's files was deployed here, so that an older command can tell.
create table engagement_meta.deployment (
    deployment_id integer not null,
    release integer not null,
    package_version text not null,
    deployed_at timestamptz not null default now(),
    deployed_by text not null default current_user,
    constraint deployment_pkey primary key (deployment_id)
);
comment on table engagement_meta.deployment is
    'One row per deployment that changed something. The last one says which release is deployed.';
comment on column engagement_meta.deployment.deployment_id is
    'Number of the deployment, from 1. It is taken under the deploy lock.';
comment on column engagement_meta.deployment.release is
    'Number of the release of the package''s files; it moves with every change of them.';
comment on column engagement_meta.deployment.package_version is
    'Version of pg-engagement that deployed.';
comment on column engagement_meta.deployment.deployed_at is 'When.';
comment on column engagement_meta.deployment.deployed_by is 'The role that deployed.';
