-- Release of the package's files that was deployed last.
select d.release
from engagement_meta.deployment as d
order by d.deployment_id desc
limit 1
