-- Columns of a source's view that depend on the session that reads it, as findings.
with zone as (
    select 'engagement.parameter(''TIME_ZONE'')' as name
),

dependent as (
    select
        c.*,
        w.view_name
    from (
        select coalesce(
            (
                select s.view_name from engagement.activity_source as s
                where s.source = %(source)s
            ),
            'engagement_host.' || %(source)s
        ) as view_name
    ) as w
    cross join lateral engagement.session_columns(w.view_name) as c
)

select row_to_json(f)::text
from (
    select
        'problem' as severity,
        coalesce(
            d.column_name || ' depends on the session''s ' || d.settings,
            'cannot be read in a session with another DateStyle or TimeZone: ' || d.elsewhere
        ) as finding,
        case
            when d.column_name is not null
                then d.example_key || ': ' || d.here || ', or ' || d.elsewhere
        end as example,
        case
            when d.column_name in ('occurred_at', 'ended_at', 'begin_on', 'end_on')
                then
                    'Say the zone: engagement.start_of_day(d, ' || z.name || ') for a date d, '
                    || 't at time zone ''UTC'' for a timestamp t, if that is what the host '
                    || 'writes (find out which zone it writes), (i at time zone ' || z.name
                    || ')::date for the day of an instant i.'
            else
                'Write texts of dates and numbers by no setting: to_char(d, ''YYYY-MM-DD''), '
                || '(i at time zone ' || z.name || ')::date for the day of an instant i, '
                || 'f::numeric::text for a float f; in a key, which needs an index, '
                || '(d - ''2000-01-01''::date)::text.'
        end || ' select pg_get_viewdef(' || quote_literal(d.view_name)
        || '::regclass, true);' as hint
    from dependent as d
    cross join zone as z
) as f
