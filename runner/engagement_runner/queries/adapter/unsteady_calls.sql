-- What a source's view asks besides the host's tables, as findings: scores would change, or differ
-- from session to session, without a change that a trigger sees.
with asked as (
    select
        w.view_name,
        c.is_certain,
        string_agg(c.call, ', ' order by c.call) as calls
    from (
        select coalesce(
            (
                select s.view_name from engagement.activity_source as s
                where s.source = %(source)s
            ),
            'engagement_host.' || %(source)s
        ) as view_name
    ) as w
    cross join lateral engagement.unsteady_calls(w.view_name) as c
    group by w.view_name, c.is_certain
)

select row_to_json(f)::text
from (
    select
        case when a.is_certain then 'problem' else 'hint' end as severity,
        case
            when a.is_certain then 'asks a clock, chance or the session: '
            else 'calls what is declared volatile: '
        end || a.calls as finding,
        case
            when a.is_certain
                then
                    'What it decides changes without a trigger, and verify finds it: show every '
                    || 'row and let ended_at and a rule''s valid_for_weeks end its points.'
            else
                'If it depends on its arguments and on attached tables alone, no matter; say so: '
                || 'alter function … stable.'
        end || ' select pg_get_viewdef(' || quote_literal(a.view_name)
        || '::regclass, true);' as hint
    from asked as a
    order by a.is_certain desc
) as f
