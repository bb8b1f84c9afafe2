-- Note a deployment.
insert into engagement_meta.deployment (release, package_version)
values (%(release)s, %(version)s)
