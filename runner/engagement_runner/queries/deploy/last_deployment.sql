-- The deployment that was made last.
select row_to_json(d)::text
from (
    select l.release, l.package_version, l.deployed_at
    from engagement_meta.deployment as l
    order by l.deployment_id desc
    limit 1
) as d
