-- API. Gives or takes points by hand, or sets a category to a number of points. Definer, so that
-- adjustments are made only here and name their author.
--
-- To set a category, a refresh first brings the customer up to date. It holds the customer's row
-- until the transaction ends, so of two sessions that set a category the second sees what the first
-- has done. What the new adjustment makes of the category is looked at, because rules decide it.
-- Reads: customer_merge, counted_awards.
-- Writes: score_adjustment, and to set a category what make_adjustment_rule, move_inputs and
-- refresh write.
-- Raises: EG001, EG004, EG005, EG006.
create or replace function engagement.adjust(
    p_customer_id engagement.host_key,
    p_points numeric,
    p_reason text,
    p_expires_at timestamptz default null,
    p_category_code text default null,
    p_is_set_to boolean default false
)
returns engagement.host_key
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_at timestamptz := clock_timestamp();
    v_points numeric := p_points;
    v_source_id engagement.host_key;
begin
    perform engagement.check_customer(p_customer_id);
    if p_points is null or p_points in ('NaN', 'Infinity', '-Infinity')
       or (p_points = 0 and not p_is_set_to) then
        raise exception 'points are not a finite number other than 0'
            using errcode = 'EG004',
                  detail = format('customer %s, points %s', p_customer_id,
                                  coalesce(p_points::text, 'NULL')),
                  hint = 'Use a number above zero to give points, or below zero to take them.';
    elsif coalesce(btrim(p_reason), '') = '' then
        raise exception 'an adjustment needs a reason'
            using errcode = 'EG004', detail = format('customer %s', p_customer_id),
                  hint = 'Give a reason. Staff read it beside the points.';
    elsif p_expires_at <= v_at then
        raise exception 'range ends before it begins'
            using errcode = 'EG004',
                  detail = format('customer %s, expires at %s', p_customer_id, p_expires_at),
                  hint = 'Use an instant later than now, or NULL for never.';
    elsif p_is_set_to and p_category_code is null then
        raise exception 'only a category can be set to a number of points'
            using errcode = 'EG004', detail = format('customer %s', p_customer_id),
                  hint = 'Give p_category_code; select * from engagement.category lists them.';
    end if;
    if p_category_code is not null then
        perform engagement.make_adjustment_rule(p_category_code);
    end if;
    if p_is_set_to then
        if engagement.is_switched_off() then
            raise exception 'scoring is switched off'
                using errcode = 'EG004', detail = format('customer %s', p_customer_id),
                      hint = 'Set CALCULATE_ENGAGEMENT_SCORE_POINTS to Y first.';
        elsif exists (select from engagement.customer_merge m
                      where m.from_id = p_customer_id and m.unmerged_at is null) then
            raise exception 'the customer is merged into another'
                using errcode = 'EG004',
                      detail = format('customer %s, merged into %s', p_customer_id,
                                      engagement.merge_root(p_customer_id)),
                      hint = 'Set the category of the customer that stays.';
        end if;
        -- What was entered for others who are this customer is theirs, too.
        perform engagement.move_inputs(m.from_id)
        from engagement.customer_merge m
        where m.unmerged_at is null and engagement.merge_root(m.from_id) = p_customer_id
              and (exists (select from engagement.score_adjustment a
                           where a.customer_id = m.from_id)
                   or exists (select from engagement.social_score s
                              where s.customer_id = m.from_id));
        perform engagement.refresh(p_customer_id, null);
        v_at := clock_timestamp();
        v_points := p_points - engagement.category_points(p_customer_id, p_category_code, v_at);
        if v_points = 0 then
            return null;
        end if;
    end if;
    insert into engagement.score_adjustment (
        customer_id, points, reason, adjusted_by, adjusted_at, expires_at, category_code, set_to
    )
    values (p_customer_id, v_points, btrim(p_reason), session_user, v_at,
            nullif(p_expires_at, 'infinity'), p_category_code,
            case when p_is_set_to then p_points end)
    returning source_id into v_source_id;
    if p_is_set_to then
        perform engagement.refresh(p_customer_id, null);
        v_points := engagement.category_points(p_customer_id, p_category_code, v_at);
        if v_points <> p_points then
            raise exception 'the category cannot be set to these points'
                using errcode = 'EG004',
                      detail = format('customer %s, category %s would be at %s, not at %s',
                                      p_customer_id, p_category_code, v_points, p_points),
                      hint = format('Points have %s decimal places (SCORE_DECIMALS), and the rule '
                                    'ADJUSTMENT_%s must award the amount of an adjustment as it '
                                    'is.', engagement.parameter('SCORE_DECIMALS'),
                                    p_category_code);
        end if;
    end if;
    return v_source_id;
end
$$;
comment on function engagement.adjust(
    engagement.host_key, numeric, text, timestamptz, text, boolean
) is
    'Gives a customer points (below zero: takes them) from now until p_expires_at (NULL: for '
    'ever), with a reason; returns the key of the adjustment. The rule ADJUSTMENT multiplies the '
    'points. p_category_code: the points are of this category, by a rule ADJUSTMENT_ and its code. '
    'p_is_set_to: the category is at p_points as of now, and the adjustment is the difference that '
    'this makes; NULL is returned where it makes none. Raises EG001 for an unknown customer, EG004 '
    'for points that are 0 or not finite, a missing reason or a past end, EG005 for an unknown '
    'category.';
