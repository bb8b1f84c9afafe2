-- API. Why scores have changed between two instants. Compares award by award what staff saw at
-- p_from (as known then) with what they saw at p_to (as known then). Each change of an award has
-- one cause; the points of all causes sum exactly to the difference.
--   EARNED           an activity took place, or a seat began
--   FIRST_SCORED     scoring began after the activity: the activity is older than p_from, and the
--                    first run that had rules for its source recorded it
--   ADJUSTMENT       somebody gave or took points by hand
--   EXPIRED, FADED   time went by
--   INACTIVITY       no activity in the category, and then an activity again
--   CAP              other awards took or freed the room under a cap
--   REVERSED         the activity is gone, was corrected, or was taken back wholly or partly
--   RULE_CHANGE      a rule or parameter changed, or a new rule scores the past
--   EMPLOYER_CHANGE  only the employer differs; the person's points are the same
--   TOTAL_LIMIT      a category that does not count in the total, or has a cap there, counts more
--                    or less of its points; or SCORE_FLOOR or TOTAL_CAP does. rule_code is NULL.
--                    These limits are as they are now, at both instants.
-- Reads: counted_at, award, score_rule, setup_change, activity_source, recalculation_run,
-- explain_limits.
create or replace function engagement.explain_changes(
    p_customer_ids engagement.host_key[], p_from timestamptz, p_to timestamptz
)
returns table (
    customer_id engagement.host_key,
    cause text,
    rule_code text,
    description text,
    points numeric,
    award_count bigint
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set jit = off
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
    v_ids engagement.host_key[] := array(select distinct k.id from unnest(p_customer_ids) k (id));
    v_sources text[];
    v_first_begun_at timestamptz[];
    v_first_ended_at timestamptz[];
begin
    if p_from is null or p_to is null or p_to < p_from then
        raise exception 'range ends before it begins'
            using errcode = 'EG004', detail = format('from %s to %s', p_from, p_to),
                  hint = 'p_to must not be earlier than p_from.';
    end if;
    -- For each source, the first run that could score it; NULL: there was none yet.
    select array_agg(f.source), array_agg(f.begun_at), array_agg(f.ended_at)
    into v_sources, v_first_begun_at, v_first_ended_at
    from engagement.first_runs() f;
    return query
    with moved as materialized (
        select coalesce(l.customer_id, e.customer_id) as customer_id,
               coalesce(l.source, e.source) as source,
               coalesce(l.source_id, e.source_id) as source_id,
               coalesce(l.rule_id, e.rule_id) as rule_id,
               coalesce(l.recorded_at, e.recorded_at) as recorded_at,
               coalesce(l.effective_at, e.effective_at) as effective_at,
               e.points is not null as was_counted, l.points is not null as is_counted,
               e.capped_points <> l.capped_points as is_recapped,
               l.faded_points - e.faded_points as faded_points,
               coalesce(l.points, 0) - coalesce(e.points, 0) as points
        from engagement.counted_at(v_ids, p_from) e
        full join engagement.counted_at(v_ids, p_to) l
            on l.customer_id = e.customer_id and l.source = e.source
               and l.source_id = e.source_id and l.rule_id = e.rule_id
               and l.recorded_at = e.recorded_at
        where coalesce(l.points, 0) <> coalesce(e.points, 0)
              or l.source is null or e.source is null
    ),
    -- All awards voided between the two instants.
    voided as materialized (
        select w.customer_id, w.source, w.source_id, w.rule_id, w.recorded_at, w.voided_at,
               w.void_reason, o.rule_code
        from engagement.awards_of_customers(null, v_ids, false) w
        inner join engagement.score_rule o on o.rule_id = w.rule_id
        where w.voided_at > p_from and w.voided_at <= p_to
    ),
    -- The award that a new award replaced gives its cause, if it was on record at p_from.
    replaced as (
        select m.customer_id, m.source, m.source_id, m.rule_id, m.recorded_at,
               (array_agg(v.void_reason order by v.voided_at desc) filter (
                   where v.recorded_at <= p_from
                         and v.void_reason in (
                             'RULE_CHANGED', 'EMPLOYER_CHANGED', 'REVERSED')))[1]
                   as void_reason,
               min(v.recorded_at) filter (where v.recorded_at > p_from) as first_recorded_at
        from moved m
        inner join engagement.score_rule r on r.rule_id = m.rule_id
        inner join voided v
            on v.customer_id = m.customer_id and v.source = m.source
               and v.source_id = m.source_id and v.rule_code = r.rule_code
               and v.voided_at <= m.recorded_at
        group by m.customer_id, m.source, m.source_id, m.rule_id, m.recorded_at
    ),
    caused as (
        select m.customer_id, r.rule_code, r.description, m.points, m.faded_points,
               case
                   when m.was_counted and m.is_counted and m.is_recapped then 'CAP'
                   when m.was_counted and m.is_counted then 'FADED'
                   when m.was_counted and v.void_reason is null then 'EXPIRED'
                   when m.was_counted then case v.void_reason
                       when 'RULE_CHANGED' then 'RULE_CHANGE'
                       when 'EMPLOYER_CHANGED' then 'EMPLOYER_CHANGE'
                       else 'REVERSED' end
                   when m.recorded_at > p_from and p.void_reason = 'RULE_CHANGED'
                       then 'RULE_CHANGE'
                   when m.recorded_at > p_from and p.void_reason = 'EMPLOYER_CHANGED'
                       then 'EMPLOYER_CHANGE'
                   -- What is left of it, or what came back to it.
                   when m.recorded_at > p_from and p.void_reason = 'REVERSED' then 'REVERSED'
                   when engagement.is_by_hand(r.engagement_type) then 'ADJUSTMENT'
                   -- The first award on record may be one that this award replaced.
                   when m.recorded_at > p_from and m.effective_at <= p_from
                        and (coalesce(p.first_recorded_at, m.recorded_at)
                             between f.begun_at and f.ended_at
                             or (c.created_at > p_from
                                 and (f.ended_at is null
                                      or coalesce(p.first_recorded_at, m.recorded_at)
                                         <= f.ended_at)))
                       then 'FIRST_SCORED'
                   -- The activity is older than both the rule and p_from.
                   when m.recorded_at > p_from and m.effective_at <= p_from and c.created_at > p_from
                        and p.first_recorded_at is null then 'RULE_CHANGE'
                   else 'EARNED'
               end as cause
        from moved m
        inner join engagement.score_rule r on r.rule_id = m.rule_id
        left join voided v
            on v.customer_id = m.customer_id and v.source = m.source
               and v.source_id = m.source_id and v.rule_id = m.rule_id
               and v.recorded_at = m.recorded_at
        left join replaced p
            on p.customer_id = m.customer_id and p.source = m.source
               and p.source_id = m.source_id and p.rule_id = m.rule_id
               and p.recorded_at = m.recorded_at
        left join (
            select (s.new_value ->> 'rule_id')::integer as rule_id,
                   min(s.changed_at) as created_at
            from engagement.setup_change s
            where s.object_type = 'RULE' and s.new_value ? 'rule_id'
            group by (s.new_value ->> 'rule_id')::integer
        ) c on c.rule_id = m.rule_id
        left join unnest(v_sources, v_first_begun_at, v_first_ended_at)
            f (source, begun_at, ended_at) on f.source = m.source
    )
    select c.customer_id, p.cause, c.rule_code, max(c.description), sum(p.points), count(*)
    from caused c
    -- What has faded may also have lost points to inactivity, or have them back.
    cross join lateral (
        select c.cause, case c.cause when 'FADED' then c.faded_points else c.points end as points
        union all
        select 'INACTIVITY', c.points - c.faded_points where c.cause = 'FADED'
    ) p
    where p.points <> 0 or p.cause <> all (array['FADED', 'INACTIVITY'])
    group by c.customer_id, p.cause, c.rule_code
    union all
    select l.customer_id, 'TOTAL_LIMIT', null, l.description, l.points, 0
    from engagement.explain_limits(v_ids, p_from, p_to) l;
end
$$;
comment on function engagement.explain_changes(
    engagement.host_key[], timestamptz, timestamptz
) is
    'Why own points of customers changed from p_from (as known then) to p_to (as known then), by '
    'rule: EARNED, FIRST_SCORED (activity older than p_from, recorded when scoring began), '
    'ADJUSTMENT, EXPIRED, FADED, INACTIVITY, CAP, REVERSED, RULE_CHANGE, EMPLOYER_CHANGE, '
    'TOTAL_LIMIT (no rule: a category or the score counts more or less of its points). Points sum '
    'to score_at(p_to, p_to) - score_at(p_from, p_from). Raises EG004 if the range ends before it '
    'begins.';
