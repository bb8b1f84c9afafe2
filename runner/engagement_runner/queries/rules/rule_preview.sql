-- What a change of rules would do: a summary in the first row, then the customers with the largest
-- changes, as many as movers says.
select p.content
from (
    select
        engagement.preview_summary(
            p_changes => %(changes)s::jsonb,
            p_retroactive => %(retroactive)s,
            p_mover_count => %(movers)s) as preview
) as s
cross join lateral (
    select 0 as place, (s.preview - 'largest_movers')::text as content
    union all
    select m.place, m.mover::text
    from jsonb_array_elements(s.preview -> 'largest_movers') with ordinality as m (mover, place)
) as p
order by p.place
