-- Whether customers are divided into bands, by the total or by a category.
select exists (
    select 1
    from engagement.score_band
    where category_code is not distinct from %(category_code)s::text
)
