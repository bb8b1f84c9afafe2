-- Tables that are to be spread over the cluster, or copied to its nodes, and are not.
select t.name
from (
    values ('award', 'h'), ('customer_score', 'h'), ('category_score', 'h'),
    ('score_rule', 'n'), ('category', 'n'), ('app_parameter', 'n')
) as t (name, method)
where not exists (
    select from pg_catalog.pg_dist_partition as p
    where p.logicalrelid = pg_catalog.to_regclass('engagement.' || t.name)
    and p.partmethod::text = t.method
)
order by t.name
