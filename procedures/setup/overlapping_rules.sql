-- API. Pairs of rules that award the same activities, so that one activity earns twice. This may be
-- intended (points for any purchase, and more for a book), or somebody entered a rule twice. So it
-- is not an error, but the command warns about pairs that a change creates. Definer: the host's
-- views run as the package's owner.
-- Reads: score_rule, engagement_host.subject.
create or replace function engagement.overlapping_rules(p_rule_codes text[] default null)
returns table (
    rule_code text,
    other_rule_code text,
    is_same_scope boolean,
    engagement_type text,
    effective_when text,
    subject_id text,
    subject_class text,
    applies_from timestamptz,
    applies_until timestamptz,
    points numeric,
    other_points numeric,
    total_points numeric
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
#variable_conflict use_column
declare
    v_decimals integer := engagement.parameter('SCORE_DECIMALS')::integer;
begin
    return query
    with rule as (
        select r.*, coalesce(r.applies_from, '-infinity') as begin_at,
               coalesce(r.applies_until, 'infinity') as end_at,
               engagement.round_half_even(
                   r.flat_score + r.quantity_score + 100 * r.amount_score, v_decimals)
                   as example_points
        from engagement.score_rule r
        where r.is_active
              and (r.flat_score <> 0 or r.quantity_score <> 0 or r.amount_score <> 0)
    ),
    pair as (
        select a.rule_code, b.rule_code as other_rule_code,
               (a.subject_id, a.subject_class)
                   is not distinct from (b.subject_id, b.subject_class) as is_same_scope,
               a.engagement_type, a.effective_when,
               coalesce(a.subject_id, b.subject_id) as subject_id,
               coalesce(a.subject_class, b.subject_class) as subject_class,
               greatest(a.begin_at, b.begin_at) as begin_at,
               least(a.end_at, b.end_at) as end_at,
               a.example_points as points, b.example_points as other_points
        from rule a
        inner join rule b
            on b.rule_code > a.rule_code and b.engagement_type = a.engagement_type
               and b.effective_when is not distinct from a.effective_when
               and (b.subject_id = a.subject_id
                    or a.subject_id is null or b.subject_id is null)
               and (b.subject_class = a.subject_class
                    or a.subject_class is null or b.subject_class is null)
               and b.begin_at < a.end_at and a.begin_at < b.end_at
        where p_rule_codes is null or a.rule_code = any (p_rule_codes) or b.rule_code = any (p_rule_codes)
    )
    select distinct on (p.rule_code, p.other_rule_code)
           p.rule_code, p.other_rule_code, p.is_same_scope, p.engagement_type,
           p.effective_when, p.subject_id, p.subject_class,
           nullif(p.begin_at, '-infinity'), nullif(p.end_at, 'infinity'),
           p.points, p.other_points, p.points + p.other_points
    from pair p
    where p.subject_id is null or p.subject_class is null
          or not engagement.is_of_another_class(
              p.engagement_type, p.subject_id, p.subject_class)
    order by p.rule_code, p.other_rule_code, p.end_at desc, p.begin_at desc;
end
$$;
comment on function engagement.overlapping_rules(text[]) is
    'Pairs of rules that award the same activities, with at least one rule in p_rule_codes (NULL: '
    'all). is_same_scope: both are for the same subject and class. Subject, class, applies_from '
    'and applies_until: what both award (the latest such range). points, other_points, '
    'total_points: what an activity of quantity 1 and amount 100 earns by each rule, and by both. '
    'A pair is not an error: it may be intended.';
