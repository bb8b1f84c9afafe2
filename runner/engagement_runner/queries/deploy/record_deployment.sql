-- Note a deployment. It holds the deploy lock, so nobody else takes the number.
insert into engagement_meta.deployment (deployment_id, release, package_version)
select
    coalesce(max(d.deployment_id), 0) + 1,
    %(release)s,
    %(version)s
from engagement_meta.deployment as d
