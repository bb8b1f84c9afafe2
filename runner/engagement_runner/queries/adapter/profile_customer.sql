-- What the rows of the view customer are like, as engagement.profile_source says it of a source's.
with customer as (
    select
        count(*) as row_count,
        count(distinct c.customer_id) as customer_count,
        count(*) filter (where c.customer_id is null) as no_key_count,
        count(c.customer_id) - count(distinct c.customer_id) as surplus_count,
        count(*) filter (
            where c.customer_type is null or c.customer_type not in ('INDIVIDUAL', 'COMPANY')
        ) as bad_type_count,
        min(c.customer_id::text) filter (
            where c.customer_type is null or c.customer_type not in ('INDIVIDUAL', 'COMPANY')
        ) as bad_type_key,
        count(*) filter (where c.customer_type = 'COMPANY') as company_count,
        count(*) filter (where c.is_active is null) as no_state_count,
        min(c.customer_id::text) filter (where c.is_active is null) as no_state_key,
        count(*) filter (where c.display_name is null) as no_name_count,
        min(c.customer_id::text) filter (where c.display_name is null) as no_name_key
    from engagement_host.customer as c
)

select
    json_build_object(
        'view', 'customer',
        'holds', 'of them companies: ' || c.company_count,
        'row_count', c.row_count,
        'customer_count', c.customer_count,
        'sample', (
            select coalesce(json_agg(s), '[]')
            from (select v.* from engagement_host.customer as v limit %(sample_count)s) as s
        )
    )::text as profile,
    (
        select coalesce(json_agg(to_jsonb(f) - 'position' order by f.position), '[]')
        from (values
            (
                1, 'problem', 'customer_id is NULL', c.no_key_count, null,
                'Leave these rows out of the view. select * from engagement_host.customer as v '
                || 'where v.customer_id is null limit 20;'
            ),
            (
                2, 'problem', 'customer_id is not unique', c.surplus_count,
                (
                    select min(d.customer_id::text)
                    from (
                        select v.customer_id from engagement_host.customer as v
                        group by v.customer_id having count(v.customer_id) > 1
                    ) as d
                ),
                'Show each customer once; does a join multiply them? '
                || 'select v.customer_id, count(*) from engagement_host.customer as v '
                || 'group by v.customer_id having count(*) > 1;'
            ),
            (
                3, 'problem', 'customer_type is neither INDIVIDUAL nor COMPANY', c.bad_type_count,
                c.bad_type_key,
                'Say which of the two it is: percentiles, bands and company cards go by it. '
                || 'select v.customer_type, count(*) from engagement_host.customer as v '
                || 'group by v.customer_type;'
            ),
            (
                4, 'problem', 'is_active is NULL', c.no_state_count, c.no_state_key,
                'It counts as false: no percentile and no segment; write coalesce(…, true). '
                || 'select * from engagement_host.customer as v where v.is_active is null limit 20;'
            ),
            (
                5, 'hint', 'display_name is NULL', c.no_name_count, c.no_name_key,
                'Lists show the customer without a name. '
                || 'select * from engagement_host.customer as v where v.display_name is null '
                || 'limit 20;'
            ),
            (
                6, 'hint', 'the view has no rows', case when c.row_count > 0 then 0 end, null,
                'Nobody has a score until it shows somebody. '
                || 'select pg_get_viewdef(''engagement_host.customer''::regclass, true);'
            )
        ) as f (position, severity, finding, row_count, example, hint)
        where f.row_count is distinct from 0
    )::text as findings
from customer as c
