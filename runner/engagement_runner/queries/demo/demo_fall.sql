-- The stored score, that of today, the difference, and the points that expired in between.
select row_to_json(f)::text
from (
    select
        s.score as later_score,
        engagement.score_at(s.customer_id, now()) as today_score,
        engagement.score_at(s.customer_id, now()) - s.own_score as fell_by,
        (
            select coalesce(sum(a.points), 0) from engagement.award as a
            where
                a.customer_id = s.customer_id and a.voided_at is null
                and a.effective_at <= now()
                and a.expires_at > now() and a.expires_at <= s.calculated_at
        ) as expired_points,
        s.calculated_at
    from engagement.customer_score as s
    where s.customer_id = %(customer)s::engagement.host_key
) as f
