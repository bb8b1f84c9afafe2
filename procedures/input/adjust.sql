-- API. Gives or takes points by hand. Definer, so that adjustments are made only here and name
-- their author.
-- Writes: score_adjustment. Raises: EG001, EG004, EG006.
create or replace function engagement.adjust(
    p_customer_id engagement.host_key,
    p_points numeric,
    p_reason text,
    p_expires_at timestamptz default null
)
returns engagement.host_key
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_at timestamptz := clock_timestamp();
    v_source_id engagement.host_key;
begin
    perform engagement.check_customer(p_customer_id);
    if p_points is null or p_points in (0, 'NaN', 'Infinity', '-Infinity') then
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
    end if;
    insert into engagement.score_adjustment (
        customer_id, points, reason, adjusted_by, adjusted_at, expires_at
    )
    values (p_customer_id, p_points, btrim(p_reason), session_user, v_at,
            nullif(p_expires_at, 'infinity'))
    returning source_id into v_source_id;
    return v_source_id;
end
$$;
comment on function engagement.adjust(engagement.host_key, numeric, text, timestamptz) is
    'Gives a customer points (below zero: takes them) from now until p_expires_at (NULL: for '
    'ever), with a reason; returns the key of the adjustment. The rule ADJUSTMENT multiplies the '
    'points. Raises EG001 for an unknown customer, EG004 for points that are 0 or not finite, a '
    'missing reason or a past end.';
