-- The ten customers of each kind with the highest scores: what is on their cards, in short.
select row_to_json(h)::text
from (
    select
        t.customer_id,
        k.card ->> 'display_name' as display_name,
        t.customer_type,
        t.score,
        t.own_score,
        t.employee_score,
        (
            select coalesce(json_agg(json_build_object(
                'category_code', c.category_code, 'category_name', c.category_name,
                'score', p.part -> 'score'
            ) order by c.sort_order, c.category_code), '[]')
            from jsonb_array_elements(k.card -> 'categories') as p (part)
            join engagement.category as c on c.category_code = p.part ->> 'category_code'
            where (p.part ->> 'score')::numeric <> 0
        ) as categories,
        (
            select coalesce(json_agg(w.reason order by w.position), '[]')
            from (
                select
                    r.rule - 'ytd_score' - 'overview_score' as reason,
                    row_number() over (
                        order by (r.rule ->> 'score')::numeric desc, r.rule ->> 'rule_code'
                    ) as position
                from jsonb_array_elements(k.card -> 'categories') as p (part)
                cross join jsonb_array_elements(p.part -> 'rules') as r (rule)
                where (r.rule ->> 'score')::numeric <> 0
            ) as w
            where w.position <= 3
        ) as reasons
    from (
        select
            s.customer_id,
            s.score,
            s.own_score,
            s.employee_score,
            c.customer_type,
            row_number() over (
                partition by c.customer_type order by s.score desc, s.customer_id
            ) as place
        from engagement.customer_score as s
        left join engagement_host.customer as c on s.customer_id = c.customer_id
        where s.score <> 0
    ) as t
    cross join lateral (
        select engagement.score_card(t.customer_id, %(as_of)s::timestamptz) as card
    ) as k
    where t.place <= 10
    order by t.customer_type desc nulls last, t.place
) as h
