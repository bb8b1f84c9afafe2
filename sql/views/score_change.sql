-- Recent changes of everybody's scores, by cause.
create or replace view engagement.score_change as
select
    c.cause,
    sum(c.points) as points,
    sum(c.award_count) as award_count,
    count(distinct c.customer_id::text) as customer_count
from (select array_agg(s.customer_id) as customer_ids from engagement.customer_score as s) as e
cross join lateral engagement.explain_changes(
    e.customer_ids,
    engagement.recent_from(engagement.scored_at()),
    engagement.scored_at()
) as c
group by c.cause;

comment on view engagement.score_change is
'Changes of everybody''s own points in the RAISED_RECENTLY_DAYS before the last run, by cause;
engagement.explain_changes is the form for any two instants and customers.';
comment on column engagement.score_change.cause is 'See engagement.explain_changes.';
comment on column engagement.score_change.points is 'Points gained or lost by that cause.';
comment on column engagement.score_change.award_count is 'Awards that count more or less.';
comment on column engagement.score_change.customer_count is 'Customers concerned.';
