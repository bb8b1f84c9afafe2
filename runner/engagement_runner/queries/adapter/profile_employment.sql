-- What the rows of the view employment are like, as engagement.profile_source says it of a source's. The
-- example is an employee.
with employment as (
    select
        count(*) as row_count,
        count(distinct e.employee_id) as employee_count,
        min(e.begin_on) as first_on,
        max(e.begin_on) as last_on,
        count(*) filter (where e.employee_id is null or e.employer_id is null) as no_key_count,
        min(coalesce(e.employee_id, e.employer_id)::text) filter (
            where e.employee_id is null or e.employer_id is null
        ) as no_key_key,
        count(*) filter (where e.end_on < e.begin_on) as empty_count,
        min(e.employee_id::text) filter (where e.end_on < e.begin_on) as empty_key,
        count(*) filter (where e.is_primary is null) as no_primary_count,
        min(e.employee_id::text) filter (where e.is_primary is null) as no_primary_key,
        count(*) filter (where e.is_primary) as primary_count,
        count(*) filter (where e.employee_id = e.employer_id) as own_count,
        min(e.employee_id::text) filter (where e.employee_id = e.employer_id) as own_key
    from engagement_host.employment as e
),

person as (
    select
        count(*) filter (where p.customer_id is null) as unknown_count,
        min(e.employee_id::text) filter (where p.customer_id is null) as unknown_key,
        count(*) filter (where f.is_company is not true) as no_company_count,
        min(e.employee_id::text) filter (where f.is_company is not true) as no_company_key
    from engagement_host.employment as e
    left join (select distinct c.customer_id from engagement_host.customer as c) as p
        on p.customer_id = e.employee_id
    left join (
        select
            c.customer_id,
            bool_or(c.customer_type = 'COMPANY') as is_company
        from engagement_host.customer as c
        group by c.customer_id
    ) as f on f.customer_id = e.employer_id
    where e.employee_id is not null and e.employer_id is not null
)

select
    json_build_object(
        'view', 'employment',
        'holds', 'of them primary: ' || e.primary_count,
        'row_count', e.row_count,
        'customer_count', e.employee_count,
        'first_at', e.first_on,
        'last_at', e.last_on,
        'sample', (
            select coalesce(json_agg(s), '[]')
            from (select v.* from engagement_host.employment as v limit %(sample_count)s) as s
        )
    )::text as profile,
    (
        select coalesce(json_agg(to_jsonb(f) - 'position' order by f.position), '[]')
        from (values
            (
                1, 'problem', 'employee_id or employer_id is NULL', e.no_key_count, e.no_key_key,
                'Leave these rows out of the view. select * from engagement_host.employment as v '
                || 'where v.employee_id is null or v.employer_id is null limit 20;'
            ),
            (
                2, 'problem', 'end_on is before begin_on', e.empty_count, e.empty_key,
                'Such a job is never held; both dates are inclusive. '
                || 'select * from engagement_host.employment as v '
                || 'where v.end_on < v.begin_on limit 20;'
            ),
            (
                3, 'problem', 'is_primary is NULL', e.no_primary_count, e.no_primary_key,
                'It counts as false; write coalesce(…, false). '
                || 'select * from engagement_host.employment as v '
                || 'where v.is_primary is null limit 20;'
            ),
            (
                4, 'problem', 'no job is primary',
                case when e.row_count = 0 or e.primary_count > 0 then 0 end, null,
                'Points go to the primary employer: without one, companies get nothing. If the '
                || 'host does not say which job is primary, write true. '
                || 'select pg_get_viewdef(''engagement_host.employment''::regclass, true);'
            ),
            (
                5, 'problem', 'employee_id is not in engagement_host.customer', p.unknown_count,
                p.unknown_key,
                'Show these people in the view customer, or leave the rows out. '
                || 'select v.employee_id from engagement_host.employment as v '
                || 'except select c.customer_id from engagement_host.customer as c;'
            ),
            (
                6, 'problem', 'employer_id is no COMPANY in engagement_host.customer',
                p.no_company_count, p.no_company_key,
                'Only a company has a card that shows its people. '
                || 'select v.employer_id from engagement_host.employment as v except select '
                || 'c.customer_id from engagement_host.customer as c '
                || 'where c.customer_type = ''COMPANY'';'
            ),
            (
                7, 'hint', 'somebody is employed by themselves', e.own_count, e.own_key,
                'Their points count once, as their own. '
                || 'select * from engagement_host.employment as v '
                || 'where v.employee_id = v.employer_id limit 20;'
            ),
            (
                8, 'hint', 'the view has no rows', case when e.row_count > 0 then 0 end, null,
                'Companies get no points of their people; that may be meant. '
                || 'select pg_get_viewdef(''engagement_host.employment''::regclass, true);'
            )
        ) as f (position, severity, finding, row_count, example, hint)
        where f.row_count is distinct from 0
    )::text as findings
from employment as e
cross join person as p
