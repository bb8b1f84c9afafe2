-- What a change of rules would do: a summary in the first row, then the customers it would affect,
-- the largest change first; at most limit of them (NULL: all). One statement, so that everything is
-- derived once.
with affected as materialized (
    select p.*, row_number() over () as place
    from engagement.preview_rules(
        p_changes => %(changes)s::jsonb, p_retroactive => %(retroactive)s) as p
)

select a.content
from (
    select 0 as place, row_to_json(s)::text as content
    from (
        select
            engagement.scored_at() as as_of,
            count(*) as customer_count,
            count(*) filter (where a.change > 0) as risen_count,
            count(*) filter (where a.change < 0) as fallen_count,
            count(*) filter (where b.new_rank > b.old_rank) as band_up_count,
            count(*) filter (where b.new_rank < b.old_rank) as band_down_count,
            coalesce(sum(a.new_own_score - a.old_own_score), 0) as own_change
        from affected as a
        cross join (select engagement.band_scale() as scale) as c
        cross join lateral (
            select
                engagement.band_rank(c.scale, a.old_band_code) as old_rank,
                engagement.band_rank(c.scale, a.new_band_code) as new_rank
        ) as b
    ) as s
    union all
    select
        a.place,
        row_to_json((
            select r
            from (
                select
                    a.customer_id, a.display_name, a.customer_type, a.old_own_score,
                    a.new_own_score, a.old_employee_score, a.new_employee_score, a.old_score,
                    a.new_score, a.change, a.old_percentile, a.new_percentile, a.old_band_code,
                    a.new_band_code
            ) as r
        ))::text
    from affected as a
    where a.place <= coalesce(%(limit)s, a.place)
) as a
order by a.place
