-- Why a customer's own points have changed: the score at begin as known then, at end (by default
-- now) as known then, and the causes of the difference. One statement, so that all of it speaks of
-- the same ledger.
select row_to_json(d)::text
from (
    select
        r.begin_at as "from",
        r.end_at as "to",
        engagement.score_at(
            p_customer_id => r.customer_id, p_as_of => r.begin_at, p_known_at => r.begin_at
        ) as old_score,
        engagement.score_at(
            p_customer_id => r.customer_id, p_as_of => r.end_at, p_known_at => r.end_at
        ) as new_score,
        c.change,
        c.causes
    from (
        select
            engagement.customer_key(%(customer)s::text) as customer_id,
            %(begin)s::timestamptz as begin_at,
            coalesce(%(end)s::timestamptz, now()) as end_at
    ) as r
    cross join lateral (
        select
            coalesce(sum(e.points), 0) as change,
            coalesce(json_agg(e), '[]') as causes
        from engagement.explain_change(
            p_customer_id => r.customer_id, p_from => r.begin_at, p_to => r.end_at) as e
    ) as c
) as d
