-- The limit for the refresh of one customer: sum up the awards there are, and write.
insert into bench.refreshed (customer_id, score, ytd_score, overview_score)
select
    customer_id,
    sum(points) filter (where effective_at <= now() and (expires_at > now()) is not false),
    sum(points) filter (where effective_at >= date_trunc('year', now())),
    sum(points) filter (where effective_at >= date_trunc('year', now()) - interval '3 years')
from engagement.award
where customer_id = %(customer)s and voided_at is null
group by customer_id
on conflict (customer_id) do update set
score = excluded.score,
ytd_score = excluded.ytd_score,
overview_score = excluded.overview_score;
