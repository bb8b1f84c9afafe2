-- What the rows of the view subject are like, as engagement.profile_source says it of a source's.
with subject as (
    select
        count(*) as row_count,
        count(distinct s.subject_id) as subject_count,
        count(*) filter (where s.subject_id is null or s.engagement_type is null) as no_key_count,
        count(*) filter (where s.display_name is null) as no_name_count,
        min(s.subject_id) filter (where s.display_name is null) as no_name_key,
        count(*) filter (where t.engagement_type is null) as bad_type_count,
        min(s.engagement_type || ', ' || s.subject_id) filter (where t.engagement_type is null)
            as bad_type_key
    from engagement_host.subject as s
    left join engagement.engagement_type as t on t.engagement_type = s.engagement_type
),

surplus as (
    select
        coalesce(sum(d.row_count - 1), 0) as surplus_count,
        min(d.engagement_type || ', ' || d.subject_id) as surplus_key
    from (
        select
            s.engagement_type,
            s.subject_id,
            count(*) as row_count
        from engagement_host.subject as s
        where s.subject_id is not null
        group by s.engagement_type, s.subject_id
        having count(*) > 1
    ) as d
)

select
    json_build_object(
        'view', 'subject',
        'holds', 'labels of products, committees, …',
        'row_count', s.row_count,
        'subject_count', s.subject_count,
        'sample', (
            select coalesce(json_agg(r), '[]')
            from (select v.* from engagement_host.subject as v limit %(sample_count)s) as r
        )
    )::text as profile,
    (
        select coalesce(json_agg(to_jsonb(f) - 'position' order by f.position), '[]')
        from (values
            (
                1, 'problem', 'engagement_type or subject_id is NULL', s.no_key_count, null,
                'Such a label is never found. select * from engagement_host.subject as v '
                || 'where v.engagement_type is null or v.subject_id is null limit 20;'
            ),
            (
                2, 'problem', 'engagement_type and subject_id are not unique', u.surplus_count,
                u.surplus_key, 'A subject has one label; which one is shown is left to chance. '
                || 'select v.engagement_type, v.subject_id, count(*) '
                || 'from engagement_host.subject as v '
                || 'group by v.engagement_type, v.subject_id having count(*) > 1;'
            ),
            (
                3, 'problem', 'engagement_type is unknown', s.bad_type_count, s.bad_type_key,
                'Take one of those in engagement.engagement_type, or add a row. '
                || 'select v.engagement_type, count(*) from engagement_host.subject as v '
                || 'group by v.engagement_type;'
            ),
            (
                4, 'hint', 'display_name is NULL', s.no_name_count, s.no_name_key,
                'The subject''s id is shown. select * from engagement_host.subject as v '
                || 'where v.display_name is null limit 20;'
            )
        ) as f (position, severity, finding, row_count, example, hint)
        where f.row_count is distinct from 0
    )::text as findings
from subject as s
cross join surplus as u
