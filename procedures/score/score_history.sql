-- Internal. A score's history with its contradictions repaired; p_at stands in for a lost instant.
-- A score other than 0 has changed, a score above 0 has risen, a change has an instant, and the
-- score before a change differs from the score after it. Inlined by the planner: keep it one query.
create or replace function engagement.score_history(
    p_score numeric,
    p_previous_score numeric,
    p_changed_at timestamptz,
    p_raised_at timestamptz,
    p_at timestamptz
)
returns table (previous_score numeric, changed_at timestamptz, raised_at timestamptz)
language sql
immutable
parallel safe
begin atomic
    select
        p.previous_score,
        c.changed_at,
        case when engagement.is_instant(p_raised_at) and c.changed_at is not null
            then p_raised_at
            when p_score > 0 then p_at end
    from (
        select case when p_previous_score <> p_score
                         and p_previous_score not in ('NaN', 'Infinity', '-Infinity')
                    then p_previous_score end as previous_score
    ) p
    cross join lateral (
        select case when engagement.is_instant(p_changed_at) then p_changed_at
                    when p_score <> 0 or p.previous_score is not null then p_at end as changed_at
    ) c;
end;
comment on function engagement.score_history(
    numeric, numeric, timestamptz, timestamptz, timestamptz
) is
    'Internal: previous_score, changed_at and raised_at of a score, with contradictions repaired; '
    'p_at stands in for a missing instant.';
