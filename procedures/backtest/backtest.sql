-- API. Whether scores tell what happens later. Each outcome meets the score that its customer had
-- p_lead before it was decided: the awards that counted at that instant, from the ledger as it is
-- now, or as it was then (p_known), or as other rules would have it (p_rules). The result has the
-- rates by group, what the score tells as a whole, and what each part of it tells.
-- Definer: the host's views run as the package's owner, and only the package may try a change of
-- rules. Without p_rules nothing is written, not even a temporary table.
-- Other rules are compared with those on record, or with still others (p_against).
-- Reads: outcome_rows, the ledger, a segment. Raises: EG002, EG004, EG005, EG006, EG007, EG010,
-- EG011, EG015, EG017.
create or replace function engagement.backtest(
    p_outcome text,
    p_lead interval default '90 days',
    p_from timestamptz default null,
    p_to timestamptz default null,
    p_by text default 'FIFTH',
    p_segment text default null,
    p_rules jsonb default null,
    p_known boolean default false,
    p_against jsonb default null
)
returns jsonb
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set jit = off
as $$
declare
    c_least constant integer := 20;  -- of either kind; below that no interval is to be trusted
    v_zone text := engagement.parameter('TIME_ZONE');
    v_rules engagement.score_rule[] := array(select r from engagement.score_rule r);
    v_segment engagement.host_key[];
    v_outcomes engagement.scored_outcome[];
    v_points engagement.outcome_point[];
    v_against engagement.scored_outcome[];
    v_result jsonb;
begin
    perform engagement.check_attached();
    if p_lead is null or p_lead < interval '0' or p_lead > interval '100 years' then
        raise exception 'lead is out of range'
            using errcode = 'EG004', detail = format('lead %s', coalesce(p_lead::text, 'NULL')),
                  hint = 'Use 0 days to 100 years, for example interval ''90 days''.';
    elsif p_by is null or p_by not in ('FIFTH', 'TENTH', 'BAND') then
        raise exception 'unknown kind of group'
            using errcode = 'EG004', detail = format('by %L', p_by),
                  hint = 'Use FIFTH, TENTH or BAND.';
    elsif p_to <= p_from then
        raise exception 'range ends before it begins'
            using errcode = 'EG004', detail = format('from %s to %s', p_from, p_to),
                  hint = 'p_to must be later than p_from.';
    elsif p_known and p_rules is not null then
        raise exception 'rules that are tried were never on record'
            using errcode = 'EG004', detail = 'p_known and p_rules are both given',
                  hint = 'Give one of them.';
    elsif p_against is not null and p_rules is null then
        raise exception 'rules to compare with need rules that are tried'
            using errcode = 'EG004', detail = 'p_against is given without p_rules',
                  hint = 'Give p_rules, which is compared with p_against; without p_against it is '
                         'compared with the rules on record.';
    end if;
    if p_segment is not null then
        v_segment := array(select s.customer_id from engagement.segment(p_segment) s);
    end if;
    v_outcomes := array(
        select row(row_number() over (order by o.decided_at, o.customer_id), o.customer_id,
                   least((o.decided_at at time zone v_zone - p_lead) at time zone v_zone,
                         o.decided_at),
                   o.happened, o.value, 0)::engagement.scored_outcome
        from engagement.outcome_rows(p_outcome) o
        where o.problem is null
              and (p_from is null or o.decided_at >= p_from)
              and (p_to is null or o.decided_at < p_to)
              and (p_segment is null or o.customer_id in (select unnest(v_segment))));  -- by hash

    if coalesce(p_known, false) then
        v_points := array(select u from engagement.known_points(
            p_outcomes => v_outcomes, p_rules => v_rules) u);
    elsif p_rules is null or p_against is null then
        v_points := array(select u from engagement.outcome_points(
            p_outcomes => v_outcomes, p_rules => v_rules) u);
    else
        v_points := engagement.tried_points(p_outcomes => v_outcomes, p_changes => p_against);
    end if;
    if p_rules is not null then
        v_against := engagement.scored_outcomes(p_outcomes => v_outcomes, p_points => v_points);
        v_points := engagement.tried_points(p_outcomes => v_outcomes, p_changes => p_rules);
    end if;
    v_outcomes := engagement.scored_outcomes(p_outcomes => v_outcomes, p_points => v_points);

    perform set_config('TimeZone', v_zone, true);  -- until the end of this routine
    select jsonb_build_object(
        'outcome', s.outcome, 'description', s.description, 'lead', p_lead, 'by', p_by,
        'from', p_from, 'to', p_to, 'segment', p_segment, 'is_known', coalesce(p_known, false),
        'is_tried', p_rules is not null, 'is_against_tried', p_against is not null,
        'is_pending', exists (select from unnest(v_rules) r
                               where r.is_applied <> r.is_active),
        'as_of', engagement.scored_at(), 'least_count', c_least,
        'outcome_count', t.outcome_count, 'happened_count', t.happened_count,
        'missed_count', t.outcome_count - t.happened_count,
        'is_conclusive', least(t.happened_count, t.outcome_count - t.happened_count) >= c_least,
        'rate', engagement.shown(i.rate), 'rate_low', engagement.shown(i.rate_low),
        'rate_high', engagement.shown(i.rate_high),
        'first_scored_at', t.first_at, 'last_scored_at', t.last_at,
        'groups', engagement.outcome_groups(p_outcomes => v_outcomes, p_by => p_by),
        'left_out', (
            select coalesce(jsonb_agg(to_jsonb(f)), '[]')
            from engagement.outcome_findings(p_outcome) f))
    into v_result
    from (
        select count(*) as outcome_count, count(*) filter (where o.happened) as happened_count,
               min(o.scored_at) as first_at, max(o.scored_at) as last_at
        from unnest(v_outcomes) o
    ) t
    left join engagement.outcome_source s on s.outcome = p_outcome
    left join lateral engagement.rate_interval(t.happened_count, t.outcome_count) i
        on t.outcome_count > 0;
    return v_result || engagement.told_scores(
        p_outcomes => v_outcomes, p_against => v_against, p_points => v_points,
        p_is_conclusive => (v_result -> 'is_conclusive')::boolean, p_tried => p_rules);
end
$$;
comment on function engagement.backtest(
    text, interval, timestamptz, timestamptz, text, text, jsonb, boolean, jsonb
) is
    'Whether the score that customers had p_lead before an outcome was decided tells what '
    'happened, for outcomes decided in [p_from, p_to) (NULL: unbounded) and customers who are in '
    'p_segment now. groups: FIFTH, TENTH or BAND of the scores, with rate, its interval of 95 % '
    'and lift; auc: the chance that what happened had the higher score; parts: the same of each '
    'category and rule alone, and what it adds. p_rules: as after apply_rules (an array) or '
    'revise_rule (an object) with p_retroactive, and comparison says whether that is better than '
    'the rules on record, or than p_against, which is given likewise. '
    'p_known: only what was on record at the instant of the score. Under 20 outcomes of either '
    'kind (TOO_FEW), and if all had one score (ALL_EQUAL), there is no auc; a part with is_thin '
    'has no intervals. Raises EG004, EG006, EG007, EG011 (segment), EG015 (the view runs code that '
    'is not trusted), EG017 (outcome), what apply_rules raises.';
