-- API. Why a score is what it is: the awards that count, each with its activity, its rule and the
-- arithmetic of its points.
-- Reads: counted_awards, award, score_rule, score_adjustment, social_score,
-- engagement_host.subject.
create or replace function engagement.explain_score(
    p_customer_id engagement.host_key,
    p_as_of timestamptz default now(),
    p_known_at timestamptz default 'infinity'
)
returns table (
    category_code text,
    rule_code text,
    rule_version integer,
    description text,
    source text,
    source_id engagement.host_key,
    document_id engagement.host_key,
    employer_id engagement.host_key,
    subject_id text,
    subject_class text,
    activity text,
    quantity numeric,
    amount numeric,
    awarded_points numeric,
    capped_points numeric,
    points numeric,
    arithmetic text,
    effective_at timestamptz,
    expires_at timestamptz,
    days_left integer,
    recorded_at timestamptz
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_zone text := engagement.parameter('TIME_ZONE');
begin
    return query
    select w.category_code, w.rule_code, r.version, r.description, w.source, w.source_id,
           w.document_id, w.employer_id, w.subject_id, w.subject_class,
           case w.source
               when 'adjustment' then format('%s (%s)', a.reason, a.adjusted_by)
               when 'category_adjustment' then
                   format('%s (%s)', a.reason, a.adjusted_by)
                   || case when a.set_to is not null
                           then format(', set to %s', trim_scale(a.set_to)) else '' end
               when 'social_score' then concat_ws(' ', w.subject_id, w.subject_class,
                                                  nullif(s.description, ''))
               else coalesce(engagement.subject_name(r.engagement_type, w.subject_id),
                             w.subject_id) end,
           w.quantity, w.amount, w.points, w.capped_points, f.points,
           engagement.points_in_words(r.flat_score, r.quantity_score, r.amount_score, r.cap_points,
                                 r.cap_period, w.quantity, w.amount, w.points, w.capped_points,
                                 f.faded_points, engagement.whole_weeks(w.effective_at, p_as_of))
               || case when f.points <> f.faded_points
                       then format('; inactive since %s, %s left',
                                   (f.last_active_at at time zone v_zone)::date,
                                   trim_scale(f.points))
                       else '' end
               || engagement.reversals_in_words(w.quantity, w.amount, v.reversals),
           w.effective_at, w.expires_at,
           case when engagement.is_instant(w.expires_at)
                then (w.expires_at at time zone v_zone)::date
                     - (p_as_of at time zone v_zone)::date end,
           w.recorded_at
    from engagement.counted_awards(array[p_customer_id]::engagement.host_key[], p_known_at) w
    inner join engagement.score_rule r on r.rule_id = w.rule_id
    cross join lateral (
        select engagement.faded_points(w.capped_points, w.effective_at, w.half_life_weeks,
                                       null, null, p_as_of) as faded_points,
               engagement.faded_points(w.capped_points, w.effective_at, w.half_life_weeks,
                                       w.inactivity_steps, w.active_in, p_as_of) as points,
               case when w.inactivity_steps is not null
                    then engagement.last_active_at(w.active_in, p_as_of) end as last_active_at
    ) f
    left join engagement.score_adjustment a
        on w.source in ('adjustment', 'category_adjustment') and a.source_id = w.source_id
           and a.customer_id = w.customer_id
    left join engagement.social_score s
        on w.source = 'social_score' and s.source_id = w.source_id
           and s.customer_id = w.customer_id
    left join engagement.awards_of_customers(
        null, array[p_customer_id]::engagement.host_key[], null) v
        on v.source = w.source and v.source_id = w.source_id and v.rule_id = w.rule_id
           and v.recorded_at = w.recorded_at and v.reversals is not null
    where engagement.counts_at(w.effective_at, w.expires_at, p_as_of)
    order by w.category_code, w.rule_code, w.effective_at, w.source, w.source_id;
end
$$;
comment on function engagement.explain_score(engagement.host_key, timestamptz, timestamptz) is
    'One row for each award that counts at p_as_of, as on record at p_known_at. Points sum exactly '
    'to score_at. awarded_points: by the rule; capped_points: what its cap leaves; points: what '
    'counts at p_as_of; arithmetic: the three in words; days_left: days until the award expires '
    '(NULL: never).';
