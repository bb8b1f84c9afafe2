-- Internal. Says in words how an award came to its points.
create or replace function engagement.points_in_words(
    p_flat_score numeric,
    p_quantity_score numeric,
    p_amount_score numeric,
    p_cap_points numeric,
    p_cap_period text,
    p_quantity numeric,
    p_amount numeric,
    p_points numeric,
    p_capped_points numeric,
    p_counted_points numeric,
    p_weeks integer
)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_sign numeric := coalesce(nullif(sign(p_quantity), 0), nullif(sign(p_amount), 0), 1);
    v_sum numeric := p_flat_score * v_sign + p_quantity_score * p_quantity
                     + p_amount_score * p_amount;
begin
    return concat_ws(' + ',
               case when p_flat_score <> 0 then trim_scale(p_flat_score)::text end
                   || case when v_sign < 0 then ' × -1' else '' end,
               case when p_quantity_score <> 0
                    then format('%s × %s', trim_scale(p_quantity_score),
                                trim_scale(p_quantity)) end,
               case when p_amount_score <> 0
                    then format('%s × %s', trim_scale(p_amount_score), trim_scale(p_amount))
               end)
           || format(' = %s', trim_scale(v_sum))
           || case when v_sum <> p_points then format(', rounded %s', trim_scale(p_points))
                   else '' end
           || case when p_capped_points <> p_points then format(
                  '; the cap of %s %s leaves %s', trim_scale(p_cap_points),
                  case p_cap_period when 'EVER' then 'in all'
                                         else 'a ' || lower(p_cap_period) end,
                  trim_scale(p_capped_points)) else '' end
           || case when p_counted_points <> p_capped_points then format(
                  '; faded to %s in %s week%s', trim_scale(p_counted_points), p_weeks,
                  case when p_weeks <> 1 then 's' end) else '' end;
end
$$;
comment on function engagement.points_in_words(
    numeric, numeric, numeric, numeric, text, numeric, numeric, numeric, numeric, numeric, integer
) is
    'Internal: how an award came to its points, e.g. "2 × 5 + 0.5 × 100 = 60; the cap of 50 a '
    'month leaves 50; faded to 25 in 8 weeks".';
