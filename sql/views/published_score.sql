-- What a tool may show that reads tables only: scores. The role engagement_reader sees this view,
-- and no function has to be called for it.
create or replace view engagement.published_score as
select
    s.customer_id,
    s.score,
    s.own_score,
    s.employee_score,
    s.ytd_score,
    s.overview_score,
    s.percentile,
    s.band_code,
    coalesce(nullif(b.label, ''), b.band_code) as band,
    s.previous_score,
    s.changed_at,
    s.calculated_at
from engagement.customer_score as s
left join engagement.score_band as b on s.band_code = b.band_code;

comment on view engagement.published_score is
'The stored score of each customer, with its band; for tools that read tables only.';
comment on column engagement.published_score.customer_id is 'The customer.';
comment on column engagement.published_score.score is 'See customer_score.';
comment on column engagement.published_score.own_score is 'See customer_score.';
comment on column engagement.published_score.employee_score is 'See customer_score.';
comment on column engagement.published_score.ytd_score is 'See customer_score.';
comment on column engagement.published_score.overview_score is 'See customer_score.';
comment on column engagement.published_score.percentile is 'See customer_score.';
comment on column engagement.published_score.band_code is 'See customer_score.';
comment on column engagement.published_score.band is 'Name of the band; NULL: none.';
comment on column engagement.published_score.previous_score is 'See customer_score.';
comment on column engagement.published_score.changed_at is 'See customer_score.';
comment on column engagement.published_score.calculated_at is 'See customer_score.';
