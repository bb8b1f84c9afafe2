-- API. The distribution of scores, by band: the data of a histogram.
-- Reads: standing. Raises: EG004, EG005.
create or replace function engagement.score_distribution(
    p_customer_type text default null,
    p_step numeric default null,
    p_category_code text default null
)
returns table (above numeric, up_to numeric, band_code text, customer_count bigint)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    c_steps constant integer := 20;
    v_width numeric;
begin
    perform engagement.check_category(p_category_code);
    if p_step <= 0 or p_step = 'NaN' then
        raise exception 'step is not above zero'
            using errcode = 'EG004', detail = format('step %s', p_step),
                  hint = 'Give points above 0; NULL: chosen by the scores.';
    end if;
    -- The smallest round step for which c_steps steps reach the 99th percentile of scores.
    if p_step is null then
        select percentile_disc(0.99) within group (order by s.score) / c_steps into v_width
        from engagement.standing(p_category_code) s
        where s.score > 0 and s.ranked_type is not null
              and (p_customer_type is null or s.ranked_type = p_customer_type);
        select m.factor * p.power into p_step
        from (select power(10::numeric, floor(log(v_width))) as power) p
        cross join (values (1), (2), (5), (10)) m (factor)
        where m.factor * p.power >= v_width
        order by m.factor
        limit 1;
        p_step := coalesce(trim_scale(p_step), 1);
    end if;
    return query
    with placed as (
        select least(greatest(ceil(s.score / p_step), 0), c_steps + 1) as number, s.band_code,
               count(*) as customer_count
        from engagement.standing(p_category_code) s
        where s.ranked_type is not null
              and (p_customer_type is null or s.ranked_type = p_customer_type)
        group by 1, s.band_code
    )
    select case when g.number > 0 then (g.number - 1) * p_step end,
           case when g.number <= c_steps then g.number * p_step end,
           b.band_code, coalesce(n.customer_count, 0)
    from generate_series(0, c_steps + 1) g (number)
    cross join (select distinct p.band_code from placed p) b
    left join placed n on n.number = g.number and n.band_code is not distinct from b.band_code
    order by g.number, b.band_code;
end
$$;
comment on function engagement.score_distribution(text, numeric, text) is
    'Active customers (of p_customer_type; NULL: all) by stored score and band, in 20 intervals '
    '(above, up_to] of p_step points (NULL: a round step by which they hold 99 % of the customers '
    'with points). A first interval (above NULL) holds scores of 0 and less, a last one (up_to '
    'NULL) those beyond the 20th. Each interval has a row for each band that occurs (NULL: no '
    'band). p_category_code: by the points of a category instead of the total. Raises EG004 for a '
    'step not above zero, EG005 for an unknown category.';
