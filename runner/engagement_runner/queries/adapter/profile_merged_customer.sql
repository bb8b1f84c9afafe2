-- What the rows of the optional view merged_customer are like, as engagement.profile_source says it
-- of a source's.
with pair as (
    select
        p.from_id,
        p.into_id,
        p.problem
    from (
        select
            array_agg(v.from_id::engagement.host_key) as from_ids,
            array_agg(v.into_id::engagement.host_key) as into_ids
        from engagement_host.merged_customer as v
    ) as a
    cross join lateral engagement.merge_pairs(a.from_ids, a.into_ids) as p
),

fact as (
    select
        (select count(*) from engagement_host.merged_customer) as row_count,
        (select count(distinct p.from_id) from pair as p) as customer_count
)

select
    json_build_object(
        'view', 'merged_customer',
        'holds', 'who was merged into whom',
        'row_count', f.row_count,
        'customer_count', f.customer_count,
        'sample', (
            select coalesce(json_agg(s), '[]')
            from (
                select v.* from engagement_host.merged_customer as v limit %(sample_count)s
            ) as s
        )
    )::text as profile,
    (
        select coalesce(json_agg(to_jsonb(d) - 'position' order by d.position, d.finding), '[]')
        from (
            select
                1 as position,
                'problem' as severity,
                'pairs ' || p.problem as finding,
                count(*) as row_count,
                min(coalesce(p.from_id, p.into_id)::text) as example,
                'A run leaves these pairs out. Show for each customer the one that it was merged '
                || 'into, and nothing for others. '
                || 'select * from engagement_host.merged_customer limit 20;' as hint
            from pair as p
            where p.problem is not null
            group by p.problem
            union all
            select
                2,
                'problem',
                'into_id is neither in engagement_host.customer nor merged further',
                count(*),
                min(p.into_id::text),
                'What was entered for the double would count for a customer whom nobody sees. '
                || 'select v.into_id from engagement_host.merged_customer as v except '
                || 'select c.customer_id from engagement_host.customer as c;'
            from pair as p
            where
                p.problem is null
                and not exists (
                    select from engagement_host.customer as c where c.customer_id = p.into_id
                )
                and not exists (select from pair as n where n.from_id = p.into_id)
            having count(*) > 0
        ) as d
    )::text as findings
from fact as f
