-- What a tool may show that reads tables only: points by category. See published_score.
create or replace view engagement.published_category_score as
select
    s.customer_id,
    s.category_code,
    c.category_name,
    c.sort_order,
    s.score,
    s.employee_score,
    s.ytd_score,
    s.overview_score,
    s.percentile,
    s.band_code,
    coalesce(nullif(b.label, ''), b.band_code) as band
from engagement.category_score as s
inner join engagement.category as c on s.category_code = c.category_code
left join engagement.score_band as b on s.band_code = b.band_code;

comment on view engagement.published_category_score is
'The stored points of each customer by category; for tools that read tables only.';
comment on column engagement.published_category_score.customer_id is 'The customer.';
comment on column engagement.published_category_score.category_code is 'The category.';
comment on column engagement.published_category_score.category_name is 'Its name.';
comment on column engagement.published_category_score.sort_order is 'Its place on a card.';
comment on column engagement.published_category_score.score is 'See category_score.';
comment on column engagement.published_category_score.employee_score is 'See category_score.';
comment on column engagement.published_category_score.ytd_score is 'See category_score.';
comment on column engagement.published_category_score.overview_score is 'See category_score.';
comment on column engagement.published_category_score.percentile is 'See category_score.';
comment on column engagement.published_category_score.band_code is 'See category_score.';
comment on column engagement.published_category_score.band is 'Name of the band; NULL: none.';
