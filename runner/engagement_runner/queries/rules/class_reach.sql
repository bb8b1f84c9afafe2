-- Per kind of rule and class of its subjects: how many activities and customers a rule for it would
-- reach, in which sources, and the names of its commonest subjects.
with activity as ({activities}),

typed as (
    select
        r.engagement_type,
        r.effective_when,
        a.source,
        a.customer_id,
        a.subject_id,
        a.subject_class
    from activity as a
    join engagement.activity_source as r on r.source = a.source
),

subjects as (
    select
        t.engagement_type,
        t.effective_when,
        t.subject_class,
        t.subject_id,
        count(*) as activity_count
    from typed as t
    group by t.engagement_type, t.effective_when, t.subject_class, t.subject_id
),

named as (
    select
        s.engagement_type,
        s.effective_when,
        s.subject_class,
        coalesce(l.display_name, s.subject_id) as display_name,
        row_number() over (
            partition by s.engagement_type, s.effective_when, s.subject_class
            order by s.activity_count desc, s.subject_id
        ) as place
    from subjects as s
    left join engagement_host.subject as l
        on l.engagement_type = s.engagement_type and l.subject_id = s.subject_id
)

select row_to_json(c)::text
from (
    select
        t.engagement_type,
        t.effective_when,
        t.subject_class,
        array_agg(distinct t.source) as sources,
        count(*) as activity_count,
        count(distinct t.customer_id) as customer_count,
        (
            select string_agg(n.display_name, ', ' order by n.place)
            from named as n
            where
                n.engagement_type = t.engagement_type
                and n.effective_when is not distinct from t.effective_when
                and n.subject_class is not distinct from t.subject_class
                and n.place <= 3
        ) as subjects
    from typed as t
    group by t.engagement_type, t.effective_when, t.subject_class
    order by count(*) desc, t.subject_class
) as c
