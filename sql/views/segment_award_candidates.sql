-- Segment award_candidates.
create or replace view engagement.segment_award_candidates as
select
    c.customer_id,
    count(*)::numeric as segment_value
from (
    select
        k.customer_id,
        cume_dist() over (partition by k.category_code order by k.score) as standing
    from engagement.category_score as k
    where k.score > 0 and k.category_code <> 'ADJUSTMENT'
) as c
join engagement.customer_score as s on s.customer_id = c.customer_id
where s.ranked_type is not null and c.standing > 0.9
group by c.customer_id
having count(*) >= 2;

comment on view engagement.segment_award_candidates is
'Segment: active customers in the top tenth of at least two categories, among customers with
points there. segment_value: number of these categories.';
comment on column engagement.segment_award_candidates.customer_id is 'The customer.';
comment on column engagement.segment_award_candidates.segment_value is 'Number of categories.';
