-- Per source and class of its subjects: how many activities and customers a rule for it would reach,
-- and the names of its commonest subjects.
with activity as ({activities}),

subjects as (
    select
        a.source,
        a.subject_class,
        a.subject_id,
        count(*) as activity_count
    from activity as a
    group by a.source, a.subject_class, a.subject_id
),

named as (
    select
        s.source,
        s.subject_class,
        coalesce(l.display_name, s.subject_id) as display_name,
        row_number() over (
            partition by s.source, s.subject_class
            order by s.activity_count desc, s.subject_id
        ) as place
    from subjects as s
    join engagement.activity_source as r on r.source = s.source
    left join engagement_host.subject as l
        on l.engagement_type = r.engagement_type and l.subject_id = s.subject_id
)

select row_to_json(c)::text
from (
    select
        a.source,
        a.subject_class,
        count(*) as activity_count,
        count(distinct a.customer_id) as customer_count,
        (
            select string_agg(n.display_name, ', ' order by n.place)
            from named as n
            where
                n.source = a.source
                and n.subject_class is not distinct from a.subject_class
                and n.place <= 3
        ) as subjects
    from activity as a
    group by a.source, a.subject_class
    order by a.source, count(*) desc, a.subject_class
) as c
